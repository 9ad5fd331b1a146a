//! Checks on pauses, shares and recovery: what each lets pass, refuses and cannot tell.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

#[path = "support/story.rs"]
mod story;

use meshproof_model::VerdictKind::{self, Fail, Inconclusive, Pass};
use meshproof_model::{Outcome, Verdict};
use meshproof_suites::{Case, Expect};
use story::{Story, Told, Try, answered, turn};

/// A world with b behind a, so many replicas of it, and what else a case says.
fn case(replicas: u32, rest: &str) -> Case {
    let text = format!(
        "id: my.case\nlevel: must\nstatement: It holds.\nsources: [me]\n\
         world: {{services: {{a: {{calls: [b]}}, b: {{replicas: {replicas}}}}}}}\nexpect: []\n{rest}"
    );
    meshproof_yaml::from_str("case.yaml", &text).expect(rest)
}

fn judged(
    row: &str,
    case: &Case,
    expect: &str,
    told: impl FnMut(u64, u64) -> Told,
    expected: VerdictKind,
) -> Verdict {
    let mut case = case.clone();
    let expect: Expect = meshproof_yaml::from_str(row, expect).expect(row);
    case.expect = vec![expect];
    let story = Story::of(&case).probed(|_, _| (20, answered(200, Some("a-0"))));
    let verdict = story.load("a-0", "b", told).judged().verdict;
    assert_eq!(verdict.kind(), expected, "{row}: {verdict:?}");
    verdict
}

fn at(replica: impl Into<String>, length: u64, status: u16) -> Told {
    let replica = replica.into();
    Told {
        end: Some((length, answered(status, Some(&replica)))),
        tries: vec![Try(replica, 0, Some(length), answered(status, None))],
    }
}

fn again_after(gap: u64) -> Told {
    let one = |from| Try("b-0".to_owned(), from, Some(from), answered(503, None));
    Told {
        tries: vec![one(0), one(gap)],
        end: Some((gap + 1, answered(503, Some("b-0")))),
    }
}

#[test]
fn pauses_before_retries() {
    let case = case(
        1,
        "policy: {a->b: {retry: {attempts: 1, codes: [503], backoff: {base: 60ms}}}}\n\
         load: {on: a, rate: 200/s, for: 1s}",
    );
    let mean = "backoff: {mean: 30%}";
    let row = |name, gap: fn(u64) -> u64, expected| {
        judged(name, &case, mean, |nth, _| again_after(gap(nth)), expected)
    };
    row("drawn from 0 to the base", |nth| nth * 7 % 60, Pass);
    row("never below the base", |_| 70, Pass);
    row("at once", |_| 1, Fail);
    row("a quarter of the base", |_| 15, Fail);
    let each = "backoff: {each: 100%}";
    judged("all of them", &case, each, |_, _| again_after(61), Pass);
    let one_short = |nth, _| again_after(if nth == 9 { 30 } else { 61 });
    judged("one too short", &case, each, one_short, Fail);
    judged(
        "no retries",
        &case,
        each,
        |_, _| at("b-0", 1, 503),
        Inconclusive,
    );
    let few = |nth, _| {
        if nth < 100 {
            again_after(40)
        } else {
            at("b-0", 1, 503)
        }
    };
    judged("too few for a mean", &case, mean, few, Inconclusive);
}

#[test]
fn failures_are_told() {
    let case = case(1, "load: {on: a, rate: 100/s, for: 1s}");
    let told = "failuresTold: {call: a->b, atLeast: 50}";
    let cut = |end: Outcome| Told {
        tries: vec![Try("b-0".to_owned(), 0, Some(1), Outcome::Cut)],
        end: Some((2, end)),
    };
    judged(
        "cut for the caller too",
        &case,
        told,
        |_, _| cut(Outcome::Cut),
        Pass,
    );
    let passed_off = |nth, _| match nth {
        7 => cut(answered(200, Some("b-0"))),
        _ => cut(Outcome::Cut),
    };
    judged("one passed off as whole", &case, told, passed_off, Fail);
    judged(
        "nothing failed",
        &case,
        told,
        |_, _| at("b-0", 1, 200),
        Inconclusive,
    );
}

#[test]
fn balance() {
    let case = case(3, "load: {on: a, rate: 240/s, for: 1s}");
    let equal = "balanced: {call: a->b}";
    judged(
        "in turn",
        &case,
        equal,
        |nth, _| at(turn(nth, 3), 1, 200),
        Pass,
    );
    let starved = |nth: u64, _| {
        at(
            turn(
                if nth.is_multiple_of(7) {
                    0
                } else {
                    1 + nth % 2
                },
                3,
            ),
            1,
            200,
        )
    };
    judged("one with less than half", &case, equal, starved, Fail);
    let hoards = |nth: u64, _| {
        at(
            turn(if nth % 4 == 3 { 1 + nth / 4 % 2 } else { 0 }, 3),
            1,
            200,
        )
    };
    judged("one with more than twice", &case, equal, hoards, Fail);
    let slow = "balanced: {call: a->b, slow: b-1}";
    let less = |nth: u64, _| {
        at(
            turn(
                if nth.is_multiple_of(12) {
                    1
                } else {
                    nth % 2 * 2
                },
                3,
            ),
            1,
            200,
        )
    };
    judged("the slow one gets less", &case, slow, less, Pass);
    let more = |nth: u64, _| at(turn([1, 0, 1, 2][nth as usize % 4], 3), 1, 200);
    judged("the slow one gets more", &case, slow, more, Fail);
    let few = crate::case(3, "load: {on: a, rate: 30/s, for: 1s}");
    judged(
        "too few",
        &few,
        equal,
        |nth, _| at(turn(nth, 3), 1, 200),
        Inconclusive,
    );
}

