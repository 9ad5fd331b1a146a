//! Every call is over within a given time whatever the retries, and none of its tries starts later.

use meshproof_model::Edge;
use meshproof_model::units::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Breaches, millis};
use super::tolerance::latest;
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::Calls;

/// Every call is over within a given time whatever the retries, and none of its tries starts later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeadlineKept {
    /// How long a call may take.
    pub within: Duration,
    /// Tries may begin later: what stood still or was held back may deliver an old request when it goes on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late_tries: bool,
    /// The tolerance; the greater of 25 ms and a tenth of the time when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Duration>,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for DeadlineKept {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, _: &Scene, calls: &Calls) -> Finding {
        let bound = latest(self.within, self.tolerance);
        let mut breaches = Breaches::default();
        let (mut judged, mut longest) = (0_usize, 0);
        for call in calls.all() {
            let seen = call.took().unwrap_or(calls.last() - call.start);
            if call.end.is_some() || seen > bound {
                judged += 1;
                longest = longest.max(seen);
            }
            if seen > bound {
                breaches.late(
                    call,
                    seen - bound,
                    format!("not over before {}", millis(seen)),
                );
            }
            for one in call.tries.iter().filter(|_| !self.late_tries) {
                let after = one.start.saturating_sub(call.start);
                if after > bound {
                    breaches.late(
                        call,
                        after - bound,
                        format!("a try began after {}", millis(after)),
                    );
                }
            }
        }
        if judged == 0 {
            return Finding::inconclusive("every call was open when the records ended");
        }
        let and = if self.late_tries {
            ""
        } else {
            ", and no try begins,"
        };
        let demand = format!("calls are over{and} after {}", millis(bound));
        breaches.finding(judged, &demand).unwrap_or_else(|| {
            Finding::pass(format!("{judged} calls took at most {}", millis(longest)))
        })
    }
}
