//! Everything around a run, end to end: schemas, doctor, reports told again, drawings, a mesh tried out.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what it did not find")]

mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use program::{Place, Told, wait};
use serde_json::Value;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The text must be told, with this exit code.
fn says(told: &Told, code: i32, parts: &[&str]) {
    assert_eq!(told.code, Some(code), "{}", told.all());
    for part in parts {
        assert!(told.all().contains(part), "lacks `{part}`:\n{}", told.all());
    }
}

/// Nothing of the program runs any more, and no state of it is left.
fn nothing_left(place: &Place) {
    assert_eq!(place.processes(), []);
    assert_eq!(place.left_state(), Vec::<PathBuf>::new());
}

// ---- schema

fn validator(format: &str) -> jsonschema::Validator {
    let told = Place::new().run(&["schema", format]);
    says(&told, 0, &["https://json-schema.org/draft/2020-12/schema"]);
    let schema: Value = serde_json::from_str(&told.stdout).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// What the schema says against a text, a line a flaw.
fn flaws(validator: &jsonschema::Validator, name: &str, text: &str) -> String {
    let value: Value = meshproof_yaml::from_str(name, text).unwrap();
    let flaws = validator.iter_errors(&value);
    flaws.map(|flaw| format!("{}: {flaw}\n", flaw.instance_path())).collect()
}

/// Every file of this name or ending below a folder.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    assert!(!found.is_empty(), "{}", folder.display());
    found
}

#[test]
fn every_built_in_file_fits_its_schema_and_a_misspelt_field_does_not() {
    for (format, folder, ending, mistakes) in [
        (
            "suite",
            "suites/data",
            ".yaml",
            &[("statement:", "statment:"), ("for: 2s", "for: 2"), ("level: must", "level: shall"), ("expect:", "expects:")][..],
        ),
        (
            "profile",
            "fixtures/meshes",
            "/mesh.yaml",
            &[("about:", "abuot:"), ("retry: n", "retri: n"), (": native", ": natively"), ("within: 10s", "within: 10")][..],
        ),
    ] {
        let validator = validator(format);
        let mut texts = Vec::new();
        for file in files(&repository(folder), ending) {
            let text = fs::read_to_string(&file).unwrap();
            let name = file.display().to_string();
            assert_eq!(flaws(&validator, &name, &text), "", "{name}");
            texts.push(text);
        }
        for (right, wrong) in mistakes {
            let text = texts.iter().find(|text| text.contains(right));
            let text = text.unwrap_or_else(|| panic!("no file has `{right}`"));
            let found = flaws(&validator, wrong, &text.replacen(right, wrong, 1));
            assert!(!found.is_empty(), "`{wrong}` fits the schema of a {format}");
        }
    }
}

#[test]
fn what_a_run_writes_fits_its_schema() {
    let place = Place::new();
    says(&place.run(&["run", "--filter", "timeout.left-alone"]), 0, &[]);
    let folder = place.run_folder();
    let history = files(&folder.join("history"), ".jsonl").remove(0);
    for (format, file) in [("events", folder.join("events.jsonl")), ("history", history)] {
        let validator = validator(format);
        for line in fs::read_to_string(&file).unwrap().lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            assert!(validator.is_valid(&value), "{format}: {line}");
        }
        assert!(!validator.is_valid(&serde_json::json!({"no": "line"})), "{format}");
    }
}

// ---- doctor

#[test]
fn a_sound_machine_is_told_so() {
    let place = Place::new();
    let told = place.run(&["doctor"]);
    says(&told, 0, &["kernel", "open files", "state folder", "mesh reference", "the default run can work here"]);
    assert!(!place.state().exists(), "it only looks");
}

#[test]
fn what_a_mesh_lacks_is_told_with_the_ways_to_get_it() {
    let place = Place::new();
    place.file(
        "odd/mesh.yaml",
        "meshproof/v1: mesh\nname: odd\nabout: needs what is not there\n\
         requires: {binaries: [no-such-mesh], get: [\"ask its author\"]}\n",
    );
    let lacks = ["`no-such-mesh` is not on PATH", "MESHPROOF_NO_SUCH_MESH", "get it: ask its author"];
    says(&place.run(&["doctor", "odd"]), 3, &lacks);
    says(&place.run(&["mesh", "check", "odd"]), 3, &lacks);
    says(&place.run(&["doctor", "ood"]), 2, &["ood"]);
    let mut command = place.command(&["doctor", "odd"]);
    let output = command.env("MESHPROOF_NO_SUCH_MESH", "/etc/hostname").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("/etc/hostname, which is no program"), "{text}");
}

