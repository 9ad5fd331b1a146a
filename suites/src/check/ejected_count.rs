//! Of many failing replicas as many are ejected as the policy's percentage allows, and no more.

use meshproof_model::units::Duration;
use meshproof_model::{Edge, Excerpt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Finding, OverCalls, one_caller};
use crate::calls::Calls;
use crate::{Case, Scene};

/// Of many failing replicas as many are ejected as the policy's percentage allows, and no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EjectedCount {
    /// How long after the first call all ejections have been made.
    pub after: Duration,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for EjectedCount {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let edge = calls.edge();
        let Some(outlier) = scene.policy(edge).outlier else {
            return Finding::inconclusive("the policy has no outlier ejection");
        };
        let replicas = scene.replicas(&edge.callee);
        let allowed = floor(outlier.max_ejection_percent.fraction(), replicas);
        let first = calls.all().first().map_or(0, |call| call.start);
        let from = first.saturating_add(self.after.as_nanos());
        let tries = calls.all().iter().flat_map(|call| &call.tries);
        let late: Vec<&str> = tries
            .filter(|one| one.start >= from)
            .map(|one| one.replica.as_str())
            .collect();
        let needed = TELLING * usize::try_from(replicas).unwrap_or(usize::MAX);
        if late.len() < needed {
            return Finding::inconclusive(format!(
                "{} attempts after {} are too few to tell who is ejected: at least {needed}",
                late.len(),
                self.after
            ));
        }
        let names = (0..replicas).map(|nth| format!("{}-{nth}", edge.callee));
        let counts: Vec<(String, usize)> = names
            .map(|name| {
                let count = late.iter().filter(|replica| **replica == name).count();
                (name, count)
            })
            .collect();
        let out: Vec<&str> = counts
            .iter()
            .filter(|(_, count)| *count == 0)
            .map(|(name, _)| name.as_str())
            .collect();
        let seen = format!(
            "{} of {replicas} replicas got none of {} attempts after {} ({})",
            out.len(),
            late.len(),
            self.after,
            if out.is_empty() {
                "none".to_owned()
            } else {
                out.join(", ")
            }
        );
        if u32::try_from(out.len()) == Ok(allowed) {
            return Finding::pass(format!("{seen}, by chance with at most {CHANCE:.0e}"));
        }
        let lines = counts
            .iter()
            .map(|(name, count)| format!("{name}: {count}"));
        Finding::fail(
            format!(
                "wanted: {allowed} ejected, which is {} of {replicas} rounded down; {seen}",
                outlier.max_ejection_percent
            ),
            vec![Excerpt {
                subject: format!("attempts after {}", self.after),
                lines: lines.collect(),
            }],
        )
    }

    fn unfit(&self, case: &Case, edge: &Edge) -> Option<String> {
        let outlier = case.policy.get(edge).and_then(|p| p.outlier.as_ref());
        let Some(outlier) = outlier else {
            return Some(format!("the policy of {edge} has no `outlier`"));
        };
        let replicas = case.world.services.get(&edge.callee)?.replicas;
        if floor(outlier.max_ejection_percent.fraction(), replicas) == 0 {
            return Some(format!(
                "{} of {replicas} replicas is none",
                outlier.max_ejection_percent
            ));
        }
        if outlier.base_ejection_time <= case.load.length {
            return Some(
                "ejections end before the load: make `baseEjectionTime` longer".to_owned(),
            );
        }
        one_caller(case, edge)
    }
}

/// So many attempts for each replica, and none at one that is in use, are no chance.
const TELLING: usize = 15;

/// The probability of that, with even draws: e^-15.
const CHANCE: f64 = 3.1e-7;

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of replicas"
)]
fn floor(share: f64, replicas: u32) -> u32 {
    // A hair above, for 0.29 * 100 is 28.999…
    (share.mul_add(f64::from(replicas), 1e-9)).floor() as u32
}
