//! Statuses of gRPC, streams of TCP.

use meshproof_model::Outcome;
use meshproof_suites::Case;

use super::{b0, failing, on_b, tries};
use crate::story::{Story, Try, answered};

pub(super) fn story(case: &Case, bad: &str) -> Option<Story> {
    Some(match case.id.as_str() {
        "resilience.grpc.status" => on_b(case, |nth, _| {
            let status = if nth % 2 == 0 { 503 } else { 200 };
            let one = vec![Try(b0(0), 0, Some(1), answered(status, None))];
            match bad {
                "hideGrpcStatus" => tries(one, 2, answered(200, Some("b-0"))),
                "loseTrailers" => tries(one, 2, Outcome::Cut),
                _ => tries(one, 2, answered(status, Some("b-0"))),
            }
        }),
        "resilience.tcp.exchange" => on_b(case, |_, _| match bad {
            "halfCloseCloses" => tries(
                vec![Try(b0(0), 0, Some(1), Outcome::Cancelled)],
                2,
                Outcome::Cut,
            ),
            _ => failing(1, 0, 1, 200, b0),
        }),
        _ => return None,
    })
}
