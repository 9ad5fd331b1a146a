//! Each check by itself: what it lets pass, what it refuses, and what it cannot tell.

#[path = "support/builtin.rs"]
mod builtin;
#[path = "support/story.rs"]
mod story;

use builtin::{SUITE, case};
use meshproof_model::VerdictKind::{self, Fail, Inconclusive, Pass};
use meshproof_model::{FaultStep, Outcome, Phase, Record};
use meshproof_suites::{Expect, Scene, judge};
use story::{Story, Told, Try, answered, ms, turn};

/// Judges one check of a case by the calls a->b that `told` tells.
fn check(
    row: &str,
    id: &str,
    expect: &str,
    told: impl FnMut(u64, u64) -> Told,
    expected: VerdictKind,
) {
    let mut case = case(id);
    let expect: Expect = meshproof_yaml::from_str(row, expect).expect(row);
    case.expect = vec![expect];
    let story = Story::of(&case).probed(|_, _| (20, answered(200, Some("a-0"))));
    let verdict = story.load("a-0", "b", told).judged().verdict;
    assert_eq!(verdict.kind(), expected, "{row}: {verdict:?}");
}

fn one(from: u64, until: Option<u64>, seen: Outcome, end: Option<(u64, Outcome)>) -> Told {
    Told {
        tries: vec![Try("b-0".to_owned(), from, until, seen)],
        end,
    }
}

fn cancelled(at: u64, end: u64) -> Told {
    one(
        1,
        Some(at),
        Outcome::Cancelled,
        Some((end, answered(504, None))),
    )
}

fn served(length: u64) -> Told {
    one(
        1,
        Some(length),
        answered(200, None),
        Some((length, answered(200, Some("b-0")))),
    )
}

#[test]
fn no_check_passes_or_fails_on_nothing() {
    for case in &SUITE.cases {
        let scene = Scene { case, budget: None };
        for expect in &case.expect {
            let finding = expect.start(scene).finish();
            let nothing = matches!(
                finding,
                meshproof_suites::check::Finding::Inconclusive { .. }
            );
            assert!(nothing, "{} {}: {finding:?}", case.id, expect.name());
        }
    }
}

#[test]
fn every_check_is_used_and_catalogued() {
    let suite = &*SUITE;
    let used = suite.cases.iter().flat_map(|case| &case.expect);
    let mut used: Vec<_> = used.map(Expect::name).collect();
    let mut known: Vec<_> = Expect::CATALOGUE.iter().map(|(name, _)| *name).collect();
    used.sort_unstable();
    used.dedup();
    known.sort_unstable();
    assert_eq!(used, known);
}

