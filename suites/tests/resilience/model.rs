//! A model mesh: what it does in each case, soundly (`""`) or with a sabotage.

mod connections;
mod control;
mod division;
mod ejection;
mod isolation;
mod limits;
mod protocols;
mod retries;
mod streams;
mod telemetry;
mod timeouts;
mod workloads;

use meshproof_model::Outcome;
use meshproof_suites::Case;

use crate::story::{Story, Told, Try, answered};

/// What the mesh does in one case: soundly (`""`), or with a sabotage.
pub(crate) fn story(case: &Case, bad: &str) -> Story {
    if bad == "readyBeforeProgrammed" {
        return on_b(case, |_, at| match at < 300 {
            true => tries(Vec::new(), 1, Outcome::Refused),
            false => failing(1, 0, 1, 200, b0),
        });
    }
    let rooms = [
        connections::story,
        control::story,
        division::story,
        ejection::story,
        isolation::story,
        limits::story,
        protocols::story,
        retries::story,
        streams::story,
        telemetry::story,
        timeouts::story,
        workloads::story,
    ];
    let told = rooms.iter().find_map(|room| room(case, bad));
    told.unwrap_or_else(|| panic!("no story for {}", case.id))
}

/// The story of a case whose requests are all answered by `a-0`.
fn begun(case: &Case) -> Story {
    Story::of(case).probed(|_, _| (20, answered(200, Some("a-0"))))
}

/// What becomes of each call of the load from a to b.
fn on_b(case: &Case, told: impl FnMut(u64, u64) -> Told) -> Story {
    begun(case).load("a-0", "b", told)
}

/// The only replica there is.
fn b0(_: u64) -> String {
    "b-0".to_owned()
}

pub(crate) fn tries(tries: Vec<Try>, end: u64, outcome: Outcome) -> Told {
    Told {
        tries,
        end: Some((end, outcome)),
    }
}

/// Tries that fail one after the other with `status`, `every` ms apart.
fn failing(
    count: u64,
    every: u64,
    length: u64,
    status: u16,
    replica: impl Fn(u64) -> String,
) -> Told {
    let tries = (0..count).map(|nth| {
        let from = nth * every;
        Try(
            replica(nth),
            from,
            Some(from + length),
            answered(status, None),
        )
    });
    Told {
        tries: tries.collect(),
        end: Some((
            count.saturating_sub(1) * every + length,
            answered(status, Some("b-0")),
        )),
    }
}
