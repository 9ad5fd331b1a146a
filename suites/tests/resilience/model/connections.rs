//! Connections that are refused, cut or silent.

use meshproof_model::Outcome;
use meshproof_suites::Case;

use super::{failing, on_b, tries};
use crate::story::{Story, Try, answered, turn};

pub(super) fn story(case: &Case, bad: &str) -> Option<Story> {
    Some(match case.id.as_str() {
        "resilience.retry.refused"
        | "resilience.retry.dead-application"
        | "resilience.wire.reset"
        | "resilience.wire.half-close"
        | "resilience.wire.keep-alive"
        | "resilience.workload.slow-start"
        | "resilience.sidecar.killed" => on_b(case, |nth, at| {
            let fault = &case.faults[0];
            let broken = (fault.from.as_millis()..fault.until.as_millis()).contains(&at);
            match nth % 2 == 0 && broken {
                true if !bad.is_empty() => tries(Vec::new(), 2, answered(503, None)),
                true => {
                    let one = Try("b-1".to_owned(), 30, Some(31), answered(200, None));
                    tries(vec![one], 32, answered(200, Some("b-1")))
                }
                false => failing(1, 0, 1, 200, |_| turn(nth, 2)),
            }
        }),
        "resilience.wire.blackhole"
        | "resilience.wire.half-open"
        | "resilience.http2.half-open"
        | "resilience.wire.syn-blackhole"
        | "resilience.sidecar.stopped" => on_b(case, |nth, at| {
            let (silent, other) = match case.id.ends_with("stopped") {
                true => ("b-1", "b-0"),
                false => ("b-0", "b-1"),
            };
            let replica = if nth % 2 == 0 { silent } else { other };
            if replica == other || !(300..900).contains(&at) {
                return failing(1, 0, 1, 200, |_| replica.to_owned());
            }
            let first = Try(silent.to_owned(), 1, Some(150), Outcome::Cancelled);
            let second = Try(other.to_owned(), 180, Some(181), answered(200, None));
            match bad {
                "" => tries(vec![first, second], 182, answered(200, Some(other))),
                "ignoreBackendTimeout" => tries(
                    vec![Try(
                        silent.to_owned(),
                        1,
                        Some(1901 - at),
                        answered(200, None),
                    )],
                    1902 - at,
                    answered(200, Some(silent)),
                ),
                _ => tries(vec![first], 151, answered(504, None)),
            }
        }),
        _ => return None,
    })
}