#[test]
fn deadlines() {
    let total = "resilience.timeout.total";
    let ends = "endsIn: {at: 300ms}";
    check(
        "3.6 ms early",
        total,
        ends,
        |_, _| cancelled(297, 296),
        Pass,
    );
    check("25 ms late", total, ends, |_, _| cancelled(325, 325), Pass);
    check("too early", total, ends, |_, _| cancelled(260, 260), Fail);
    check("too late", total, ends, |_, _| cancelled(345, 345), Fail);
    check(
        "one of many too late",
        total,
        ends,
        |nth, _| match nth {
            7 => cancelled(400, 400),
            _ => cancelled(300, 300),
        },
        Fail,
    );
    check(
        "answered by the upstream",
        total,
        ends,
        |_, _| served(300),
        Fail,
    );
    check(
        "reset by the mesh",
        total,
        ends,
        |_, _| {
            one(
                1,
                Some(301),
                Outcome::Cancelled,
                Some((301, Outcome::Reset)),
            )
        },
        Pass,
    );
    check(
        "open for ever",
        total,
        ends,
        |_, _| one(1, None, Outcome::Cancelled, None),
        Fail,
    );
    check(
        "given up by its caller",
        total,
        ends,
        |_, _| {
            one(
                1,
                Some(3000),
                Outcome::Cancelled,
                Some((3000, Outcome::Cancelled)),
            )
        },
        Fail,
    );

    let seen = "upstreamCancelled: {by: 300ms}";
    check("cancelled", total, seen, |_, _| cancelled(320, 300), Pass);
    check(
        "cancelled late",
        total,
        seen,
        |_, _| cancelled(400, 300),
        Fail,
    );
    check("answered in time", total, seen, |_, _| served(200), Fail);
    check(
        "open for ever",
        total,
        seen,
        |_, _| one(1, None, Outcome::Cancelled, None),
        Fail,
    );
    check(
        "never reached",
        total,
        seen,
        |nth, _| match nth {
            0 => cancelled(300, 300),
            _ => Told {
                tries: Vec::new(),
                end: Some((300, answered(504, None))),
            },
        },
        Fail,
    );

    let length = "tryLength: {atMost: 80ms}";
    check("in time", total, length, |_, _| cancelled(100, 100), Pass);
    check("too long", total, length, |_, _| cancelled(140, 140), Fail);
    let kept = "deadlineKept: {within: 400ms}";
    check("kept", total, kept, |_, _| cancelled(430, 430), Pass);
    check(
        "a try after the deadline",
        total,
        kept,
        |_, _| {
            let mut told = cancelled(400, 400);
            told.tries
                .push(Try("b-0".to_owned(), 460, Some(470), answered(503, None)));
            told
        },
        Fail,
    );

    let alone = "answeredByUpstream: {}";
    let left = "resilience.timeout.left-alone";
    check("answered", left, alone, |_, _| served(300), Pass);
    check(
        "cut",
        left,
        alone,
        |nth, _| {
            if nth == 3 {
                cancelled(100, 100)
            } else {
                served(300)
            }
        },
        Fail,
    );
    check(
        "cut at the deadline of a quiet machine",
        left,
        alone,
        |_, _| cancelled(600, 600),
        Fail,
    );
    check(
        "open at the end",
        left,
        alone,
        |nth, _| match nth {
            58 => one(1, None, Outcome::Cancelled, None),
            _ => served(300),
        },
        Inconclusive,
    );
}

#[test]
fn shares_and_latency() {
    let id = "resilience.timeout.left-alone";
    let succeed = "succeed: {atLeast: 99%}";
    check("all", id, succeed, |_, _| served(3), Pass);
    check(
        "one of 59 failed",
        id,
        succeed,
        |nth, _| if nth == 5 { cancelled(3, 3) } else { served(3) },
        Fail,
    );
    check(
        "one of 59 open",
        id,
        succeed,
        |nth, _| match nth {
            5 => one(1, None, Outcome::Cancelled, None),
            _ => served(3),
        },
        Inconclusive,
    );
    check(
        "too few for a p99",
        id,
        "latency: {p99: 100ms}",
        |_, _| served(3),
        Inconclusive,
    );
    let many = "resilience.retry.budget";
    let p99 = "latency: {p99: 100ms}";
    check(
        "2 slow of 200",
        many,
        p99,
        |nth, _| served(if nth < 2 { 300 } else { 3 }),
        Pass,
    );
    check(
        "3 slow of 200",
        many,
        p99,
        |nth, _| served(if nth < 3 { 300 } else { 3 }),
        Fail,
    );
}

#[test]
fn retries() {
    let id = "resilience.retry.codes";
    let twice = |first: u16, second: u16| Told {
        tries: vec![
            Try("b-0".to_owned(), 1, Some(2), answered(first, None)),
            Try("b-1".to_owned(), 30, Some(31), answered(second, None)),
        ],
        end: Some((32, answered(second, Some("b-1")))),
    };
    let only = "retriedOnly: {codes: [503]}";
    check("503 then 500", id, only, |_, _| twice(503, 500), Pass);
    check("500 then 200", id, only, |_, _| twice(500, 200), Fail);
    check(
        "200 then 200",
        id,
        only,
        |nth, _| if nth == 1 { twice(200, 200) } else { served(1) },
        Fail,
    );
    check(
        "nothing but 503",
        id,
        only,
        |_, _| twice(503, 503),
        Inconclusive,
    );
    let elsewhere = "retriesElsewhere: {same: 1%}";
    let few = id;
    let id = "resilience.retry.elsewhere";
    let same = |nth: u64, every: u64| {
        let mut told = twice(503, 200);
        if nth.is_multiple_of(every) {
            told.tries[1].0 = "b-0".to_owned();
        }
        told
    };
    check("never", id, elsewhere, |_, _| twice(503, 200), Pass);
    check("one of 100", id, elsewhere, |nth, _| same(nth, 100), Pass);
    check(
        "one of 9, as too few re-selections leave",
        id,
        elsewhere,
        |nth, _| same(nth, 9),
        Fail,
    );
    check(
        "no second tries",
        id,
        elsewhere,
        |_, _| served(3),
        Inconclusive,
    );
    check(
        "too few second tries",
        few,
        elsewhere,
        |_, _| twice(503, 200),
        Inconclusive,
    );
    check(
        "never tried",
        id,
        "attemptsPerCall: {atMost: 3}",
        |_, _| Told {
            tries: Vec::new(),
            end: Some((1, answered(503, None))),
        },
        Inconclusive,
    );
}

