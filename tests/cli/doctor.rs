//! `meshproof doctor`, and the state folder that it speaks of.

use std::fs;
use std::path::Path;

use crate::program::Place;
use crate::says;
use crate::show::DRAWN;

#[test]
fn a_sound_machine_is_told_so() {
    let place = Place::new();
    let told = place.run(&["doctor"]);
    says(
        &told,
        0,
        &[
            "kernel",
            "open files",
            "state folder",
            "mesh reference",
            "the default run can work here",
        ],
    );
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
    let lacks = [
        "`no-such-mesh` is not on PATH",
        "MESHPROOF_NO_SUCH_MESH",
        "get it: ask its author",
    ];
    says(&place.run(&["doctor", "odd"]), 3, &lacks);
    says(&place.run(&["mesh", "check", "odd"]), 3, &lacks);
    says(&place.run(&["doctor", "ood"]), 2, &["ood"]);
    let mut command = place.command(&["doctor", "odd"]);
    let named = place.file("text", "no program");
    let output = command
        .env("MESHPROOF_NO_SUCH_MESH", &named)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("/text, which is no program"), "{text}");
}

#[test]
fn the_version_of_a_program_is_told() {
    let place = Place::new();
    let program = place.file(
        "proxy",
        "#!/bin/sh\ncase $1 in -v) echo proxy 7.1;; *) exit 1;; esac\n",
    );
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, executable).unwrap();
    place.file(
        "odd/mesh.yaml",
        "meshproof/v1: mesh\nname: odd\nabout: one\nrequires: {binaries: [proxy]}\n",
    );
    let output = place
        .command(&["doctor", "odd"])
        .env("MESHPROOF_PROXY", &program)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains(": proxy 7.1") && output.status.success(),
        "{text}"
    );
}

#[test]
fn a_state_folder_that_cannot_be_used_and_what_is_left_there() {
    let place = Place::new();
    let file = place.file("taken", "a file, not a folder");
    let with_state = |folder: &Path| {
        let output = place
            .command(&["doctor"])
            .env("XDG_STATE_HOME", folder)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    let (code, text) = with_state(&file);
    assert!(
        code == Some(3)
            && text.contains("is a file, not a folder")
            && text.contains("XDG_STATE_HOME"),
        "{text}"
    );

    place.file("state/meshproof/runs/20000101-000000-0000/lock", "");
    place.file(
        "state/meshproof/runs/20000101-000000-0000/journal.jsonl",
        "{}\n",
    );
    says(
        &place.run(&["doctor"]),
        0,
        &["1 left something behind", "meshproof recover"],
    );
}

#[test]
fn a_deep_state_folder_is_no_obstacle() {
    let place = Place::new();
    let text = DRAWN.replace("requires: [split]", "requires: []");
    let (_, rest) = text.split_once("    faults:\n").unwrap();
    let faults = rest.lines().next().unwrap();
    let (_, expect) = rest.split_once("    expect:").unwrap();
    let (world, _) = text.split_once("    policy:").unwrap();
    let load = "    load: {on: shop, rate: 20/s, for: 2s}\n    faults:\n";
    place.file(
        "cases.yaml",
        &format!("{world}{load}{faults}\n    expect:{expect}"),
    );
    // Longer by itself than the address of a Unix socket may be.
    let deep = place.path().join("deep".repeat(30));
    let mut command = place.command(&["run", "--suite", "cases.yaml", "--mesh", "none"]);
    let output = command.env("XDG_STATE_HOME", &deep).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
}
