//! A replica that keeps failing gets no traffic after its last permitted error, and not before.

use meshproof_model::Edge;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ejection::Timeline;
use super::evidence::millis;
use super::tolerance::{epsilon, latest};
use super::{Finding, OverCalls};
use crate::Case;
use crate::Scene;
use crate::calls::Calls;

/// A replica that keeps failing gets no traffic after its last permitted error, and not before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ejected {
    /// The replica that fails.
    pub replica: String,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for Ejected {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let Some(outlier) = scene.policy(calls.edge()).outlier else {
            return Finding::inconclusive("the policy has no outlier ejection");
        };
        let timeline = Timeline::of(calls, &self.replica);
        let ejected = match timeline.ejected(&outlier) {
            Ok(at) => at,
            Err(finding) => return finding,
        };
        let from = ejected.saturating_add(latest(outlier.interval, None));
        let base = outlier.base_ejection_time;
        let until = ejected
            .saturating_add(base.as_nanos())
            .saturating_sub(epsilon(base));
        let others = timeline.elsewhere(from, until);
        if others < timeline.telling() {
            return Finding::inconclusive(format!(
                "only {others} attempts at other replicas while {} was to be ejected",
                self.replica
            ));
        }
        let demand = format!(
            "no attempt at {} later than {} after its {} consecutive errors",
            self.replica,
            millis(from - ejected),
            outlier.consecutive_errors
        );
        timeline
            .none_between(from, until, &demand)
            .unwrap_or_else(|| {
                Finding::pass(format!(
                    "{} got nothing after {} consecutive errors, others {others} attempts",
                    self.replica, outlier.consecutive_errors
                ))
            })
    }

    fn unfit(&self, case: &Case, edge: &Edge) -> Option<String> {
        super::ejection::unfit(case, edge, &self.replica)
    }
}
