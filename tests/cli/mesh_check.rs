//! `meshproof mesh check`: each step told, the first failure with its logs, nothing left behind.

use std::fs;
use std::time::Duration;

use crate::program::{Place, Told, wait};
use crate::{files, nothing_left, repository, says};

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
    says(
        &told,
        0,
        &[
            "a called b: 200",
            "it acts everywhere",
            "nothing left behind",
            "mesh `reference` works",
        ],
    );
    let names: Vec<String> = steps(&told).into_iter().map(|(_, step)| step).collect();
    let begin = [
        "read", "render", "start", "ready", "call", "policy", "call", "drain",
    ];
    assert_eq!(names[..begin.len()], begin, "{}", told.all());
    assert_eq!(names[names.len() - 2..], ["stop", "end"], "{}", told.all());
    nothing_left(&place);
    assert!(!place.path().join("meshproof-out").exists());
}

#[test]
fn without_a_mesh_there_is_nothing_to_hand_a_policy_to() {
    let place = Place::new();
    says(
        &place.run(&["mesh", "check", "none"]),
        0,
        &["the profile takes none", "mesh `none` works"],
    );
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
    says(
        &told,
        1,
        &[
            "exited with code 64",
            "| no such option",
            "mesh `odd` failed at `start`",
        ],
    );
    place.file(
        "odd/mesh.yaml",
        &odd("").replace("/bin/sh", "/no/such/program"),
    );
    says(
        &place.run(&["mesh", "check", "odd"]),
        1,
        &["/no/such/program", "failed at `start`"],
    );
    nothing_left(&place);
}

#[test]
fn a_mesh_through_which_no_call_gets_is_told_with_its_logs() {
    let place = Place::new();
    let deaf = "echo I only pretend >&2; exec python3 -c 'import socket,sys,time; s=socket.socket(); \
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind((\"127.0.0.1\", int(sys.argv[1]))); s.listen(); time.sleep(600)' {{ inbound.port }}";
    place.file("odd/mesh.yaml", &odd(deaf));
    let told = place.run(&["mesh", "check", "odd"]);
    says(
        &told,
        1,
        &[
            "got a refused connection",
            "no replica of b saw it",
            "| I only pretend",
            "failed at `call`",
        ],
    );
    nothing_left(&place);
}

/// The reference mesh's profile as one of the user's own, with its `mesh.yaml` changed.
fn own(place: &Place, change: impl Fn(String) -> String) {
    for file in files(&repository("fixtures/meshes/reference"), "") {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&file).unwrap();
        let text = if name == "mesh.yaml" {
            change(text)
        } else {
            text
        };
        place.file(&format!("own/{name}"), &text);
    }
}

#[test]
fn a_mesh_that_never_shows_its_policy_fails_at_the_gate() {
    let place = Place::new();
    own(&place, |text| {
        text.replace("body: \"{{ revision }}\"", "body: never")
    });
    let told = place.run(&["mesh", "check", "own"]);
    says(&told, 1, &["policy r0 acting", "failed at `ready`"]);
    nothing_left(&place);
}

#[test]
fn a_mesh_that_drains_is_drained_and_called_again() {
    let place = Place::new();
    own(&place, |text| match text.contains("\n  drain: ") {
        true => text,
        false => text.replace("\ncapabilities:\n", "\ncapabilities:\n  drain: native\n"),
    });
    let told = place.run(&["mesh", "check", "own"]);
    says(
        &told,
        0,
        &["b-1: withdrawn, seen by its caller, drained, ended"],
    );
    let drained = told.stdout.split_once("drained, ended").unwrap().1;
    assert!(
        drained.contains("a called b: 200, b-0 saw it once"),
        "{}",
        told.all()
    );
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
    place.file(
        "odd/mesh.yaml",
        &odd("exec sleep 600").replace("within: 5s", "within: 60s"),
    );
    let mut child = place.start(&["mesh", "check", "odd"]);
    wait(Duration::from_secs(10), || {
        let sidecars = place
            .processes()
            .into_iter()
            .filter(|(_, words)| words.starts_with("sleep 600"));
        if sidecars.count() == 3 {
            Ok(())
        } else {
            Err("the sidecars do not run yet".to_owned())
        }
    });
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    nothing_left(&place);
}
