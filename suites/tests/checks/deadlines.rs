//! Deadlines, shares and latency.

use meshproof_model::Outcome;
use meshproof_model::VerdictKind::{Fail, Inconclusive, Pass};

use crate::story::{Told, Try, answered};
use crate::{cancelled, check, one, served};

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
