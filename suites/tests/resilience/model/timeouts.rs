//! Deadlines.

use meshproof_model::Outcome;
use meshproof_suites::Case;

use super::{b0, failing, on_b, tries};
use crate::story::{Story, Try, answered};

pub(super) fn story(case: &Case, bad: &str) -> Option<Story> {
    Some(match case.id.as_str() {
        "resilience.timeout.total" => on_b(case, |_, _| {
            let (end, outcome) = match bad {
                "ignoreRequestTimeout" => (1500, answered(200, Some("b-0"))),
                "timeoutAlways" => (100, answered(504, None)),
                _ => (304, answered(504, None)),
            };
            let (seen, upstream) = match bad {
                "leaveUpstreamRunning" | "ignoreRequestTimeout" => (1500, answered(200, None)),
                _ => (end + 2, Outcome::Cancelled),
            };
            tries(vec![Try(b0(0), 1, Some(seen), upstream)], end, outcome)
        }),
        "resilience.timeout.per-try" => on_b(case, |_, _| {
            let (mut list, mut from) = (Vec::new(), 1);
            let limit = match bad {
                "ignoreRequestTimeout" | "restartTimerEachTry" | "retryPastDeadline" => 900,
                "timeoutAlways" => 100,
                _ => 400,
            };
            let length = if bad == "ignoreBackendTimeout" {
                1000
            } else {
                80
            };
            while from < limit {
                let mut until = (from + length).min(limit);
                let mut outcome = Outcome::Cancelled;
                if bad == "leaveUpstreamRunning" {
                    (until, outcome) = (from + 1000, answered(200, None));
                }
                list.push(Try(b0(0), from, Some(until), outcome));
                from += length + 30;
                if bad == "neverRetry" {
                    break;
                }
            }
            tries(list, limit, answered(504, None))
        }),
        "resilience.timeout.left-alone" => on_b(case, |_, _| match bad {
            "timeoutAlways" => tries(
                vec![Try(b0(0), 1, Some(101), Outcome::Cancelled)],
                100,
                answered(504, None),
            ),
            _ => failing(1, 0, 300, 200, b0),
        }),
        "resilience.timeout.status"
        | "resilience.timeout.body"
        | "resilience.http2.timeout"
        | "resilience.grpc.timeout-status"
        | "resilience.grpc.timeout" => on_b(case, |_, _| {
            let body = case.id.ends_with("body");
            let at = match bad {
                "ignoreRequestTimeout" => 1000,
                "timeoutAlways" => 100,
                _ if body => 301,
                _ if case.id.ends_with("status") => 201,
                _ => 401,
            };
            let outcome = match (bad, body) {
                ("ignoreRequestTimeout", _) => answered(200, Some("b-0")),
                (_, true) => Outcome::Cut,
                (_, false) => answered(504, None),
            };
            let runs_on = matches!(bad, "leaveUpstreamRunning" | "ignoreRequestTimeout");
            let one = match runs_on {
                true => Try(b0(0), 1, Some(1000), answered(200, None)),
                false => Try(b0(0), 1, Some(at + 1), Outcome::Cancelled),
            };
            tries(vec![one], at, outcome)
        }),
        "resilience.timeout.stream" => on_b(case, |_, _| match bad {
            "timeoutAlways" => {
                let one = Try(b0(0), 1, Some(101), Outcome::Cancelled);
                tries(vec![one], 100, Outcome::Cut)
            }
            _ => failing(1, 0, 1200, 200, b0),
        }),
        _ => return None,
    })
}
