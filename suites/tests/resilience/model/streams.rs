//! Streams, bodies that break off, callers that go away.

use meshproof_model::Outcome;
use meshproof_suites::Case;

use super::{b0, begun, failing, on_b, tries};
use crate::story::{Story, Told, Try, answered};

pub(super) fn story(case: &Case, bad: &str) -> Option<Story> {
    Some(match case.id.as_str() {
        "resilience.grpc.server-stream"
        | "resilience.grpc.client-stream"
        | "resilience.grpc.bidi-stream" => on_b(case, |_, _| match bad {
            "loseTrailers" => {
                let one = Try(b0(0), 0, Some(300), answered(200, None));
                tries(vec![one], 301, Outcome::Cut)
            }
            "holdRequests" => tries(Vec::new(), 2000, Outcome::Cancelled),
            "timeoutAlways" => {
                let one = Try(b0(0), 1, Some(101), Outcome::Cancelled);
                tries(vec![one], 100, Outcome::Cut)
            }
            _ => failing(1, 0, 300, 200, b0),
        }),
        "resilience.grpc.stream-deadline" => on_b(case, |_, _| slow(bad, 400)),
        "resilience.wire.narrow" => begun(case)
            .load("a-0", "c", |_, _| {
                let one = Try("c-0".to_owned(), 0, Some(1), answered(200, None));
                tries(vec![one], 2, answered(200, Some("c-0")))
            })
            .load("a-0", "b", |_, _| slow(bad, 200)),
        "resilience.cancel.http1" | "resilience.cancel.grpc" => on_b(case, |_, _| {
            let (until, outcome) = match bad {
                "ignoreCancel" => (1000, answered(200, None)),
                _ => (303, Outcome::Cancelled),
            };
            let one = Try(b0(0), 1, Some(until), outcome);
            tries(vec![one], 301, Outcome::Cancelled)
        }),
        "resilience.wire.cut" => begun(case)
            .load("a-0", "b", |_, at| cut(bad, "b-0", at))
            .load("a-0", "c", |_, at| cut(bad, "c-0", at)),
        "resilience.wire.cut-grpc" => on_b(case, |_, at| cut(bad, "b-0", at)),
        _ => return None,
    })
}

/// A body that comes too slowly for its deadline. The mesh's error follows on what the upstream has
/// begun, whose mark it bears.
fn slow(bad: &str, deadline: u64) -> Told {
    let (at, outcome) = match bad {
        "ignoreRequestTimeout" => (1000, answered(200, Some("b-0"))),
        "timeoutAlways" => (100, answered(504, Some("b-0"))),
        _ => (deadline, answered(504, Some("b-0"))),
    };
    let upstream = match bad {
        "ignoreRequestTimeout" => answered(200, None),
        _ => Outcome::Cancelled,
    };
    tries(vec![Try(b0(0), 1, Some(at + 1), upstream)], at, outcome)
}

/// A body that is cut off for a while.
fn cut(bad: &str, replica: &str, at: u64) -> Told {
    let one = |outcome| vec![Try(replica.to_owned(), 0, Some(2), outcome)];
    let whole = answered(200, Some(replica));
    match (400..800).contains(&at) {
        true if bad == "completeCutBody" => tries(one(Outcome::Cancelled), 3, whole),
        true => tries(one(answered(200, None)), 3, Outcome::Cut),
        false => tries(one(answered(200, None)), 3, whole),
    }
}
