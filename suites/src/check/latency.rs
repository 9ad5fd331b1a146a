//! The 99th percentile of latency, from the intended sending where there is one, is at most a given time.

use meshproof_model::units::Duration;
use meshproof_model::{Edge, Nanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{excerpts, millis};
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::Call;
use crate::calls::Calls;

/// The 99th percentile of latency, from the intended sending where there is one, is at most a given time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Latency {
    /// The bound on the 99th percentile.
    pub p99: Duration,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for Latency {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, _: &Scene, calls: &Calls) -> Finding {
        let mut latencies: Vec<(Nanos, &Call)> = calls
            .all()
            .iter()
            .map(|call| {
                let end = call.end.as_ref().map_or(calls.last(), |(at, _)| *at);
                (
                    end.saturating_sub(call.intended.unwrap_or(call.start)),
                    call,
                )
            })
            .collect();
        latencies.sort_by_key(|(latency, _)| *latency);
        let count = latencies.len();
        if count < FEWEST {
            return Finding::inconclusive(format!(
                "{count} calls are too few for a 99th percentile: at least {FEWEST}"
            ));
        }
        let (p99, _) = latencies[(count * 99).div_ceil(100) - 1];
        let (median, _) = latencies[count / 2];
        let seen = format!(
            "p99 of {count} calls {} is {}, median {}",
            calls.edge(),
            millis(p99),
            millis(median)
        );
        match p99.checked_sub(self.p99.as_nanos()) {
            None | Some(0) => Finding::pass(seen),
            Some(missed) => Finding::Fail {
                why: format!("wanted: p99 at most {}; {seen}", self.p99),
                evidence: excerpts(latencies.iter().rev().map(|(_, call)| *call)),
                slack: Some(std::time::Duration::from_nanos(missed)),
            },
        }
    }
}

/// Fewer calls have no 99th percentile worth the name: the slowest one would decide alone.
const FEWEST: usize = 100;