#[test]
fn the_version_of_a_program_is_told() {
    let place = Place::new();
    let program = place.file("proxy", "#!/bin/sh\ncase $1 in -v) echo proxy 7.1;; *) exit 1;; esac\n");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, executable).unwrap();
    place.file("odd/mesh.yaml", "meshproof/v1: mesh\nname: odd\nabout: one\nrequires: {binaries: [proxy]}\n");
    let output = place.command(&["doctor", "odd"]).env("MESHPROOF_PROXY", &program).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains(": proxy 7.1") && output.status.success(), "{text}");
}

#[test]
fn a_state_folder_that_cannot_be_used_and_what_is_left_there() {
    let place = Place::new();
    let file = place.file("taken", "a file, not a folder");
    let with_state = |folder: &Path| {
        let output = place.command(&["doctor"]).env("XDG_STATE_HOME", folder).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, text) = with_state(&file);
    assert!(code == Some(3) && text.contains("is a file, not a folder") && text.contains("XDG_STATE_HOME"), "{text}");
    let (code, text) = with_state(&place.path().join("long".repeat(20)));
    assert!(code == Some(3) && text.contains("too long a path"), "{text}");

    place.file("state/meshproof/runs/20000101-000000-0000/lock", "");
    place.file("state/meshproof/runs/20000101-000000-0000/journal.jsonl", "{}\n");
    says(&place.run(&["doctor"]), 0, &["1 left something behind", "meshproof recover"]);
}

// ---- report

#[test]
fn a_run_is_told_again_in_every_form() {
    let place = Place::new();
    says(&place.run(&["run", "--filter", "timeout.left-alone"]), 0, &[]);
    let folder = place.run_folder();
    let run = folder.to_str().unwrap();
    let told = place.run(&["report", "--from", run]);
    says(&told, 0, &["resilience on reference: 1 cases", "1 cases in", "reproduce: meshproof run", "exit 0"]);
    assert_eq!(told.stdout.matches("resilience.timeout.left-alone").count(), 1, "{}", told.stdout);

    let events = folder.join("events.jsonl");
    let from = events.to_str().unwrap();
    let told = place.run(&["report", "--from", from, "--report", "json=again.json", "--report", "junit=again.xml"]);
    says(&told, 0, &[]);
    for (first, again) in [("report.json", "again.json"), ("junit.xml", "again.xml")] {
        let read = |path: PathBuf| fs::read_to_string(path).unwrap();
        assert_eq!(read(folder.join(first)), read(place.path().join(again)), "{first}");
    }

    let text = fs::read_to_string(&events).unwrap();
    fs::write(&events, &text[..text.len() - 20]).unwrap();
    let told = place.run(&["report", "--from", run]);
    says(&told, 0, &["cut short", "the run did not come to its end", "resilience.timeout.left-alone"]);
}

#[test]
fn what_cannot_be_told_again_is_named() {
    let place = Place::new();
    place.file("other/events.jsonl", "{\"nonsense\": 1}\n");
    says(&place.run(&["report", "--from", "absent"]), 2, &["absent", "cannot be opened"]);
    says(&place.run(&["report", "--from", "other"]), 2, &["events.jsonl:1"]);
    says(&place.run(&["report", "--from", "other", "--report", "junti=x"]), 2, &["junti"]);
}

// ---- completions, man

#[test]
fn shells_complete_and_manuals_are_there() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        says(&place.run(&["completions", shell]), 0, &["meshproof", "doctor"]);
    }
    says(&place.run(&["man"]), 0, &[".TH meshproof 1", "meshproof\\-doctor"]);
    says(&place.run(&["man", "--out", "pages"]), 0, &[]);
    for page in ["meshproof.1", "meshproof-run.1", "meshproof-mesh-check.1"] {
        let text = fs::read_to_string(place.path().join("pages").join(page)).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
    }
    place.file("taken", "a file");
    says(&place.run(&["man", "--out", "taken"]), 2, &["taken"]);
}

