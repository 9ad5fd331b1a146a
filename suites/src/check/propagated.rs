//! A change of weights moves the traffic of every data plane within a given time.

use meshproof_model::units::Duration;
use meshproof_model::{Edge, Nanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{excerpts, millis};
use super::{Finding, OverCalls, window};
use crate::calls::{Call, Calls};
use crate::{Case, Scene, service_of};

/// A change of weights moves the traffic of every data plane within a given time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Propagated {
    /// The number of the change, from 0. It gives a backend that had a weight the weight 0.
    pub change: u32,
    /// How long after its beginning the last call may go to such a backend.
    pub within: Duration,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for Propagated {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let edge = calls.edge();
        let life = calls.lives().change(place(self.change));
        let Some(begun) = life.begun else {
            return Finding::inconclusive(format!("change {} was never begun", self.change));
        };
        let left = left(scene, edge, self.change);
        let mut took: Vec<(Nanos, Option<&Call>)> = Vec::new();
        for nth in 0..scene.replicas(&edge.caller) {
            let name = format!("{}-{nth}", edge.caller);
            let later: Vec<&Call> = calls
                .all()
                .iter()
                .filter(|call| call.caller == name && call.start >= begun)
                .filter(|call| !call.tries.is_empty())
                .collect();
            let stale = |call: &&&Call| {
                let backend = service_of(&call.tries[0].replica);
                left.iter().any(|name| name == backend)
            };
            let last = later.iter().rfind(stale).copied();
            let moved = later.iter().rev().take_while(|call| !stale(call)).count();
            if moved < ENOUGH && last.is_none() {
                return Finding::inconclusive(format!(
                    "{name} made {moved} calls after the change, {ENOUGH} are needed"
                ));
            }
            took.push((last.map_or(0, |call| call.start - begun), last));
        }
        took.sort_by_key(|(length, _)| *length);
        let quantile = |share: usize| took[(took.len() * share).div_ceil(100) - 1].0;
        if took.is_empty() {
            return Finding::inconclusive("there is no data plane");
        }
        let seen = format!(
            "the last call by the policy before went out {} (p50) to {} (p99) after the change over {} data planes",
            millis(quantile(50)),
            millis(quantile(99)),
            took.len()
        );
        let (longest, stale) = took[took.len() - 1];
        match longest.checked_sub(self.within.as_nanos()) {
            None | Some(0) => Finding::pass(seen),
            Some(missed) => Finding::Fail {
                why: format!("wanted: within {}; {seen}", self.within),
                evidence: excerpts(stale),
                slack: Some(std::time::Duration::from_nanos(missed)),
            },
        }
    }

    fn unfit(&self, case: &Case, edge: &Edge) -> Option<String> {
        let scene = Scene { case, budget: None };
        window::unfit(case, edge, Some(self.change)).or_else(|| {
            left(&scene, edge, self.change)
                .is_empty()
                .then(|| format!("change {} takes all weight from no backend", self.change))
        })
    }
}

/// So many calls by the new policy show that it acts.
const ENOUGH: usize = 5;

/// The backends that have a weight before the change and none after it.
fn left(scene: &Scene, edge: &Edge, change: u32) -> Vec<String> {
    let before = window::policy(scene, edge, change.checked_sub(1));
    let after = window::policy(scene, edge, Some(change));
    let gone = |name: &str| {
        let mut refs = after.backend_refs.iter();
        !refs.any(|backend| backend.name == name && backend.weight > 0)
    };
    let before = before.backend_refs.into_iter();
    before
        .filter(|backend| backend.weight > 0 && gone(&backend.name))
        .map(|backend| backend.name)
        .collect()
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
