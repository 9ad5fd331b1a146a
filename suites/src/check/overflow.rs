//! Calls that never reach the upstream fail within a given time, and at least so many do.

use meshproof_model::Edge;
use meshproof_model::units::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Breaches, excerpts, millis};
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::Calls;

/// Calls that never reach the upstream fail within a given time, and at least so many do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverflowFailsFast {
    /// How long such a call may take.
    pub within: Duration,
    /// The least number of such calls.
    pub at_least: u32,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for OverflowFailsFast {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, _: &Scene, calls: &Calls) -> Finding {
        let within = self.within.as_nanos();
        let mut breaches = Breaches::default();
        let (mut fast, mut slowest) = (0_u32, 0);
        for call in calls.all().iter().filter(|call| call.tries.is_empty()) {
            let took = call.took().unwrap_or(calls.last() - call.start);
            if took > within {
                breaches.late(
                    call,
                    took - within,
                    format!("not over before {}", millis(took)),
                );
            } else if call.failed_by_mesh() {
                fast += 1;
                slowest = slowest.max(took);
            } else if call.end.is_some() {
                breaches.hard(call, "it ended otherwise than by an error of the mesh");
            }
        }
        let all = calls.all();
        if all.iter().all(|call| call.tries.is_empty()) {
            return Finding::inconclusive("no attempt reached an upstream");
        }
        let demand = format!("what overflows fails within {}", self.within);
        if let Some(fail) = breaches.finding(all.len(), &demand) {
            return fail;
        }
        let seen = format!("{fast} of {} calls overflowed and failed", all.len());
        if fast < self.at_least {
            let slow = all.iter().max_by_key(|call| call.took());
            return Finding::fail(
                format!("wanted: at least {} calls fail fast; {seen}", self.at_least),
                excerpts(slow),
            );
        }
        Finding::pass(format!("{seen} within {}", millis(slowest)))
    }
}
