//! The main job, end to end, as a user starts it.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

mod program;

use program::{Place, quiet};

/// Verdict by case of the only run in a place.
fn verdicts(place: &Place) -> Vec<(String, String)> {
    let report = place.report();
    let cases = report["cases"].as_array().expect("a report lists cases");
    let text = |case: &serde_json::Value, key: &str| case[key].as_str().unwrap().to_owned();
    cases
        .iter()
        .map(|case| (text(case, "case"), text(case, "verdict")))
        .collect()
}

#[test]
fn the_reference_mesh_passes_the_suite() {
    let _quiet = quiet();
    let place = Place::new();
    let told = place.run(&["run"]);
    assert_eq!(told.code, Some(0), "{}", told.all());
    let verdicts = verdicts(&place);
    assert!(verdicts.len() >= 14, "{verdicts:#?}");
    assert!(
        verdicts.iter().all(|(_, verdict)| verdict == "pass"),
        "{verdicts:#?}"
    );
    let folder = place.run_folder();
    for artefact in ["events.jsonl", "report.json", "junit.xml", "history"] {
        assert!(folder.join(artefact).exists(), "{artefact}");
    }
    assert_eq!(place.processes(), []);
    assert_eq!(place.left_state(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_history_is_judged_again_without_running() {
    let _quiet = quiet();
    let place = Place::new();
    let told = place.run(&["run", "--filter", "retry.bounded"]);
    assert_eq!(told.code, Some(0), "{}", told.all());
    let history = place
        .run_folder()
        .join("history/resilience.retry.bounded.1.jsonl");
    let path = history.to_str().unwrap();
    let again = place.run(&["check", "--history", path]);
    assert_eq!(again.code, Some(0), "{}", again.all());
    assert!(
        again.stdout.contains("resilience.retry.bounded: pass"),
        "{}",
        again.all()
    );

    let text = std::fs::read_to_string(&history).unwrap();
    std::fs::write(&history, &text[..text.len() / 2]).unwrap();
    let cut = place.run(&["check", "--history", path]);
    assert_eq!(cut.code, Some(2), "{}", cut.all());
    assert!(cut.stderr.contains("cut short"), "{}", cut.all());
}

#[test]
fn without_a_mesh_what_needs_one_is_skipped() {
    let place = Place::new();
    let told = place.run(&["run", "--mesh", "none", "--filter", "retry"]);
    assert_eq!(told.code, Some(4), "{}", told.all());
    assert!(told.stdout.contains("declares no"), "{}", told.all());
    let place = Place::new();
    let told = place.run(&[
        "run",
        "--mesh",
        "none",
        "--require",
        "retry",
        "--filter",
        "retry.bounded",
    ]);
    assert_eq!(told.code, Some(1), "{}", told.all());
}

#[test]
fn one_seed_gives_one_plan_and_a_dry_run_starts_nothing() {
    let place = Place::new();
    let first = place.run(&["run", "--dry-run", "--seed", "7"]);
    let second = place.run(&["run", "--dry-run", "--seed", "7"]);
    assert_eq!(
        (first.code, &first.stdout),
        (Some(0), &second.stdout),
        "{}",
        first.all()
    );
    assert!(!place.path().join("meshproof-out").exists());
    assert!(!place.state().exists());
}

#[test]
fn what_is_kept_is_kept() {
    let _quiet = quiet();
    let place = Place::new();
    let told = place.run(&["run", "--filter", "timeout.total", "--keep"]);
    assert_eq!(told.code, Some(0), "{}", told.all());
    let world = place.run_folder().join("world/resilience.timeout.total.1");
    for kept in [
        "a-0/records.jsonl",
        "a-0.sidecar/stderr.log",
        "control-plane/mesh.json",
    ] {
        assert!(world.join(kept).exists(), "{kept}");
    }
}

#[test]
fn everything_there_is_can_be_listed_and_shown() {
    let place = Place::new();
    for (what, expected) in [
        ("suites", "resilience"),
        ("cases", "resilience.retry.bounded"),
        ("checks", "attemptsPerCall"),
        ("meshes", "reference"),
        ("faults", "latency"),
    ] {
        let told = place.run(&["list", what]);
        assert_eq!(told.code, Some(0), "{}", told.all());
        assert!(told.stdout.contains(expected), "{}", told.all());
    }
    let told = place.run(&["show", "resilience.retry.bounded"]);
    assert_eq!(told.code, Some(0), "{}", told.all());
    assert!(told.stdout.contains("attemptsPerCall"), "{}", told.all());
    let told = place.run(&["show", "resilience.retry.bound"]);
    assert_eq!(told.code, Some(2), "{}", told.all());
    assert!(
        told.stderr.contains("`resilience.retry.bounded`?"),
        "{}",
        told.all()
    );
}

#[test]
fn nothing_to_recover_is_no_error() {
    let told = Place::new().run(&["recover"]);
    assert_eq!(
        (told.code, told.stdout.as_str()),
        (Some(0), "nothing was left behind\n")
    );
}
