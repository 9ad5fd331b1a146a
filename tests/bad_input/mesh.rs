//! Meshes that are not what they claim to be: their own fail, in clear words, with nothing left.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::cases;
use super::program::{Place, Told, quiet, wait};

const PROFILE: &str = include_str!("../../fixtures/meshes/reference/mesh.yaml");
const TEMPLATE: &str = include_str!("../../fixtures/meshes/reference/mesh.json.j2");

/// One thing replaced by another.
type Change<'a> = (&'a str, &'a str);

fn changed(text: &str, changes: &[Change<'_>]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the reference mesh has `{from}`");
        text.replace(from, to)
    })
}

/// The reference mesh with something changed in its profile and in its template.
fn derived(place: &Place, profile: &[Change<'_>], template: &[Change<'_>]) {
    place.file("odd/mesh.yaml", &changed(PROFILE, profile));
    place.file("odd/mesh.json.j2", &changed(TEMPLATE, template));
}

/// A mesh that is this Python program, with `sockets` at hand.
fn written(place: &Place, program: &str) {
    let program = format!(
        "import os,socket,sys,time\n\
         def listen(port):\n \
           s=socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n \
           s.bind(('127.0.0.1', int(port))); s.listen(); return s\n\
         calls=[listen(p) for p in sys.argv[2:]]\n\
         door=listen(sys.argv[1])\n\
         {program}"
    );
    let text = format!(
        "\
meshproof/v1: mesh
name: odd
about: a mesh of a few lines
sidecar:
  exec: [/bin/sh, -c, 'exec python3 -c \"$0\" $1', {program:?}, \"{{{{ inbound.port }}}}{{% for o in outbounds %}} {{{{ o.port }}}}{{% endfor %}}\"]
  ready: {{tcp: \"127.0.0.1:{{{{ inbound.port }}}}\", within: 10s}}
"
    );
    place.file("odd/mesh.yaml", &text);
}

fn nothing_left(place: &Place) {
    assert_eq!(place.processes(), []);
    assert_eq!(place.left_state(), Vec::<PathBuf>::new());
}

/// Runs a case under the mesh `odd`: one verdict, these words, nothing left.
fn judged(place: &Place, arguments: &[&str], code: i32, expected: &[&str]) -> Told {
    let mut all = vec!["run", "--mesh", "odd"];
    all.extend(arguments);
    let told = place.run(&all);
    assert_eq!(told.code, Some(code), "{}", told.all());
    for part in expected {
        let all = told.all();
        assert!(all.contains(part), "lacks `{part}`:\n{all}");
    }
    nothing_left(place);
    told
}

/// The sound case with a policy for its call.
fn with_policy(capability: &str, policy: &str) -> String {
    let policy = format!("policy: {{a->b: {{{policy}}}}}");
    let requires = format!("requires: [{capability}]");
    cases("policy: {}", &policy).replace("requires: []", &requires)
}

#[test]
fn certificates_that_are_none() {
    let _quiet = quiet();
    let place = Place::new();
    let garble = r#"    - /bin/sh
    - -c
    - 'for file in "$0" "$1" "$2"; do echo no certificate > "$file"; done; shift 2; exec "$@"'
    - "{{ identity.cert }}"
    - "{{ identity.key }}"
    - "{{ identity.ca }}"
    - "{{ meshproof }}"
    - __refmesh
    - proxy"#;
    let exec = "    - \"{{ meshproof }}\"\n    - __refmesh\n    - proxy";
    let soon = ("within: 10s", "within: 2s");
    derived(&place, &[(exec, garble), soon], &[]);
    place.file("cases.yaml", &with_policy("mtls", "mtls: strict"));
    // A mesh that does not come up with them is an environment that failed.
    let expected = ["a-0.sidecar was not ready", "no identity", "no items found"];
    judged(&place, &["--suite", "cases.yaml"], 3, &expected);
}

#[test]
fn telemetry_that_is_claimed_and_not_told_of() {
    let place = Place::new();
    let (before, rest) = PROFILE.split_once("telemetry:\n").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    let rows = [
        (
            format!("{before}{after}"),
            "`telemetry` is claimed as a capability",
        ),
        (
            changed(
                PROFILE,
                &[("refmesh_errors_total{upstream=", "refmesh errors{upstream:")],
            ),
            "selects no",
        ),
        (
            changed(PROFILE, &[("{{ outbound.name }}", "{{ outbuond.name }}")]),
            "outbuond",
        ),
    ];
    for (profile, expected) in rows {
        place.file("odd/mesh.yaml", &profile);
        place.file("odd/mesh.json.j2", TEMPLATE);
        let told = place.run(&["validate", "odd"]);
        assert_eq!(told.code, Some(2), "{}", told.all());
        assert!(
            told.all().contains(expected),
            "`{expected}`:\n{}",
            told.all()
        );
    }
}

#[test]
fn a_capability_that_the_profile_does_not_render() {
    let _quiet = quiet();
    let place = Place::new();
    let ignored = (
        "{% set policy = outbound.policy %}",
        "{% set policy = {} %}",
    );
    derived(&place, &[], &[ignored]);
    let expected = ["resilience.retry.bounded", "fail"];
    judged(&place, &["--filter", "retry.bounded"], 1, &expected);
}

#[test]
fn a_mesh_that_says_it_is_ready_and_is_not() {
    let _quiet = quiet();
    let place = Place::new();
    // It takes connections and never says a word on them.
    written(&place, "time.sleep(600)");
    let text = cases("for: 500ms", "for: 500ms, giveUp: 500ms");
    place.file("cases.yaml", &text);
    judged(&place, &["--suite", "cases.yaml"], 1, &["succeed", "a->b"]);
}

#[test]
fn a_gate_that_is_never_reached() {
    let _quiet = quiet();
    let place = Place::new();
    let never = ("body: \"{{ revision }}\"", "body: \"never {{ revision }}\"");
    derived(&place, &[never], &[]);
    let text = with_policy("timeouts.request", "timeouts: {request: 1s}")
        .replace("within: 5s", "within: 2s");
    place.file("cases.yaml", &text);
    let expected = ["policy never acted: not within 2s"];
    judged(&place, &["--suite", "cases.yaml"], 1, &expected);
}

#[test]
fn a_mesh_that_dies_in_mid_case() {
    let _quiet = quiet();
    let place = Place::new();
    written(
        &place,
        "if not calls: time.sleep(600)\n\
         calls[0].accept()\n\
         print('no memory left for a call', file=sys.stderr, flush=True)\n\
         os._exit(7)",
    );
    place.file("cases.yaml", &cases("test.sound", "test.sound"));
    let expected = ["`a-0.sidecar` ended by itself (exited with code 7) while the case ran"];
    judged(&place, &["--suite", "cases.yaml"], 1, &expected);
    let log = place.report()["cases"][0]["evidence"].to_string();
    assert!(log.contains("no memory left for a call"), "{log}");
    let history = place.run_folder().join("history/test.sound.1.jsonl");
    let again = place.run(&["check", "--history", history.to_str().unwrap()]);
    assert_eq!(again.code, Some(1), "{}", again.all());
    assert!(again.all().contains("ended by itself"), "{}", again.all());
}

#[test]
fn a_mesh_that_dies_of_its_policy() {
    let _quiet = quiet();
    let place = Place::new();
    let exec = "      - \"{{ meshproof }}\"\n      - __refmesh\n      - control";
    let dies = r#"      - /bin/sh
      - -c
      - '"$0" "$@" & until grep -q "revision.*r1" mesh.json; do sleep 0.02; done; echo it is too much >&2; exit 7'
      - "{{ meshproof }}"
      - __refmesh
      - control"#;
    let never = ("body: \"{{ revision }}\"", "body: \"never {{ revision }}\"");
    derived(&place, &[(exec, dies), never], &[]);
    let bound = Duration::from_secs(30);
    let text = with_policy("timeouts.request", "timeouts: {request: 1s}")
        .replace("within: 5s", "within: 30s");
    place.file("cases.yaml", &text);
    let started = Instant::now();
    let expected = ["`control-plane` ended by itself (exited with code 7)"];
    judged(&place, &["--suite", "cases.yaml"], 1, &expected);
    assert!(started.elapsed() < bound, "the gate was waited out");
    let log = place.report()["cases"][0]["evidence"].to_string();
    assert!(log.contains("it is too much"), "{log}");
}

#[test]
fn an_application_that_dies_is_no_fail_of_the_mesh() {
    let place = Place::new();
    place.file("cases.yaml", &cases("for: 500ms", "for: 3s"));
    let mut run = place.start(&["run", "--suite", "cases.yaml"]);
    wait(Duration::from_secs(60), || {
        let events = place.events();
        let loaded = events.contains(r#""step":"under load""#);
        loaded.then_some(()).ok_or(events)
    });
    let is_b = |pid: &u32| {
        let folder = std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
        folder.ends_with("b-0")
    };
    let pids = place.processes().into_iter().map(|(pid, _)| pid);
    let pid = pids.into_iter().find(is_b).expect("b-0 runs");
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    assert_eq!(
        run.wait().unwrap().code(),
        Some(3),
        "the environment failed"
    );
    let read = |name| std::fs::read_to_string(place.path().join(name)).unwrap();
    let told = read("stdout.txt") + &read("stderr.txt");
    let expected = "b-0 ended by itself (was ended by signal 9)";
    assert!(told.contains(expected), "{told}");
    nothing_left(&place);
}

#[test]
fn two_runs_at_once() {
    let _quiet = quiet();
    let place = Place::new();
    let start = || {
        place
            .command(&["run", "--filter", "retry.bounded"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    for run in [start(), start()] {
        let output = run.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{told}");
    }
    let out = std::fs::read_dir(place.path().join("meshproof-out")).unwrap();
    let folders: Vec<_> = out
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.path())
        .collect();
    assert_eq!(folders.len(), 2, "{folders:?}");
    for folder in folders {
        assert!(folder.join("report.json").exists(), "{}", folder.display());
    }
    nothing_left(&place);
}