#[test]
fn every_command_explains_itself() {
    let place = Place::new();
    for command in ["run", "list", "show", "report", "check", "validate", "doctor", "schema", "completions", "man"] {
        says(&place.run(&[command, "--help"]), 0, &["Examples:", &format!("meshproof {command}")]);
    }
    says(&place.run(&["mesh", "check", "--help"]), 0, &["Examples:", "meshproof mesh check ./my-mesh"]);
    says(&place.run(&["doctr"]), 2, &["doctor"]);
}

// ---- show

/// A case with a fault of each target, and a change.
const DRAWN: &str = "\
meshproof/v1: cases
cases:
  - id: test.drawn
    level: should
    statement: Everything is drawn.
    sources: [this test]
    requires: [split]
    world:
      services:
        shop: {calls: [cart, stock], optional: [stock]}
        cart: {calls: [stock], replicas: 3}
        stock: {behaviour: {delay: 5ms}}
        stock-next: {}
    policy:
      shop->stock: {backendRefs: [{name: stock, weight: 9}, {name: stock-next, weight: 1}]}
    load: {on: shop, rate: 20/s, for: 2s, methods: [GET, POST]}
    faults:
      - {on: {link: {call: shop->cart}}, kind: {latency: {delay: 10ms}}, from: 500ms, until: 1s}
      - {on: {replica: cart-1}, kind: kill, from: 0s, until: 2s}
      - {on: controlPlane, kind: stop, from: 1s, until: 2s}
    changes:
      - {at: 1500ms, do: {policy: {shop->stock: {backendRefs: [{name: stock, weight: 1}, {name: stock-next, weight: 0}]}}}}
    expect: [{succeed: {call: prober->shop, atLeast: 99%}}]
    sabotage: [ignorePolicyUpdates]
";

#[test]
fn a_case_is_drawn() {
    let place = Place::new();
    place.file("cases.yaml", DRAWN);
    let told = place.run(&["show", "test.drawn", "--suite", "cases.yaml"]);
    let drawn = "
Topology
  prober ──► shop
             ├─ app-out ── wire [F1] ── app-in ─► cart [F2 cart-1] ×3
             │                                    └──► stock  (delay: 5ms)
             └──► stock (as above)
  stock-next  (a destination of a split)
  control plane [F3]

Schedule
  The policy is handed over first, and must act within 5s.
        0ms        500ms      1s          1500ms       2s
  load  ├──────────────────────────────────────────────┤  20/s to shop, GET, POST in turn
  F1               ╞═══════════╡                          shop->cart, wire: latency {delay: 10ms, jitter: 0ms, toward: caller}
  F2    ╞══════════════════════════════════════════════╡  cart-1: kill
  F3                           ╞═══════════════════════╡  control plane: stop
  C1                                       ●              policy {shop->stock: {backendRefs: [{name: stock, weight: 1}, {name: stock-next, weight: 0}]}}
";
    says(&told, 0, &[drawn, "test.drawn (should)", "Everything is drawn.", "It binds a mesh that declares split."]);
    says(&told, 0, &["call: prober->shop", "At least this share of calls succeed.", "this test", "ignorePolicyUpdates"]);
}

#[test]
fn every_built_in_case_is_drawn_and_printed_as_a_file() {
    let place = Place::new();
    let cases = place.run(&["list", "cases"]);
    for case in cases.stdout.lines().filter_map(|line| line.split_whitespace().next()) {
        says(&place.run(&["show", case]), 0, &["Topology", "Schedule", "Checks", "Sabotage"]);
        let file = place.run(&["show", case, "--yaml"]);
        place.file("one.yaml", &file.stdout);
        says(&place.run(&["validate", "one.yaml"]), 0, &["1 cases, all sound"]);
    }
}

// ---- run --keep

#[test]
fn a_kept_world_is_explained() {
    let place = Place::new();
    let told = place.run(&["run", "--filter", "timeout.left-alone", "--keep"]);
    says(&told, 0, &["kept: 1 world below meshproof-out/", "in resilience.timeout.left-alone.1:"]);
    let world = place.run_folder().join("world/resilience.timeout.left-alone.1");
    for file in ["prober.jsonl", "a-0/records.jsonl", "a-0.sidecar/stderr.log", "control-plane/mesh.json"] {
        says(&told, 0, &[file]);
        assert!(world.join(file).exists(), "{file}");
    }
}

// ---- mesh check

/// The first words of each line that tells a step.
fn steps(told: &Told) -> Vec<(String, String)> {
    let lines = told.stdout.lines().filter(|line| line.contains(" ms  "));
    let words = lines.map(|line| {
        let mut words = line.split_whitespace().map(str::to_owned);
        (words.next().unwrap(), words.next().unwrap())
    });
    words.collect()
}

