//! At least a given number of retries reach the upstream.

use meshproof_model::{Edge, Method};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::excerpts;
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::Call;
use crate::calls::Calls;

/// At least a given number of retries reach the upstream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetriesSeen {
    /// The least number of retries.
    pub at_least: u32,
    /// Only calls with these methods; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Method>,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for RetriesSeen {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, _: &Scene, calls: &Calls) -> Finding {
        let wanted = |call: &&Call| self.methods.is_empty() || self.methods.contains(&call.method);
        let judged: Vec<&Call> = calls.all().iter().filter(wanted).collect();
        if judged.iter().all(|call| call.tries.is_empty()) {
            return Finding::inconclusive("no attempt reached an upstream");
        }
        let retries: usize = judged
            .iter()
            .map(|call| call.tries.len().saturating_sub(1))
            .sum();
        let seen = format!("{retries} retries in {} calls", judged.len());
        if retries >= usize::try_from(self.at_least).unwrap_or(usize::MAX) {
            return Finding::pass(seen);
        }
        let alone = judged.into_iter().filter(|call| call.tries.len() == 1);
        Finding::fail(
            format!("wanted: at least {} retries; got {seen}", self.at_least),
            excerpts(alone),
        )
    }
}
