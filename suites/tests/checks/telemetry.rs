//! What sidecars tell, held against what was recorded.

use meshproof_model::VerdictKind::{self, Fail, Inconclusive, Pass};
use meshproof_model::{Counted, Outcome, Record, TelemetryRecord};
use meshproof_suites::{Expect, Suite};

use crate::builtin::case;
use crate::story::{START, Story, Told, Try, answered, ms};

/// Each call is tried twice, and every second one ends in a 503.
fn twice(nth: u64) -> Told {
    let status = if nth.is_multiple_of(2) { 503 } else { 200 };
    let one = |from| Try("b-0".to_owned(), from, Some(from + 1), answered(503, None));
    Told {
        tries: vec![one(0), one(30)],
        end: Some((32, answered(status, Some("b-0")))),
    }
}

fn counted(calls: u64, errors: u64, attempts: u64, retries: u64) -> Counted {
    Counted {
        calls: Some(calls),
        errors: Some(errors),
        attempts: Some(attempts),
        retries: Some(retries),
    }
}

/// Judges 100 calls by what the sidecar told, each at a time in milliseconds from the load's start.
fn check(
    row: &str,
    told: impl FnMut(u64, u64) -> Told,
    metrics: &[(u64, Counted)],
    expected: VerdictKind,
) {
    let mut case = case("resilience.retry.bounded");
    let expect: Expect = meshproof_yaml::from_str(row, "toldTruly: {}").expect(row);
    case.expect = vec![expect];
    let story = Story::of(&case).probed(|_, _| (20, answered(200, Some("a-0"))));
    assert_eq!(story.schedule().len(), 100, "{row}");
    let mut story = story.load("a-0", "b", told);
    story.records.extend(metrics.iter().map(|(at, told)| {
        Record::Telemetry(TelemetryRecord {
            at: START + ms(*at),
            replica: "a-0".to_owned(),
            call: "a->b".parse().expect("this is a call"),
            told: *told,
        })
    }));
    let verdict = story.judged().verdict;
    assert_eq!(verdict.kind(), expected, "{row}: {verdict:?}");
}

const LATER: u64 = 9_000;

#[test]
fn books_are_compared() {
    let begun = counted(10, 1, 20, 30);
    let after = |told| [(0, begun), (LATER, told)];
    let sound = counted(110, 51, 220, 130);
    for (row, told, expected) in [
        ("as recorded", sound, Pass),
        ("a call too many", counted(111, 51, 220, 130), Fail),
        ("no errors", counted(110, 1, 220, 130), Fail),
        ("first tries only", counted(110, 51, 120, 130), Fail),
        ("a retry is missing", counted(110, 51, 220, 129), Fail),
        ("started again", counted(0, 0, 0, 0), Fail),
        ("nothing is mapped", Counted::default(), Inconclusive),
    ] {
        check(row, |nth, _| twice(nth), &after(told), expected);
    }
    let without_retries = |told: Counted| Counted {
        retries: None,
        ..told
    };
    check(
        "retries are not mapped",
        |nth, _| twice(nth),
        &[(0, without_retries(begun)), (LATER, without_retries(sound))],
        Pass,
    );
}

#[test]
fn what_cannot_be_compared_is_inconclusive() {
    let sound = [
        (0, counted(0, 0, 0, 0)),
        (LATER, counted(100, 50, 200, 100)),
    ];
    let kept = |nth: u64, _: u64| twice(nth);
    check("never read", kept, &[], Inconclusive);
    check("read before only", kept, &sound[..1], Inconclusive);
    check("read after only", kept, &sound[1..], Inconclusive);
    let early = [sound[0], (40, sound[1].1)];
    check("read too early", kept, &early, Inconclusive);
    let nowhere = |nth: u64, _: u64| Told {
        tries: Vec::new(),
        ..twice(nth)
    };
    check("a call that reached nobody", nowhere, &sound, Inconclusive);
    let cut = |nth: u64, _: u64| Told {
        end: Some((32, Outcome::Cut)),
        ..twice(nth)
    };
    check("a call that was cut", cut, &sound, Inconclusive);
    let once = |_: u64, _: u64| Told {
        tries: vec![Try("b-0".to_owned(), 0, Some(1), answered(200, None))],
        end: Some((2, answered(200, Some("b-0")))),
    };
    let plain = [(0, counted(0, 0, 0, 0)), (LATER, counted(100, 0, 100, 0))];
    check("neither errors nor retries", once, &plain, Inconclusive);
}

const CASE: &str = "\
meshproof/v1: cases
cases:
  - id: my.books
    level: must
    statement: They are true.
    sources: [me]
    requires: [telemetry]
    world: {services: {a: {calls: [b]}, b: {}}}
    load: {on: a, rate: 50/s, for: 2s}
    expect:
      - toldTruly: {call: a->b}
";

#[test]
fn books_that_cannot_balance_are_refused() {
    Suite::parse("mine", [("mine.yaml", CASE)]).expect("the case is sound");
    for (sound, spoilt, reason) in [
        (
            "    expect:",
            "    faults: [{on: {link: {call: a->b}}, kind: reset, from: 0s, until: 1s}]\n    expect:",
            "a fault `reset` may keep tries from arriving",
        ),
        ("call: a->b", "call: prober->a", "`prober` has no sidecar"),
        ("requires: [telemetry]", "requires: []", "does not require"),
    ] {
        let text = CASE.replacen(sound, spoilt, 1);
        let error = Suite::parse("mine", [("mine.yaml", text.as_str())]).expect_err(spoilt);
        assert!(error.to_string().contains(reason), "{spoilt}: {error}");
    }
}