#[test]
fn goodput_under_overload() {
    let rest = "policy: {a->b: {limits: {maxRequests: 4}}}\nload: {on: a, rate: 200/s, for: 1s}";
    let case = case(1, rest);
    let away = || Told {
        tries: Vec::new(),
        end: Some((1, answered(503, None))),
    };
    // Every nth call is served for 50 ms; the limit would let one in two and a half.
    let one_in = |every: u64, length: u64| {
        move |nth: u64, _| {
            if nth.is_multiple_of(every) {
                at("b-0", length, 200)
            } else {
                away()
            }
        }
    };
    let goodput = "goodput: {atLeast: 70%}";
    judged("the limit is in use", &case, goodput, one_in(3, 50), Pass);
    judged(
        "so it is on a slow machine",
        &case,
        goodput,
        one_in(6, 100),
        Pass,
    );
    judged("half of it", &case, goodput, one_in(5, 50), Fail);
    judged(
        "no overload",
        &case,
        goodput,
        |_, _| at("b-0", 1, 200),
        Inconclusive,
    );
    let lost = |_, _| Told {
        tries: Vec::new(),
        end: None,
    };
    judged("nothing arrived", &case, goodput, lost, Inconclusive);
}

#[test]
fn recovery() {
    let rest = "load: {on: a, rate: 100/s, for: 2s}\n\
                faults: [{on: {replica: b-0}, kind: {respond: {status: 503}}, from: 500ms, until: 900ms}]";
    let case = case(1, rest);
    let until = |bad: u64| {
        move |_, now: u64| at("b-0", 1, if (500..bad).contains(&now) { 503 } else { 200 })
    };
    let recovers = "recovers: {call: a->b, within: 300ms, atLeast: 95%}";
    judged("in time", &case, recovers, until(1100), Pass);
    judged("too late", &case, recovers, until(1600), Fail);
    judged("never", &case, recovers, until(9999), Fail);
    judged(
        "never well",
        &case,
        recovers,
        |_, _| at("b-0", 1, 503),
        Inconclusive,
    );
    let again = "servedAgain: {call: a->b, replica: b-0, within: 300ms}";
    judged("served in time", &case, again, until(1100), Pass);
    judged("served late", &case, again, until(1600), Fail);
    judged("never served", &case, again, until(9999), Fail);
    let late = "servedAgain: {call: a->b, replica: b-0, within: 5s}";
    judged(
        "nothing left to see",
        &case,
        late,
        until(9999),
        Inconclusive,
    );
}

#[test]
fn ejections_are_as_many_as_allowed() {
    let rest = "policy: {a->b: {outlier: {consecutiveErrors: 3, interval: 100ms, baseEjectionTime: 10s, maxEjectionPercent: 50%}}}\n\
                load: {on: a, rate: 150/s, for: 1500ms}";
    let case = case(4, rest);
    let out = |count: u64| {
        move |nth: u64, now: u64| match now {
            0..300 => at(turn(nth, 4), 1, 500),
            _ => at(format!("b-{}", count + nth % (4 - count)), 1, 500),
        }
    };
    let count = "ejectedCount: {after: 700ms}";
    judged("half of four", &case, count, out(2), Pass);
    judged("too few", &case, count, out(1), Fail);
    judged("none", &case, count, out(0), Fail);
    judged("too many", &case, count, out(3), Fail);
    judged(
        "too late to tell",
        &case,
        "ejectedCount: {after: 1400ms}",
        out(2),
        Inconclusive,
    );
}

#[test]
fn the_status_of_an_expired_call() {
    let rest = "policy: {a->b: {timeouts: {request: 200ms}}}\nload: {on: a, rate: 50/s, for: 1s}";
    let case = case(1, rest);
    let ended = |outcome: Outcome| {
        move |_, _| Told {
            tries: vec![Try("b-0".to_owned(), 0, Some(201), Outcome::Cancelled)],
            end: Some((201, outcome.clone())),
        }
    };
    let status = "endsIn: {at: 200ms, status: 504}";
    judged("504", &case, status, ended(answered(504, None)), Pass);
    judged("503", &case, status, ended(answered(503, None)), Fail);
    judged("reset", &case, status, ended(Outcome::Reset), Fail);
}
