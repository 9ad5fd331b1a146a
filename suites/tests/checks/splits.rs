//! Splits.

use meshproof_model::VerdictKind::{Fail, Inconclusive, Pass};

use crate::{check, served};

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
