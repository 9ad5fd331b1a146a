//! Ejection and what comes after it.

use meshproof_model::VerdictKind::{Fail, Inconclusive, Pass};

use crate::story::{Told, Try, answered, turn};
use crate::{check, served};

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
