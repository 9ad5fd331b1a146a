//! Every call gets its answer from the upstream: none is cut.

use meshproof_model::{Edge, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Breaches, millis, name};
use super::tolerance::epsilon;
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::Calls;

/// Every call gets its answer from the upstream: none is cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnsweredByUpstream {
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for AnsweredByUpstream {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let timeouts = scene.policy(calls.edge()).timeouts.unwrap_or_default();
        let mut breaches = Breaches::default();
        let (mut answered, mut longest, mut open) = (0, 0, 0);
        for call in calls.all() {
            let took = call.took().unwrap_or_default();
            match &call.end {
                None => open += 1,
                Some((_, Outcome::Answered { by: Some(_), .. })) => {
                    answered += 1;
                    longest = longest.max(took);
                }
                Some((_, outcome)) => {
                    let what = format!("{} after {}", name(outcome), millis(took));
                    match timeouts.request {
                        // Cut at its deadline: by right if the machine held the upstream up for as
                        // long as the case leaves in reserve, which is half of the deadline.
                        Some(limit) if took.saturating_add(epsilon(limit)) >= limit.as_nanos() => {
                            breaches.late(call, limit.as_nanos() / 2, what);
                        }
                        _ => breaches.hard(call, what),
                    }
                }
            }
        }
        let all = calls.all().len();
        if let Some(fail) = breaches.finding(all, "every call is answered by its upstream") {
            return fail;
        }
        if open > 0 {
            return Finding::inconclusive(format!("{open} of {all} calls were open at the end"));
        }
        Finding::pass(format!(
            "{answered} calls were answered by their upstream, the slowest after {}",
            millis(longest)
        ))
    }
}
