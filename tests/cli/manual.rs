//! Help, completions and manual pages.

use std::fs;

use crate::program::Place;
use crate::says;

#[test]
fn shells_complete_and_manuals_are_there() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        says(
            &place.run(&["completions", shell]),
            0,
            &["meshproof", "doctor"],
        );
    }
    says(
        &place.run(&["man"]),
        0,
        &[".TH meshproof 1", "meshproof\\-doctor"],
    );
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
    for command in [
        "run",
        "list",
        "show",
        "report",
        "check",
        "validate",
        "doctor",
        "schema",
        "completions",
        "man",
    ] {
        says(
            &place.run(&[command, "--help"]),
            0,
            &["Examples:", &format!("meshproof {command}")],
        );
    }
    says(
        &place.run(&["mesh", "check", "--help"]),
        0,
        &["Examples:", "meshproof mesh check ./my-mesh"],
    );
    says(&place.run(&["doctr"]), 2, &["doctor"]);
}
