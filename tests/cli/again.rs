//! `meshproof report --from`: an earlier run told again; `run --keep`: what is kept of one.

use std::fs;
use std::path::PathBuf;

use crate::program::Place;
use crate::says;

#[test]
fn a_run_is_told_again_in_every_form() {
    let place = Place::new();
    says(
        &place.run(&["run", "--filter", "timeout.left-alone"]),
        0,
        &[],
    );
    let folder = place.run_folder();
    let run = folder.to_str().unwrap();
    let told = place.run(&["report", "--from", run]);
    says(
        &told,
        0,
        &[
            "resilience on reference: 1 cases",
            "1 cases in",
            "reproduce: meshproof run",
            "exit 0",
        ],
    );
    assert_eq!(
        told.stdout.matches("resilience.timeout.left-alone").count(),
        1,
        "{}",
        told.stdout
    );

    let events = folder.join("events.jsonl");
    let from = events.to_str().unwrap();
    let told = place.run(&[
        "report",
        "--from",
        from,
        "--report",
        "json=again.json",
        "--report",
        "junit=again.xml",
    ]);
    says(&told, 0, &[]);
    for (first, again) in [("report.json", "again.json"), ("junit.xml", "again.xml")] {
        let read = |path: PathBuf| fs::read_to_string(path).unwrap();
        assert_eq!(
            read(folder.join(first)),
            read(place.path().join(again)),
            "{first}"
        );
    }

    let text = fs::read_to_string(&events).unwrap();
    fs::write(&events, &text[..text.len() - 20]).unwrap();
    let told = place.run(&["report", "--from", run]);
    says(
        &told,
        0,
        &[
            "cut short",
            "the run did not come to its end",
            "resilience.timeout.left-alone",
        ],
    );
}

#[test]
fn what_cannot_be_told_again_is_named() {
    let place = Place::new();
    place.file("other/events.jsonl", "{\"nonsense\": 1}\n");
    says(
        &place.run(&["report", "--from", "absent"]),
        2,
        &["absent", "cannot be opened"],
    );
    says(
        &place.run(&["report", "--from", "other"]),
        2,
        &["events.jsonl:1"],
    );
    says(
        &place.run(&["report", "--from", "other", "--report", "junti=x"]),
        2,
        &["junti"],
    );
}

#[test]
fn a_kept_world_is_explained() {
    let place = Place::new();
    let told = place.run(&["run", "--filter", "timeout.left-alone", "--keep"]);
    says(
        &told,
        0,
        &[
            "kept: 1 world below meshproof-out/",
            "in resilience.timeout.left-alone.1 ",
        ],
    );
    let world = place
        .run_folder()
        .join("world/resilience.timeout.left-alone.1");
    for file in [
        "prober.jsonl",
        "a-0/records.jsonl",
        "a-0.sidecar/stderr.log",
        "control-plane/mesh.json",
    ] {
        says(&told, 0, &[file]);
        assert!(world.join(file).exists(), "{file}");
    }
}
