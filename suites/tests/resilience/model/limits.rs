//! Limits, overload and the bulkhead.

use meshproof_suites::Case;

use super::{b0, begun, failing, on_b, tries};
use crate::story::{Story, Told, Try, answered, ms};

pub(super) fn story(case: &Case, bad: &str) -> Option<Story> {
    Some(match case.id.as_str() {
        "resilience.limits.in-flight" | "resilience.http2.limits" => {
            let mut places = Places::new(match bad {
                "ignoreLimit" => 100,
                "limitTooLow" => 2,
                _ => 4,
            });
            on_b(case, |_, at| places.call(at, 60, bad == "limitQueues"))
        }
        "resilience.limits.per-caller" => {
            let limit = |caller: u64| match bad {
                "ignoreLimit" => 1000,
                "oneProxyNeverUpdated" if caller == 1 => 1000,
                "limitTooLow" => 2,
                _ => 4,
            };
            let mut places = [Places::new(limit(0)), Places::new(limit(1))];
            let mut story = begun(case);
            for (nth, at) in story.schedule() {
                let caller = nth % 2;
                let told = places[caller as usize].call(at, 60, bad == "limitQueues");
                story.call(nth, ms(at), &format!("a-{caller}"), "b", &told);
            }
            story
        }
        "resilience.limits.raised" | "resilience.overload.shed" => {
            let raised = case.id.ends_with("raised");
            let of = |limit: usize| match bad {
                "ignoreLimit" => 1000,
                "limitTooLow" => limit / 2,
                _ => limit,
            };
            let mut places = Places::new(of(if raised { 2 } else { 4 }));
            on_b(case, |_, at| {
                if raised && at >= 705 {
                    places.grow(of(6));
                }
                places.call(at, if raised { 60 } else { 50 }, bad == "limitQueues")
            })
        }
        "resilience.bulkhead.slow-neighbour" => begun(case).load("a-0", "c", |_, _| {
            let length = if bad == "onePool" { 400 } else { 1 };
            failing(1, 0, length, 200, |_| "c-0".to_owned())
        }),
        "resilience.overload.metastable" => on_b(case, |_, at| {
            let well = at < 400 || (at >= 1200 && bad != "neverReadmit");
            failing(1, 0, 1, if well { 200 } else { 503 }, b0)
        }),
        _ => return None,
    })
}

/// The places that a limit lets be taken at once.
struct Places(Vec<u64>);

impl Places {
    fn new(limit: usize) -> Self {
        Self(vec![0; limit])
    }

    fn grow(&mut self, limit: usize) {
        self.0.resize(limit.max(self.0.len()), 0);
    }

    /// A call at `at` whose upstream takes so long; one without a place fails, or waits for it.
    fn call(&mut self, at: u64, length: u64, queues: bool) -> Told {
        let soonest = self.0.iter_mut().min().expect("there is a place");
        if *soonest > at && !queues {
            return tries(Vec::new(), 1, answered(503, None));
        }
        let from = (*soonest).max(at) - at;
        *soonest = at + from + length + 2;
        let one = Try(
            "b-0".to_owned(),
            from,
            Some(from + length),
            answered(200, None),
        );
        tries(vec![one], from + length + 1, answered(200, Some("b-0")))
    }
}
