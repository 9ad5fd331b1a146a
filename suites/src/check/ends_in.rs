//! Every call ends at a given time after its start, by an error that the mesh made.

use meshproof_model::units::Duration;
use meshproof_model::{Edge, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Breaches, millis, name};
use super::tolerance::tolerance;
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::Calls;

/// Every call ends at a given time after its start, by an error that the mesh made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndsIn {
    /// When, after the call's start.
    pub at: Duration,
    /// The status of the mesh's answer; any error, a broken connection too, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The tolerance; the greater of 25 ms and a tenth of the time when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Duration>,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for EndsIn {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, _: &Scene, calls: &Calls) -> Finding {
        let at = self.at.as_nanos();
        let tolerance = tolerance(self.tolerance, self.at);
        let latest = at.saturating_add(tolerance);
        let mut breaches = Breaches::default();
        let (mut least, mut most, mut judged) = (u64::MAX, 0, 0);
        for call in calls.all() {
            let seen = call.took().unwrap_or(calls.last() - call.start);
            if call.end.is_none() && seen <= latest {
                continue;
            }
            judged += 1;
            least = least.min(seen);
            most = most.max(seen);
            if seen > latest {
                breaches.late(
                    call,
                    seen - latest,
                    format!("not over before {}", millis(seen)),
                );
            } else if seen < at.saturating_sub(tolerance) {
                breaches.hard(call, format!("over after {} already", millis(seen)));
            } else if !call.failed_by_mesh() {
                breaches.hard(call, "it ended otherwise than by an error of the mesh");
            } else if self
                .status
                .is_some_and(|status| !call.answered_with(status))
            {
                let outcome = call.end.as_ref().map_or(&Outcome::GaveUp, |(_, end)| end);
                breaches.hard(call, format!("it ended by {}", name(outcome)));
            }
        }
        if judged == 0 {
            return Finding::inconclusive("every call was open when the records ended");
        }
        let demand = format!(
            "every call ends by {} of the mesh at {} ± {}",
            self.status.map_or("an error".to_owned(), |status| format!(
                "an answer {status}"
            )),
            self.at,
            millis(tolerance)
        );
        breaches.finding(judged, &demand).unwrap_or_else(|| {
            Finding::pass(format!(
                "{judged} calls ended by an error of the mesh after {} to {}",
                millis(least),
                millis(most)
            ))
        })
    }
}
