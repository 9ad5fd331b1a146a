//! What a user can get wrong: one clear message each, with its place, and the right exit code.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

#[path = "bad_input/mesh.rs"]
mod mesh_under_test;
mod program;

use program::Place;

/// A case file with one thing changed.
fn cases(from: &str, to: &str) -> String {
    let sound = "\
meshproof/v1: cases
cases:
  - id: test.sound
    level: must
    statement: A call is answered.
    sources: [this test]
    requires: []
    world: {services: {a: {calls: [b]}, b: {}}}
    policy: {}
    acts: {within: 5s}
    load: {on: a, rate: 20/s, for: 500ms}
    faults: []
    expect: [{succeed: {call: a->b, atLeast: 99%}}]
    sabotage: [ignorePolicyUpdates]
";
    assert!(sound.contains(from), "`{from}` is in the sound file");
    sound.replacen(from, to, 1)
}

/// Every text of `expected` must stand in the message.
fn check(file: &str, text: &str, expected: &[&str]) {
    let place = Place::new();
    place.file(file, text);
    for command in [&["validate", file][..], &["run", "--suite", file]] {
        let told = place.run(command);
        assert_eq!(told.code, Some(2), "{command:?}: {}", told.all());
        for part in expected {
            assert!(
                told.stderr.contains(part),
                "{command:?} lacks `{part}`:\n{}",
                told.all()
            );
        }
        assert!(
            !place.path().join("meshproof-out").exists(),
            "nothing is made"
        );
        assert_eq!(place.processes(), []);
    }
}

#[test]
fn the_file_that_is_changed_is_sound() {
    let place = Place::new();
    place.file("cases.yaml", &cases("test.sound", "test.sound"));
    let told = place.run(&["run", "--suite", "cases.yaml", "--mesh", "none"]);
    assert_eq!(told.code, Some(0), "{}", told.all());
}

#[test]
fn an_unknown_field() {
    check(
        "c.yaml",
        &cases("statement:", "statment:"),
        &["c.yaml", "statment", "statement"],
    );
}

#[test]
fn a_wrong_unit() {
    check(
        "c.yaml",
        &cases("500ms", "500"),
        &["c.yaml:11", "500", "250ms"],
    );
}

#[test]
fn an_unknown_check() {
    check(
        "c.yaml",
        &cases("succeed", "suceed"),
        &["c.yaml", "suceed", "succeed"],
    );
}

#[test]
fn an_unknown_capability() {
    check(
        "c.yaml",
        &cases("requires: []", "requires: [retri]"),
        &["c.yaml", "retri"],
    );
}

#[test]
fn a_cyclic_world() {
    check(
        "c.yaml",
        &cases("b: {}", "b: {calls: [a]}"),
        &["c.yaml", "a -> b -> a"],
    );
}

#[test]
fn a_policy_for_a_call_that_does_not_exist() {
    check(
        "c.yaml",
        &cases("policy: {}", "policy: {a->c: {timeouts: {request: 1s}}}"),
        &["c.yaml", "a->c"],
    );
}

#[test]
fn two_cases_with_one_id() {
    let one = cases("test.sound", "test.sound");
    let second = one
        .split_once("cases:\n")
        .unwrap()
        .1
        .replacen("cases:\n", "", 1);
    let body = second
        .split_once("cases:\n")
        .map_or(second.as_str(), |(_, body)| body);
    check("c.yaml", &format!("{one}{body}"), &["c.yaml", "test.sound"]);
}

#[test]
fn an_empty_suite() {
    check(
        "c.yaml",
        "meshproof/v1: cases\ncases: []\n",
        &["has no cases"],
    );
}

#[test]
fn a_file_that_is_not_there() {
    let place = Place::new();
    for (name, help) in [
        ("absent.yaml", "built in are: resilience, scale"),
        ("suites/absent", "built in are: resilience, scale"),
        ("resiliance.yaml", "did you mean `resilience`?"),
        ("resiliance", "did you mean `resilience`?"),
    ] {
        for command in [&["validate", name][..], &["run", "--suite", name]] {
            let told = place.run(command);
            assert_eq!(told.code, Some(2), "{command:?}: {}", told.all());
            for part in [&format!("{name}: no such file or folder"), help] {
                assert!(told.stderr.contains(part), "{command:?}: {}", told.all());
            }
        }
    }
}

#[test]
fn a_selection_of_nothing() {
    let told = Place::new().run(&["run", "--filter", "no-such-case"]);
    assert_eq!(told.code, Some(2), "{}", told.all());
    assert!(
        told.stderr.contains("no case is selected"),
        "{}",
        told.all()
    );
}