#[test]
fn the_reference_mesh_is_tried_out() {
    let place = Place::new();
    let told = place.run(&["mesh", "check", "reference"]);
    says(&told, 0, &["a called b: 200", "it acts everywhere", "nothing left behind", "mesh `reference` works"]);
    let names: Vec<String> = steps(&told).into_iter().map(|(_, step)| step).collect();
    let begin = ["read", "render", "start", "ready", "call", "policy", "call", "drain"];
    assert_eq!(names[..begin.len()], begin, "{}", told.all());
    assert_eq!(names[names.len() - 2..], ["stop", "end"], "{}", told.all());
    nothing_left(&place);
    assert!(!place.path().join("meshproof-out").exists());
}

#[test]
fn without_a_mesh_there_is_nothing_to_hand_a_policy_to() {
    let place = Place::new();
    says(&place.run(&["mesh", "check", "none"]), 0, &["the profile takes none", "mesh `none` works"]);
    nothing_left(&place);
}

/// A mesh whose sidecar is this shell script.
fn odd(script: &str) -> String {
    format!(
        "meshproof/v1: mesh\nname: odd\nabout: a mesh of one line\nsidecar:\n  exec: [/bin/sh, -c, {script:?}]\n  \
         ready: {{tcp: \"127.0.0.1:{{{{ inbound.port }}}}\", within: 5s}}\n"
    )
}

#[test]
fn a_mesh_that_does_not_come_up_fails_at_its_start() {
    let place = Place::new();
    place.file("odd/mesh.yaml", &odd("echo no such option >&2; exit 64"));
    let told = place.run(&["mesh", "check", "odd"]);
    says(&told, 1, &["exited with code 64", "| no such option", "mesh `odd` failed at `start`"]);
    place.file("odd/mesh.yaml", &odd("").replace("/bin/sh", "/no/such/program"));
    says(&place.run(&["mesh", "check", "odd"]), 1, &["/no/such/program", "failed at `start`"]);
    nothing_left(&place);
}

#[test]
fn a_mesh_through_which_no_call_gets_is_told_with_its_logs() {
    let place = Place::new();
    let deaf = "echo I only pretend >&2; exec python3 -c 'import socket,sys,time; s=socket.socket(); \
                s.bind((\"127.0.0.1\", int(sys.argv[1]))); s.listen(); time.sleep(600)' {{ inbound.port }}";
    place.file("odd/mesh.yaml", &odd(deaf));
    let told = place.run(&["mesh", "check", "odd"]);
    says(&told, 1, &["got a refused connection", "no replica of b saw it", "| I only pretend", "failed at `call`"]);
    nothing_left(&place);
}

#[test]
fn a_mesh_that_never_shows_its_policy_fails_at_the_gate() {
    let place = Place::new();
    for file in files(&repository("fixtures/meshes/reference"), "") {
        let text = fs::read_to_string(&file).unwrap();
        let text = text.replace("body: \"{{ revision }}\"", "body: never");
        place.file(&format!("odd/{}", file.file_name().unwrap().to_str().unwrap()), &text);
    }
    let told = place.run(&["mesh", "check", "odd"]);
    says(&told, 1, &["policy r0 acting", "failed at `ready`"]);
    nothing_left(&place);
}

#[test]
fn a_profile_that_is_not_sound_is_an_input_error() {
    let place = Place::new();
    place.file("odd/mesh.yaml", &odd("echo {{ inbuond.port }}"));
    says(&place.run(&["mesh", "check", "odd"]), 2, &["inbuond"]);
    says(&place.run(&["mesh", "check", "absent"]), 2, &["absent"]);
    nothing_left(&place);
}

#[test]
fn an_interrupted_check_leaves_nothing() {
    let place = Place::new();
    place.file("odd/mesh.yaml", &odd("exec sleep 600").replace("within: 5s", "within: 60s"));
    let mut child = place.start(&["mesh", "check", "odd"]);
    wait(Duration::from_secs(10), || {
        let sidecars = place.processes().into_iter().filter(|(_, words)| words.starts_with("sleep 600"));
        if sidecars.count() == 3 { Ok(()) } else { Err("the sidecars do not run yet".to_owned()) }
    });
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    nothing_left(&place);
}