#[test]
fn limits() {
    let id = "resilience.limits.in-flight";
    check(
        "never so many",
        id,
        "inFlight: {}",
        |_, _| served(3),
        Inconclusive,
    );
    let over = "overflowFailsFast: {within: 50ms, atLeast: 40}";
    let away = |took: u64, outcome: Outcome| Told {
        tries: Vec::new(),
        end: Some((took, outcome)),
    };
    let half = |nth: u64, told: Told| {
        if nth.is_multiple_of(2) {
            told
        } else {
            served(60)
        }
    };
    check(
        "at once",
        id,
        over,
        |nth, _| half(nth, away(1, answered(503, None))),
        Pass,
    );
    check(
        "late",
        id,
        over,
        |nth, _| half(nth, away(90, answered(503, None))),
        Fail,
    );
    check(
        "too few",
        id,
        over,
        |nth, _| {
            if nth < 39 {
                away(1, answered(503, None))
            } else {
                served(60)
            }
        },
        Fail,
    );
    check(
        "given up in a queue",
        id,
        over,
        |nth, _| half(nth, away(2000, Outcome::Cancelled)),
        Fail,
    );
}

#[test]
fn ejection() {
    let id = "resilience.outlier.returns";
    let back = "readmitted: {replica: b-0, within: 500ms}";
    // Out from 150 ms on, in again at `back`.
    let told = |again: u64| {
        move |nth: u64, at: u64| {
            let out = (150..again).contains(&at);
            let replica = match nth % 3 {
                0 if out => turn(1 + nth / 3 % 2, 3),
                turned => turn(turned, 3),
            };
            let status = if replica == "b-0" && at < 150 {
                500
            } else {
                200
            };
            Told {
                tries: vec![Try(replica, 0, Some(1), answered(status, None))],
                end: Some((2, answered(status, Some("b-x")))),
            }
        }
    };
    check("back in time", id, back, told(900), Pass);
    check("back one interval later", id, back, told(1000), Pass);
    check("back too early", id, back, told(500), Fail);
    check("back too late", id, back, told(1700), Fail);
    check(
        "back when nothing is left to see",
        id,
        "readmitted: {replica: b-0, within: 20s}",
        told(2490),
        Inconclusive,
    );
    let ejected = "ejected: {replica: b-0}";
    check("gone within the base time", id, ejected, told(900), Pass);
    check("back within the base time", id, ejected, told(600), Fail);
    check(
        "never failed",
        id,
        ejected,
        |nth, _| {
            let mut told = served(1);
            told.tries[0].0 = turn(nth, 3);
            told
        },
        Inconclusive,
    );
}

#[test]
fn splits() {
    let id = "resilience.split.weights";
    let to = |nth: u64, next: u64| {
        let mut told = served(1);
        told.tries[0].0 = if nth % 100 < next { "b-next-0" } else { "b-0" }.to_owned();
        told
    };
    let split = "split: {call: a->b, margin: 5%, tells: 20%}";
    check("exact", id, split, |nth, _| to(nth, 20), Pass);
    check("within the margin", id, split, |nth, _| to(nth, 24), Pass);
    check(
        "outside the margin but by chance",
        id,
        split,
        |nth, _| to(nth, 28),
        Pass,
    );
    check("even", id, split, |nth, _| to(nth, 50), Fail);
    check("all to one", id, split, |nth, _| to(nth, 0), Fail);
    check(
        "too few to tell",
        id,
        "split: {call: a->b, margin: 5%, tells: 6%}",
        |nth, _| to(nth, 20),
        Inconclusive,
    );
}