#[test]
fn an_output_folder_that_cannot_be_written() {
    let place = Place::new();
    place.file("taken", "a file, not a folder");
    let told = place.run(&["run", "--out", "taken/out"]);
    assert_eq!(told.code, Some(2), "{}", told.all());
    assert!(
        told.stderr.contains("taken/out") && told.stderr.contains("--out"),
        "{}",
        told.all()
    );
}

#[test]
fn an_unknown_mesh_report_sabotage_or_capability() {
    for (arguments, expected) in [
        (["--mesh", "istoi"], "istoi"),
        (["--report", "junti=x.xml"], "junti"),
        (["--sabotage", "neverRetri"], "`neverRetry`?"),
        (["--require", "retri"], "retri"),
    ] {
        let place = Place::new();
        let told = place.run(&["run", arguments[0], arguments[1]]);
        assert_eq!(told.code, Some(2), "{arguments:?}: {}", told.all());
        assert!(
            told.stderr.contains(expected),
            "{arguments:?}: {}",
            told.all()
        );
        assert!(
            !place.path().join("meshproof-out").exists(),
            "{arguments:?}"
        );
    }
}

/// A mesh whose sidecar is this shell script.
fn mesh(script: &str, ready: &str) -> String {
    format!(
        "\
meshproof/v1: mesh
name: odd
about: a mesh of one line
sidecar:
  exec: [/bin/sh, -c, {script:?}]
  ready: {{tcp: \"127.0.0.1:{{{{ inbound.port }}}}\", within: {ready}}}
"
    )
}

/// Runs a mesh that cannot come up: exit code 3, one message, nothing left.
fn breaks(name: &str, mesh: &str, expected: &[&str]) {
    let place = Place::new();
    place.file("odd/mesh.yaml", mesh);
    place.file("cases.yaml", &cases("test.sound", "test.sound"));
    let told = place.run(&["run", "--suite", "cases.yaml", "--mesh", "odd"]);
    assert_eq!(told.code, Some(3), "{name}: {}", told.all());
    for part in expected {
        let all = told.all();
        assert!(all.contains(part), "{name} lacks `{part}`:\n{all}");
    }
    assert_eq!(place.processes(), [], "{name}");
    assert_eq!(
        place.left_state(),
        Vec::<std::path::PathBuf>::new(),
        "{name}"
    );
}

#[test]
fn a_mesh_that_does_not_come_up() {
    breaks(
        "exits at once",
        &mesh("echo no such option >&2; exit 64", "5s"),
        &["exited with code 64", "no such option"],
    );
    breaks(
        "never gets ready",
        &mesh("echo waiting >&2; exec sleep 600", "300ms"),
        &["was not ready within 300ms", "waiting"],
    );
    breaks(
        "floods its log",
        &mesh(
            "while :; do echo 0123456789012345678901234567890123456789; done >&2",
            "60s",
        ),
        &["its log passed"],
    );
    let missing = mesh("", "5s").replace("/bin/sh", "/no/such/mesh");
    breaks("its program is missing", &missing, &["/no/such/mesh"]);
}

#[test]
fn a_required_binary_that_is_missing_is_a_skip_with_its_reason() {
    let place = Place::new();
    let text = mesh("exec sleep 600", "5s") + "requires: {binaries: [no-such-mesh]}\n";
    place.file("odd/mesh.yaml", &text);
    let told = place.run(&["run", "--mesh", "odd"]);
    assert_eq!(told.code, Some(4), "{}", told.all());
    assert!(told.stdout.contains("no-such-mesh"), "{}", told.all());
}

#[test]
fn a_template_with_an_undefined_name() {
    let place = Place::new();
    let text = mesh("exec sleep 600", "5s")
        .replace("ready:", "files: [{template: c.j2, to: c}]\n  ready:");
    place.file("odd/mesh.yaml", &text);
    place.file("odd/c.j2", "first line\nport: {{ inbuond.port }}\n");
    for command in [&["validate", "odd"][..], &["run", "--mesh", "odd"]] {
        let told = place.run(command);
        assert_eq!(told.code, Some(2), "{command:?}: {}", told.all());
        assert!(
            told.stderr.contains("c.j2:2") && told.stderr.contains("inbuond"),
            "{}",
            told.all()
        );
    }
}

#[test]
fn a_port_that_is_taken_meanwhile() {
    // The sidecar listens where the application shall: the application says so and ends.
    let place = Place::new();
    let text = mesh(
        "exec python3 -c 'import socket,sys,time; s=socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind((\"127.0.0.1\", int(sys.argv[1]))); s.listen(); time.sleep(600)' {{ inbound.forward.port }}",
        "5s",
    );
    place.file("odd/mesh.yaml", &text);
    place.file("cases.yaml", &cases("test.sound", "test.sound"));
    let told = place.run(&["run", "--suite", "cases.yaml", "--mesh", "odd"]);
    assert_eq!(told.code, Some(3), "{}", told.all());
    assert_eq!(place.processes(), []);
}
