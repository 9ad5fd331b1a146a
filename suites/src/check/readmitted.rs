//! An ejected replica gets traffic again when its ejection time is over, and not before.

use meshproof_model::Edge;
use meshproof_model::units::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ejection::Timeline;
use super::evidence::millis;
use super::tolerance::{epsilon, latest};
use super::{Finding, OverCalls};
use crate::Case;
use crate::Scene;
use crate::calls::Calls;

/// An ejected replica gets traffic again when its ejection time is over, and not before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Readmitted {
    /// The replica that failed.
    pub replica: String,
    /// How much later than the ejection time and one interval its first attempt may be.
    pub within: Duration,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for Readmitted {
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
        let (interval, base) = (outlier.interval, outlier.base_ejection_time);
        let silent = ejected.saturating_add(latest(interval, None));
        let early = ejected
            .saturating_add(base.as_nanos())
            .saturating_sub(epsilon(base));
        let late = [base, interval, self.within]
            .into_iter()
            .fold(ejected, |at, length| at.saturating_add(length.as_nanos()));
        let demand = format!("no attempt at {} before {base} of ejection", self.replica);
        if let Some(fail) = timeline.none_between(silent, early, &demand) {
            return fail;
        }
        let again = timeline.from(early);
        let seen = match again.first() {
            Some(first) => format!(
                "{} was back {} after its ejection with {} attempts",
                self.replica,
                millis(first.start - ejected),
                again.len()
            ),
            None => format!("{} was never back", self.replica),
        };
        match again.first() {
            Some(first) if first.start <= late && again.len() >= ENOUGH => Finding::pass(seen),
            first => {
                let reference = first.map_or(early, |first| first.start.min(late));
                let others = timeline.elsewhere(reference, calls.last());
                if others < timeline.telling() {
                    return Finding::inconclusive(format!(
                        "{seen}, and only {others} attempts at others could have shown more"
                    ));
                }
                let at = first.map_or(calls.last(), |first| first.start);
                Finding::Fail {
                    why: format!(
                        "wanted: traffic again within {} of ejection; {seen}",
                        millis(late - ejected)
                    ),
                    evidence: timeline.told(ejected),
                    slack: at.checked_sub(late).map(std::time::Duration::from_nanos),
                }
            }
        }
    }

    fn unfit(&self, case: &Case, edge: &Edge) -> Option<String> {
        super::ejection::unfit(case, edge, &self.replica)
    }
}

/// So many attempts show that a replica is in use again.
const ENOUGH: usize = 5;
