//! Replicas that come, go and are drained.

use meshproof_model::Outcome;
use meshproof_suites::Case;

use super::{b0, failing, on_b, tries};
use crate::story::{Story, Try, answered, turn};

pub(super) fn story(case: &Case, bad: &str) -> Option<Story> {
    Some(match case.id.as_str() {
        "resilience.workload.start-up" => on_b(case, |_, _| failing(1, 0, 1, 200, b0)),
        "resilience.workload.joins" => on_b(case, |nth, at| {
            let members = if at < 505 { 2 } else { 3 };
            failing(1, 0, 1, 200, |_| turn(nth % members, 3))
        }),
        "resilience.workload.leaves" => on_b(case, |nth, at| {
            let members = if at < 505 { 3 } else { 2 };
            failing(1, 0, 1, 200, |_| turn(nth % members, 3))
        }),
        "resilience.drain.lets-nobody-in" => on_b(case, |nth, at| {
            let replica = turn(nth, 2);
            let closed = at >= 500 && bad != "acceptAfterDrain" && replica == "b-1";
            match (closed, bad) {
                (false, _) => failing(1, 0, 30, 200, |_| replica.clone()),
                (true, "") => {
                    let one = Try(b0(0), 25, Some(55), answered(200, None));
                    tries(vec![one], 56, answered(200, Some("b-0")))
                }
                (true, _) => tries(Vec::new(), 1, answered(503, None)),
            }
        }),
        "resilience.drain.no-call-fails"
        | "resilience.drain.in-flight"
        | "resilience.drain.not-replayed"
        | "resilience.workload.rolling-restart" => on_b(case, |nth, at| {
            let drained = case.changes[0].at.as_millis() + 5;
            let replica = if at < drained { turn(nth, 2) } else { b0(0) };
            let hurt = (drained..drained + 300).contains(&at) && !bad.is_empty();
            match hurt {
                true => tries(
                    vec![Try(replica, 0, Some(20), Outcome::Cancelled)],
                    21,
                    Outcome::Cut,
                ),
                false => failing(1, 0, 20, 200, |_| replica.clone()),
            }
        }),
        _ => return None,
    })
}
