//! Balance between replicas and splits between backends.

use meshproof_model::Outcome;
use meshproof_suites::Case;

use super::{begun, failing, on_b};
use crate::story::{Story, Told, Try, answered, turn};

pub(super) fn story(case: &Case, bad: &str) -> Option<Story> {
    Some(match case.id.as_str() {
        "resilience.split.weights" => {
            let one = |service: &str| Told {
                tries: vec![Try(format!("{service}-0"), 0, Some(1), answered(200, None))],
                end: Some((2, answered(200, Some("x")))),
            };
            begun(case)
                .load("a-0", "b", |nth, _| match bad {
                    "splitEvenly" if nth % 2 == 0 => one("b-next"),
                    "splitEvenly" => one("b"),
                    _ if nth % 5 == 0 => one("b-next"),
                    _ => one("b"),
                })
                .load("a-0", "c", |nth, _| match bad {
                    "splitEvenly" if nth % 2 == 0 => one("c"),
                    "leakToZeroWeight" if nth % 20 == 0 => one("c"),
                    _ => one("c-next"),
                })
                .load("a-0", "d", |nth, _| match nth % 2 {
                    0 => one("d-next"),
                    _ => one("d"),
                })
        }
        "resilience.balance.equal"
        | "resilience.balance.slow"
        | "resilience.http2.balance"
        | "resilience.grpc.balance"
        | "resilience.tcp.balance" => on_b(case, |nth, _| {
            let replica = match bad {
                "unfairBalance" if nth % 10 > 0 => 0,
                _ => nth % 3,
            };
            let mut told = failing(1, 0, 1, 200, |_| turn(replica, 3));
            if bad == "loseTrailers" {
                told.end = Some((2, Outcome::Cut));
            }
            told
        }),
        "resilience.split.rare" | "resilience.split.changed" | "resilience.tcp.split" => {
            on_b(case, |nth, at| {
                let of_next = match case.id.as_str() {
                    _ if bad == "splitEvenly" => 50,
                    "resilience.split.rare" => 1,
                    "resilience.tcp.split" => 20,
                    _ if at < 953 => 20,
                    _ => 80,
                };
                let next = nth % 100 < of_next;
                failing(1, 0, 1, 200, |_| {
                    if next { "b-next-0" } else { "b-0" }.to_owned()
                })
            })
        }
        _ => return None,
    })
}
