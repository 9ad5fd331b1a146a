//! At most a given share of second tries reach the replica that failed the first.

use meshproof_model::Edge;
use meshproof_model::units::Percent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::Breaches;
use super::ratio;
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::Calls;
use crate::exact::at_least;

/// At most a given share of second tries reach the replica that failed the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetriesElsewhere {
    /// The share of second tries on the same replica.
    pub same: Percent,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for RetriesElsewhere {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, _: &Scene, calls: &Calls) -> Finding {
        let mut breaches = Breaches::default();
        let (mut retried, mut same) = (0_u64, 0_u64);
        for call in calls.all() {
            let [first, second, ..] = call.tries.as_slice() else {
                continue;
            };
            retried += 1;
            if first.replica == second.replica {
                same += 1;
                breaches.hard(call, format!("{} was tried again itself", first.replica));
            }
        }
        if retried == 0 {
            return Finding::inconclusive("no call was tried a second time");
        }
        let bound = self.same.fraction();
        let chance = at_least(same, retried, bound);
        let seen = format!("{same} of {retried} second tries on the same replica");
        if ratio(same, retried) <= bound || chance > ALPHA {
            let missed = misses(retried, bound);
            if missed > BETA {
                return Finding::inconclusive(format!(
                    "{seen}: too few to tell {ONE_SELECTION} (missed with probability {missed:.1e})"
                ));
            }
            return Finding::pass(format!(
                "{seen} (false-fail rate at most {ALPHA:.0e}, {ONE_SELECTION} missed with {missed:.0e})"
            ));
        }
        let demand = format!(
            "at most {} of second tries on the same replica; {seen}, by chance {chance:.1e}",
            self.same
        );
        breaches
            .finding(calls.all().len(), &demand)
            .expect("some second try was on the same replica")
    }
}

/// A mesh whose share is exactly the bound fails with at most this probability.
const ALPHA: f64 = 1e-6;

/// A mesh whose share is [`ONE_SELECTION`] passes with at most this probability.
const BETA: f64 = 1e-2;

/// What choosing again once leaves on the same replica: Envoy with one selection.
const ONE_SELECTION: f64 = 0.11;

/// The probability that such a share passes.
fn misses(retried: u64, bound: f64) -> f64 {
    let refused = (0..=retried).find(|same| at_least(*same, retried, bound) <= ALPHA);
    refused.map_or(1.0, |least| 1.0 - at_least(least, retried, ONE_SELECTION))
}
