//! No call reaches its upstream more often than a given number of times.

use meshproof_model::{Edge, Method};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::Breaches;
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::Call;
use crate::calls::Calls;

/// No call reaches its upstream more often than a given number of times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttemptsPerCall {
    /// The greatest number of attempts.
    pub at_most: u32,
    /// Only calls with these methods; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Method>,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for AttemptsPerCall {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, _: &Scene, calls: &Calls) -> Finding {
        let wanted = |call: &&Call| self.methods.is_empty() || self.methods.contains(&call.method);
        let limit = usize::try_from(self.at_most).unwrap_or(usize::MAX);
        let mut breaches = Breaches::default();
        let (mut judged, mut attempts, mut most) = (0, 0, 0);
        for call in calls.all().iter().filter(wanted) {
            let tries = call.tries.len();
            judged += 1;
            attempts += tries;
            most = most.max(tries);
            if tries > limit {
                breaches.hard(call, format!("{} with {tries} attempts", call.method));
            }
        }
        if attempts == 0 {
            return Finding::inconclusive("no attempt reached an upstream");
        }
        let methods: Vec<_> = self.methods.iter().map(|m| m.name()).collect();
        let of = match methods.as_slice() {
            [] => "a call".to_owned(),
            methods => format!("a {} call", methods.join(" or ")),
        };
        let demand = format!("at most {limit} attempts for {of}");
        breaches.finding(judged, &demand).unwrap_or_else(|| {
            Finding::pass(format!(
                "at most {most} attempts for {of} in {judged} calls"
            ))
        })
    }
}
