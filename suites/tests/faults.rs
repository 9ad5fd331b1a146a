//! Which fault fits which target, and what the author of another combination is told.

use std::error::Error;

use meshproof_suites::Suite;

fn read(on: &str, kind: &str, alone: bool) -> Result<Suite, String> {
    let text = format!(
        "\
meshproof/v1: cases
cases:
  - id: my.first
    level: must
    statement: It holds.
    sources: [me]
    world: {{services: {{a: {{calls: [b]}}, b: {{replicas: 2}}}}}}
    load: {{on: a, rate: 50/s, for: 2s}}
    faults: [{{on: {on}, kind: {kind}, from: 0s, until: 2s}}]
    expect: [{{succeed: {{call: prober->a, atLeast: 99%}}}}]
    alone: {alone}
"
    );
    Suite::parse("mine", [("mine.yaml", text.as_str())]).map_err(|error| {
        let mut told = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            told = format!("{told}: {error}");
            cause = error.source();
        }
        told
    })
}

#[test]
fn each_kind_has_its_targets() {
    const LINK: &str = "{link: {call: a->b}}";
    const SIDECAR: &str = "{sidecar: b-1}";
    const SERVICE: &str = "{service: b}";
    const REPLICA: &str = "{replica: b-1}";
    const CONTROL: &str = "controlPlane";
    const PROCESSES: &[&str] = &[SERVICE, REPLICA, SIDECAR, CONTROL];
    const APPLICATIONS: &[&str] = &[SERVICE, REPLICA];
    let rows: [(&str, &[&str]); 17] = [
        ("{latency: {delay: 5ms}}", &[LINK]),
        ("blackhole", &[LINK]),
        ("reset", &[LINK]),
        ("refuse", &[LINK]),
        ("synBlackhole", &[LINK]),
        ("halfOpen", &[LINK]),
        ("{halfClose: {}}", &[LINK]),
        ("{cut: {after: 1KiB, by: rst}}", &[LINK]),
        ("{bandwidth: {rate: 64KiB/s, toward: both}}", &[LINK]),
        ("kill", PROCESSES),
        ("stop", PROCESSES),
        ("restart", PROCESSES),
        ("{slowStart: {delay: 1s}}", PROCESSES),
        ("{comesBack: empty}", &[CONTROL]),
        ("{comesBack: older}", &[CONTROL]),
        ("hog", APPLICATIONS),
        ("{respond: {status: 503}}", APPLICATIONS),
    ];
    for (kind, fits) in rows {
        for on in [LINK, SERVICE, REPLICA, SIDECAR, CONTROL] {
            let told = read(on, kind, true).err();
            assert_eq!(
                told.is_none(),
                fits.contains(&on),
                "{kind} on {on}: {told:?}"
            );
            if let Some(told) = told {
                assert!(told.contains("does not fit its target"), "{told}");
            }
        }
    }
}

#[test]
fn what_cannot_be_is_told() {
    let rows = [
        ("{sidecar: b-7}", "kill", true, "`b-7` is not in the world"),
        (
            "{service: b}",
            "hog",
            false,
            "takes a core from every other case",
        ),
        (
            "{link: {call: a->b}}",
            "{bandwidth: {rate: 0B/s}}",
            true,
            "a rate of bytes above 0",
        ),
        (
            "{link: {call: a->b}}",
            "{cut: {after: 1KiB, by: bye}}",
            true,
            "bye",
        ),
    ];
    for (on, kind, alone, expected) in rows {
        let told = read(on, kind, alone).expect_err(kind);
        assert!(told.contains(expected), "{kind} on {on}: {told}");
    }
}
