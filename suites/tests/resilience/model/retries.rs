//! Retries, their budgets, and what they amount to in a chain.

use meshproof_model::{Method, Outcome};
use meshproof_suites::Case;

use super::{b0, begun, failing, on_b, tries};
use crate::story::{self, Story, Try, answered, turn};

pub(super) fn story(case: &Case, bad: &str) -> Option<Story> {
    Some(match case.id.as_str() {
        "resilience.retry.bounded" | "resilience.http2.retry" | "resilience.grpc.retry" => {
            on_b(case, |nth, _| {
                let count = match bad {
                    "retryWithoutBound" => 11,
                    "neverRetry" => 1,
                    _ => 3,
                };
                failing(count, 25, 1, 503, |one| turn(nth + one, 3))
            })
        }
        "resilience.retry.codes" => on_b(case, |nth, _| {
            let mut told = failing(if bad == "neverRetry" { 1 } else { 2 }, 25, 1, 503, b0);
            let last = told.tries.len() - 1;
            if nth % 2 == 0 {
                told.tries[last].3 = answered(500, None);
            }
            if nth % 4 == 0 && bad == "retryEveryCode" {
                told.tries
                    .push(Try(b0(0), 50, Some(51), answered(500, None)));
            }
            told
        }),
        "resilience.retry.methods" => on_b(case, |nth, _| {
            let method = case.load.methods[nth as usize % 3];
            let once = bad == "neverRetry" || (method == Method::Post && bad != "retryEveryMethod");
            failing(if once { 1 } else { 3 }, 25, 1, 503, b0)
        }),
        "resilience.retry.elsewhere" => on_b(case, |nth, _| {
            let again = match bad {
                "neverRetry" => 1,
                _ if nth % 3 == 0 => 2,
                _ => 1,
            };
            failing(again, 25, 1, 503, |one| {
                let moved = if bad == "retrySameReplica" { 0 } else { one };
                turn(nth + moved, 3)
            })
        }),
        "resilience.retry.budget" => on_b(case, |nth, _| {
            let count = match bad {
                "ignoreBudget" => 4,
                "neverRetry" => 1,
                _ if nth % 10 == 0 => 3,
                _ => 1,
            };
            failing(count, 75, 41, 503, b0)
        }),
        "resilience.amplification.chain" => chain(
            begun(case),
            match bad {
                "neverRetry" => 1,
                "retryWithoutBound" => 5,
                _ => 2,
            },
        ),
        "resilience.retry.deadline" => on_b(case, |_, _| {
            let until = match bad {
                "neverRetry" => 1,
                "" => 300,
                _ => 900,
            };
            let starts = (0..).map(|nth| nth * 75).take_while(|from| *from < until);
            let list = starts.map(|from| Try(b0(0), from, Some(from + 60), answered(503, None)));
            tries(list.collect(), until.max(60), answered(503, Some("b-0")))
        }),
        "resilience.retry.begun" => on_b(case, |_, _| {
            let cut = |from| Try(b0(0), from, Some(from + 1), Outcome::Cut);
            match bad {
                "retryAfterResponseBegan" => tries(vec![cut(0), cut(30)], 32, Outcome::Cut),
                "completeCutBody" => tries(vec![cut(0)], 2, answered(200, Some("b-0"))),
                _ => tries(vec![cut(0)], 2, Outcome::Cut),
            }
        }),
        "resilience.retry.backoff" | "resilience.retry.backoff-each" => on_b(case, |nth, _| {
            let gap = if bad == "noBackoff" { 2 } else { 42 + nth % 37 };
            let count = if bad == "neverRetry" { 1 } else { 2 };
            failing(count, gap, 1, 503, b0)
        }),
        "resilience.retry.budget-fast" => on_b(case, |nth, _| {
            let count = match bad {
                "ignoreBudget" => 4,
                "neverRetry" => 1,
                _ if nth % 10 == 0 => 3,
                _ => 1,
            };
            failing(count, 25, 1, 503, b0)
        }),
        _ => return None,
    })
}

/// Each layer of a -> b -> c -> d tries `each` times.
fn chain(mut story: Story, each: u64) -> Story {
    for (nth, at) in story.schedule() {
        let at = story::ms(at);
        let layer = |story: &mut Story, caller: &str, peer: &str, times: u64| {
            for one in 0..times {
                let told = failing(each, 3, 1, 503, |_| format!("{peer}-0"));
                story.call(nth, at + story::ms(1 + one * 20), caller, peer, &told);
            }
        };
        layer(&mut story, "a-0", "b", 1);
        layer(&mut story, "b-0", "c", each);
        layer(&mut story, "c-0", "d", each * each);
    }
    story
}
