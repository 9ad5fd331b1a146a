//! Only answers with given statuses are followed by another try.

use meshproof_model::{Edge, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::Breaches;
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::Calls;

/// Only answers with given statuses are followed by another try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetriedOnly {
    /// The statuses that may be tried again.
    pub codes: Vec<u16>,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for RetriedOnly {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, _: &Scene, calls: &Calls) -> Finding {
        let mut breaches = Breaches::default();
        let mut unlisted = 0;
        for call in calls.all() {
            for (nth, one) in call.tries.iter().enumerate() {
                let Some((at, Outcome::Answered { status, .. })) = &one.end else {
                    continue;
                };
                if self.codes.contains(status) {
                    continue;
                }
                unlisted += 1;
                if call.tries[nth + 1..].iter().any(|next| next.start > *at) {
                    breaches.hard(call, format!("tried again after {status}"));
                }
            }
        }
        if unlisted == 0 {
            return Finding::inconclusive("no upstream answered with a status that is not listed");
        }
        let demand = format!("only answers with {:?} are tried again", self.codes);
        breaches
            .finding(calls.all().len(), &demand)
            .unwrap_or_else(|| {
                Finding::pass(format!("{unlisted} answers with other statuses were final"))
            })
    }
}
