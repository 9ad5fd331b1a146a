//! Retries: which, where to, how many.

use meshproof_model::VerdictKind::{Fail, Inconclusive, Pass};

use crate::story::{Told, Try, answered};
use crate::{check, served};

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