/// Judges a sound run of a case whose records were tampered with.
fn tampered(
    row: &str,
    id: &str,
    tamper: impl Fn(&mut Vec<Record>),
    expected: VerdictKind,
    reason: &str,
) {
    let story = Story::of(&case(id)).probed(|_, _| (20, answered(200, Some("a-0"))));
    let (header, mut records) = story
        .load("a-0", "b", |nth, _| {
            let tries = (0..3).map(|one| {
                Try(
                    turn(nth + one, 3),
                    one * 25,
                    Some(one * 25 + 1),
                    answered(503, None),
                )
            });
            Told {
                tries: tries.collect(),
                end: Some((60, answered(503, Some("b-0")))),
            }
        })
        .told();
    tamper(&mut records);
    let verdict = judge(&header, records.into_iter().map(Ok)).verdict;
    assert_eq!(verdict.kind(), expected, "{row}: {verdict:?}");
    assert!(verdict.reason().contains(reason), "{row}: {verdict:?}");
}

#[test]
fn what_is_not_sound_is_inconclusive() {
    let id = "resilience.retry.bounded";
    let is =
        |record: &Record, step: &FaultStep| matches!(record, Record::Fault(f) if f.step == *step);
    let phase =
        |record: &Record, phase: Phase| matches!(record, Record::Mark(m) if m.phase == phase);
    tampered("sound", id, |_| (), Pass, "");
    tampered("no records", id, Vec::clear, Inconclusive, "no records");
    tampered(
        "not applied",
        id,
        |r| r.retain(|r| !is(r, &FaultStep::Applied)),
        Inconclusive,
        "fault 1 (respond) was never applied",
    );
    tampered(
        "not bitten",
        id,
        |r| r.retain(|r| !is(r, &FaultStep::Bit { times: 3 })),
        Inconclusive,
        "not seen to bite",
    );
    tampered(
        "lapsed",
        id,
        |r| {
            for record in r.iter_mut() {
                if let Record::Fault(fault) = record
                    && fault.step == FaultStep::Reverted
                {
                    fault.step = FaultStep::Lapsed;
                }
            }
        },
        Inconclusive,
        "lapsed",
    );
    tampered(
        "applied late",
        id,
        |r| {
            let at = r.iter().position(|r| is(r, &FaultStep::Applied)).unwrap();
            if let Record::Fault(fault) = &mut r[at] {
                fault.at += ms(80);
            }
        },
        Inconclusive,
        "later than it was due",
    );
    tampered(
        "no report of the load",
        id,
        |r| r.retain(|r| !matches!(r, Record::LoadEnded(_))),
        Inconclusive,
        "no report",
    );
    tampered(
        "not sent",
        id,
        |r| {
            for record in r.iter_mut() {
                if let Record::LoadEnded(load) = record {
                    load.scheduled += 10;
                }
            }
        },
        Inconclusive,
        "was not sent: 100 of 110",
    );
    tampered(
        "prober's records missing",
        id,
        |r| {
            r.retain(|r| !matches!(r, Record::AttemptStarted(s) if s.replica == "prober"));
        },
        Inconclusive,
        "records are missing",
    );
    tampered(
        "no gate",
        id,
        |r| r.retain(|r| !phase(r, Phase::PolicyActs)),
        Inconclusive,
        "does not say that the policy acts",
    );
    let never = |r: &mut Vec<Record>| {
        for record in r.iter_mut() {
            if let Record::Mark(mark) = record
                && mark.phase == Phase::PolicyActs
            {
                mark.phase = Phase::PolicyNeverActed;
            }
        }
    };
    tampered("policy never acted", id, never, Fail, "policy never acted");
    tampered(
        "policy never acted, noise unknown",
        id,
        |r| {
            never(r);
            r.retain(|r| !matches!(r, Record::Noise(_)));
        },
        Inconclusive,
        "silent",
    );
    tampered(
        "policy never acted, noisy",
        id,
        |r| {
            never(r);
            for record in r.iter_mut() {
                if let Record::Noise(noise) = record {
                    noise.lag = ms(900);
                }
            }
        },
        Inconclusive,
        "noisy",
    );
}
