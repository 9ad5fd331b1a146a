//! Limits and overflow.

use meshproof_model::Outcome;
use meshproof_model::VerdictKind::{Fail, Inconclusive, Pass};

use crate::story::{Told, answered};
use crate::{check, served};

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
