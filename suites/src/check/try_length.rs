//! Every try is over at its callee within a given time.

use meshproof_model::Edge;
use meshproof_model::units::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Breaches, millis};
use super::tolerance::latest;
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::Calls;

/// Every try is over at its callee within a given time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TryLength {
    /// How long a try may take.
    pub at_most: Duration,
    /// The tolerance; the greater of 25 ms and a tenth of the time when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Duration>,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for TryLength {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, _: &Scene, calls: &Calls) -> Finding {
        let bound = latest(self.at_most, self.tolerance);
        let mut breaches = Breaches::default();
        let (mut judged, mut longest) = (0_usize, 0);
        for call in calls.all() {
            for one in &call.tries {
                let end = one.end.as_ref().map_or(calls.last(), |(at, _)| *at);
                let length = end.saturating_sub(one.start);
                if one.end.is_none() && length <= bound {
                    continue;
                }
                judged += 1;
                longest = longest.max(length);
                if length > bound {
                    breaches.late(
                        call,
                        length - bound,
                        format!("a try at {} took {}", one.replica, millis(length)),
                    );
                }
            }
        }
        if judged == 0 {
            return Finding::inconclusive("no try was recorded to its end by an upstream");
        }
        let demand = format!("every try is over at its upstream within {}", millis(bound));
        breaches
            .finding(calls.all().len(), &demand)
            .unwrap_or_else(|| {
                Finding::pass(format!(
                    "{judged} tries took at most {} at their upstream",
                    millis(longest)
                ))
            })
    }
}
