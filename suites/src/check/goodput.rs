//! Under overload the places that a limit gives stay taken by calls that succeed.

use meshproof_model::units::Percent;
use meshproof_model::{Edge, Nanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::excerpts;
use super::{Finding, OverCalls, ratio};
use crate::calls::Calls;
use crate::{Case, Scene};

/// Under overload the places that a limit gives stay taken by calls that succeed.
///
/// Calls a second would tell how fast the machine is as well; how much of the limit is in use does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Goodput {
    /// The least share of the places, over the time in which calls are sent.
    pub at_least: Percent,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for Goodput {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let Some(limits) = scene.policy(calls.edge()).limits else {
            return Finding::inconclusive("the policy has no limits");
        };
        let all = calls.all();
        let from = all.first().map_or(0, |call| call.start);
        let until = all.last().map_or(0, |call| call.start);
        let callers = u64::from(scene.replicas(&calls.edge().caller).max(1));
        let places = u64::from(limits.max_requests) * callers;
        let offered = places.saturating_mul(until.saturating_sub(from));
        let served = all.iter().filter(|call| call.succeeded());
        let taken: Nanos = served
            .clone()
            .filter_map(|call| call.end.as_ref().map(|(at, _)| (*at).min(until)))
            .zip(served.clone().map(|call| call.start))
            .map(|(end, start)| end.saturating_sub(start))
            .sum();
        if offered == 0 || all.iter().all(|call| call.tries.is_empty()) {
            return Finding::inconclusive("no attempt reached an upstream");
        }
        let turned_away = all.iter().filter(|call| call.tries.is_empty());
        let seen = format!(
            "{} of {} calls succeeded, and kept {:.0} % of {places} places taken",
            served.count(),
            all.len(),
            100.0 * ratio(taken, offered)
        );
        if ratio(taken, offered) >= self.at_least.fraction() {
            return Finding::pass(seen);
        }
        if turned_away.clone().next().is_none() {
            return Finding::inconclusive(format!("{seen}: none was turned away"));
        }
        Finding::fail(
            format!("wanted: at least {} of the places; {seen}", self.at_least),
            excerpts(turned_away),
        )
    }

    fn unfit(&self, case: &Case, edge: &Edge) -> Option<String> {
        let limits = case.policy.get(edge).and_then(|p| p.limits.as_ref());
        limits
            .is_none()
            .then(|| format!("the policy of {edge} has no `limits`"))
    }
}
