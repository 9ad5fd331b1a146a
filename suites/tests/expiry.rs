//! A certificate that ends under load: what a history must show of it.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

#[path = "support/story.rs"]
mod story;

use meshproof_model::VerdictKind::{self, Fail, Inconclusive, Pass};
use meshproof_model::{ChangeStep, Record};
use meshproof_suites::{Case, Suite, judge};
use story::{Story, Told, Try, answered, ms, turn};

const CASE: &str = "\
id: my.case
level: must
statement: It holds.
sources: [me]
requires: [mtls]
world: {services: {a: {calls: [b]}, b: {replicas: 3}}}
policy: {a->b: {mtls: strict}}
load: {on: a, rate: 120/s, for: 2500ms}
changes: [{at: 100ms, do: {expire: {replica: b-1, after: 300ms}}}]
expect: [{withdrawn: {change: 0, within: 150ms}}]
";

/// The certificate is over a second after it was handed out.
const OVER: u64 = 1100;

fn check(row: &str, replica: impl Fn(u64, u64) -> String, expected: VerdictKind) {
    let case: Case = meshproof_yaml::from_str("case.yaml", CASE).unwrap();
    let (header, mut records) = story(&case, replica).told();
    for record in &mut records {
        if let Record::Change(change) = record
            && change.step != ChangeStep::Begun
        {
            change.at += ms(OVER - 105);
        }
    }
    records.sort_by_key(Record::at);
    let verdict = judge(&header, records.into_iter().map(Ok)).verdict;
    assert_eq!(verdict.kind(), expected, "{row}: {verdict:?}");
}

/// The load of the case, each call to this replica.
fn story(case: &Case, replica: impl Fn(u64, u64) -> String) -> Story {
    Story::of(case)
        .probed(|_, _| (20, answered(200, Some("a-0"))))
        .load("a-0", "b", |nth, at| {
            let replica = replica(nth, at);
            Told {
                tries: vec![Try(replica.clone(), 0, Some(1), answered(200, None))],
                end: Some((2, answered(200, Some(&replica)))),
            }
        })
}

/// In turn, without b-1 where it is left out.
fn in_turn(nth: u64, left_out: bool) -> String {
    match left_out {
        true => turn(nth % 2 * 2, 3),
        false => turn(nth, 3),
    }
}

#[test]
fn a_replica_is_called_until_its_certificate_is_over_and_no_longer() {
    let sound = |nth, at| in_turn(nth, at >= OVER);
    check("sound", sound, Pass);
    check(
        "a moment later",
        |nth, at| in_turn(nth, at >= OVER + 100),
        Pass,
    );
    check("never left out", |nth, _| in_turn(nth, false), Fail);
    let refused_at_once = |nth, at| in_turn(nth, at >= 110);
    check("never used", refused_at_once, Inconclusive);
    let alone = |_, at: u64| turn(u64::from(at < OVER), 2);
    check("nobody else before", alone, Pass);
    let case: Case = meshproof_yaml::from_str("case.yaml", CASE).unwrap();
    let at_once = story(&case, |nth, at| in_turn(nth, at >= 105)).judged();
    assert_eq!(at_once.verdict.kind(), Inconclusive, "over at once");
}

#[test]
fn a_replica_that_is_not_there_is_told() {
    let lines = CASE.lines().map(|line| format!("    {line}\n"));
    let case: String = lines.collect();
    let text = format!("meshproof/v1: cases\ncases:\n  - {}", case.trim_start());
    let parse = |text: &str| Suite::parse("mine", [("mine.yaml", text)]);
    parse(&text).unwrap();
    for (sound, spoilt, reason) in [
        (
            "b-1, after",
            "b-3, after",
            "the replica `b-3` is not in the world",
        ),
        (
            "requires: [mtls]",
            "requires: []",
            "needs the capability `mtls`",
        ),
    ] {
        let error = parse(&text.replacen(sound, spoilt, 1)).expect_err(spoilt);
        assert!(error.to_string().contains(reason), "{spoilt}: {error}");
    }
}
