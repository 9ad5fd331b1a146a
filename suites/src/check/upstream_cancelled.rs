//! Every try is seen to be cancelled by its callee before a given time after the call's start.

use meshproof_model::units::Duration;
use meshproof_model::{Edge, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Breaches, millis};
use super::tolerance::latest;
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::Calls;

/// Every try is seen to be cancelled by its callee before a given time after the call's start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpstreamCancelled {
    /// When at the latest, after the call's start.
    pub by: Duration,
    /// The tolerance; the greater of 25 ms and a tenth of the time when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Duration>,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for UpstreamCancelled {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, _: &Scene, calls: &Calls) -> Finding {
        let bound = latest(self.by, self.tolerance);
        let mut breaches = Breaches::default();
        let (mut cancelled, mut latest, mut unknown) = (0, 0, 0);
        for call in calls.all() {
            if call.tries.is_empty() {
                breaches.hard(call, "it never reached its upstream");
            }
            for one in &call.tries {
                let end = one.end.as_ref().map_or(calls.last(), |(at, _)| *at);
                let after = end.saturating_sub(call.start);
                match &one.end {
                    Some((_, Outcome::Cancelled)) if after <= bound => {
                        cancelled += 1;
                        latest = latest.max(after);
                    }
                    None if after <= bound => unknown += 1,
                    Some(_) if after <= bound => {
                        breaches.hard(call, "its upstream ended it without a cancellation");
                    }
                    _ => breaches.late(
                        call,
                        after - bound,
                        format!("still running at its upstream after {}", millis(after)),
                    ),
                }
            }
        }
        let calls = calls.all();
        if calls.iter().all(|call| call.tries.is_empty()) {
            return Finding::inconclusive("no attempt reached an upstream");
        }
        let demand = format!(
            "every upstream sees the cancellation before {}",
            millis(bound)
        );
        match breaches.finding(calls.len(), &demand) {
            Some(fail) => fail,
            None if cancelled == 0 => {
                Finding::inconclusive(format!("all {unknown} tries were open at the end"))
            }
            None => Finding::pass(format!(
                "{cancelled} tries were cancelled at their upstream, the last after {}",
                millis(latest)
            )),
        }
    }
}
