//! Every kind of fault, put on a running world of the reference mesh: it is in place in time, it is
//! seen to bite, and it is taken back. A fault that does not is an inconclusive case here.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

mod program;

use meshproof_model::{FaultKind, FaultStep, Record, Toward, WireSeen};
use program::{Place, quiet};

/// Name, target, kind, and from when.
const FAULTS: [(&str, &str, &str, &str); 21] = [
    ("latency", LINK, "{latency: {delay: 20ms}}", "0s"),
    ("blackhole", LINK, "blackhole", "200ms"),
    ("reset", LINK, "reset", "200ms"),
    ("refuse", LINK, "refuse", "200ms"),
    ("syn-blackhole", LINK, "synBlackhole", "0s"),
    ("half-open", LINK, "halfOpen", "200ms"),
    ("half-close", LINK, "{halfClose: {toward: caller}}", "200ms"),
    ("closed", LINK, "{halfClose: {toward: both}}", "200ms"),
    ("cut", LINK, "{cut: {after: 1KiB}}", "200ms"),
    (
        "cut-by-reset",
        LINK,
        "{cut: {after: 1KiB, by: rst}}",
        "200ms",
    ),
    ("bandwidth", LINK, "{bandwidth: {rate: 64KiB/s}}", "200ms"),
    ("kill", "{replica: b-1}", "kill", "200ms"),
    ("stop", "{replica: b-1}", "stop", "200ms"),
    ("restart", "{replica: b-1}", "restart", "200ms"),
    (
        "slow-start",
        "{replica: b-1}",
        "{slowStart: {delay: 300ms}}",
        "200ms",
    ),
    (
        "respond",
        "{service: b}",
        "{respond: {status: 503}}",
        "200ms",
    ),
    ("sidecar-killed", "{sidecar: b-1}", "kill", "200ms"),
    ("sidecar-stopped", "{sidecar: b-1}", "stop", "200ms"),
    ("control-plane-frozen", "controlPlane", "stop", "200ms"),
    (
        "control-plane-back-empty",
        "controlPlane",
        "{comesBack: empty}",
        "200ms",
    ),
    ("hog", "{service: b}", "hog", "0s"),
];
const LINK: &str = "{link: {call: a->b}}";

fn suite() -> String {
    let cases = FAULTS.map(|(name, on, kind, from)| {
        let alone = kind == "hog";
        format!(
            r#"  - id: faults.{name}
    level: must
    statement: The fault is in place in time, bites, and is taken back.
    sources: ["the fault itself"]
    requires: [timeouts.request]
    world: {{services: {{a: {{calls: [b]}}, b: {{replicas: 2, behaviour: {{body: {{size: 4KiB}}}}}}}}}}
    policy: {{a->b: {{timeouts: {{request: 200ms}}}}}}
    load: {{on: a, rate: 50/s, for: 1s, giveUp: 2s}}
    faults: [{{on: {on}, kind: {kind}, from: {from}, until: 700ms}}]
    expect: [{{succeed: {{atLeast: 1%}}}}]
    alone: {alone}
"#
        )
    });
    format!("meshproof/v1: cases\ncases:\n{}", cases.concat())
}

#[test]
fn every_fault_bites_and_is_taken_back() {
    let _quiet = quiet();
    let place = Place::new();
    let suite = place.file("faults.yaml", &suite());
    let told = place.run(&["run", "--suite", suite.to_str().unwrap()]);
    assert_eq!(told.code, Some(0), "{}", told.all());
    for (name, ..) in FAULTS {
        let history = format!("history/faults.{name}.1.jsonl");
        let text = std::fs::read_to_string(place.run_folder().join(history)).unwrap();
        let steps: Vec<_> = text
            .lines()
            .filter_map(|line| match serde_json::from_str(line) {
                Ok(Record::Fault(record)) => Some(record.step),
                _ => None,
            })
            .collect();
        let whole = matches!(
            steps[..],
            [FaultStep::Applied, FaultStep::Bit { times }, FaultStep::Reverted] if times > 0
        );
        assert!(whole, "{name}: {steps:?}");
    }
    assert_eq!(place.processes(), []);
    assert_eq!(place.left_state(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_tap_sees_what_is_said_in_clear() {
    let _quiet = quiet();
    let place = Place::new();
    let suite = r#"meshproof/v1: cases
cases:
  - id: tap.clear
    level: must
    statement: What is said in clear is seen.
    sources: ["the tap itself"]
    world: {services: {a: {calls: [b]}, b: {}}}
    load: {on: a, rate: 50/s, for: 200ms}
    expect: [{encrypted: {call: a->b}}]
"#;
    let suite = place.file("tap.yaml", suite);
    let told = place.run(&["run", "--mesh", "none", "--suite", suite.to_str().unwrap()]);
    assert_eq!(told.code, Some(1), "{}", told.all());
    assert!(told.stdout.contains("are not TLS"), "{}", told.all());
    let history = place.run_folder().join("history/tap.clear.1.jsonl");
    let text = std::fs::read_to_string(history).unwrap();
    let mut seen: Vec<_> = text
        .lines()
        .filter_map(|line| match serde_json::from_str(line) {
            Ok(Record::Wire(wire)) => Some((wire.connection, wire.toward, wire.seen)),
            _ => None,
        })
        .filter(|(connection, ..)| *connection == 1)
        .collect();
    seen.sort_by_key(|(_, toward, seen)| (*toward == Toward::Caller, *seen == WireSeen::Clear));
    let expected = [
        (1, Toward::Callee, WireSeen::Http),
        (1, Toward::Callee, WireSeen::Clear),
        (1, Toward::Caller, WireSeen::Http),
        (1, Toward::Caller, WireSeen::Clear),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn no_kind_of_fault_is_left_out() {
    let suite = suite();
    for (kind, ..) in FaultKind::CATALOGUE {
        let written = [format!("kind: {kind},"), format!("kind: {{{kind}:")];
        assert!(written.iter().any(|text| suite.contains(text)), "{kind}");
    }
}
