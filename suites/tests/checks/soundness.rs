//! What is not sound is inconclusive, whatever the checks find.

use meshproof_model::VerdictKind::{self, Fail, Inconclusive, Pass};
use meshproof_model::{FaultStep, Phase, Record};
use meshproof_suites::judge;

use crate::builtin::case;
use crate::story::{Story, Told, Try, answered, ms, turn};

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
