//! At least a given share of calls succeed: a whole answer with a status below 400.

use std::time::Duration;

use meshproof_model::units::Percent;
use meshproof_model::{Edge, Method, Nanos, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::excerpts;
use super::share;
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::{Call, Calls};

/// At least a given share of calls succeed: a whole answer with a status below 400.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Succeed {
    /// The share.
    pub at_least: Percent,
    /// Only calls with these methods; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Method>,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for Succeed {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let meant = |call: &&Call| self.methods.is_empty() || self.methods.contains(&call.method);
        let all: Vec<&Call> = calls.all().iter().filter(meant).collect();
        if all.is_empty() {
            return Finding::inconclusive("no call with these methods was recorded");
        }
        let good = all.iter().filter(|call| call.succeeded()).count();
        let open = all.iter().filter(|call| call.end.is_none()).count();
        let enough = |count: usize| share(count, all.len()) >= self.at_least.fraction();
        let methods: String = self
            .methods
            .iter()
            .map(|method| format!("{method} "))
            .collect();
        let seen = format!(
            "{good} of {} {methods}calls {} succeeded ({:.1} %)",
            all.len(),
            calls.edge(),
            100.0 * share(good, all.len())
        );
        if enough(good) {
            return Finding::pass(seen);
        }
        if enough(good + open) {
            return Finding::inconclusive(format!("{seen}, and {open} were open at the end"));
        }
        let failed = all
            .iter()
            .filter(|call| call.end.is_some() && !call.succeeded())
            .copied();
        Finding::Fail {
            why: format!("wanted: at least {} succeed; {seen}", self.at_least),
            evidence: excerpts(failed),
            slack: patience(&all, calls.edge().caller == scene.case.load.on),
        }
    }
}

/// Where no call failed but by the prober's patience: by how much that exceeds what a good call
/// takes, for a slow machine may have used it up. Whom the prober calls, `probed`, cancels its own
/// calls then.
fn patience(calls: &[&Call], probed: bool) -> Option<Duration> {
    let mut good: Vec<_> = calls.iter().filter(|call| call.succeeded()).collect();
    good.sort_by_key(|call| call.took());
    let usual = good.get(good.len() / 2).and_then(|call| call.took());
    let mut shortest = None;
    for call in calls.iter().filter(|call| !call.succeeded()) {
        match &call.end {
            Some((_, outcome))
                if *outcome == Outcome::GaveUp || probed && *outcome == Outcome::Cancelled =>
            {
                let took = call.took()?;
                shortest = Some(shortest.map_or(took, |other: Nanos| other.min(took)));
            }
            Some(_) => return None,
            None => {}
        }
    }
    let over = shortest?.saturating_sub(usual.unwrap_or_default());
    Some(Duration::from_nanos(over))
}
