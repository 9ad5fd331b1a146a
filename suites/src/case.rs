//! A case: one numbered demand, and all that is needed to put a mesh to it.

use indexmap::IndexMap;
use meshproof_model::units::Duration;
use meshproof_model::{Capability, Change, Edge, Fault, Level, Load, Policy, World};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Expect;

/// A demand on a mesh. It has the same form in a suite's files and in a history's header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// Dotted and stable: `resilience.retry.bounded`.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// The demand in one sentence.
    pub statement: String,
    /// Where the demand comes from.
    pub sources: Vec<String>,
    /// What the mesh must be able to do for the demand to bind.
    #[serde(default)]
    pub requires: Vec<Capability>,
    /// What is deployed.
    pub world: World,
    /// What the mesh shall do, for each call that has a policy; `*->*` is every call not named besides.
    #[serde(default)]
    pub policy: IndexMap<Edge, Policy>,
    /// The gate between handing the policy over and judging behaviour.
    #[serde(default)]
    pub acts: Acts,
    /// The requests that are sent.
    pub load: Load,
    /// What is broken, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// What an operator does meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// What must be seen.
    pub expect: Vec<Expect>,
    /// The ways of breaking the reference mesh that this case must catch.
    #[serde(default)]
    pub sabotage: Vec<String>,
    /// Runs by itself, with no other case beside it.
    #[serde(default)]
    pub alone: bool,
    /// Is also run without any mesh and must be seen to fail there, else it proves nothing.
    #[serde(default)]
    pub control: bool,
}

impl Case {
    /// The policy of each call that has one; where the case speaks of `*->*`, that is every call.
    #[must_use]
    pub fn policies(&self) -> IndexMap<Edge, Policy> {
        self.spread(&self.policy)
    }

    /// What `policies` say of each call: that of `*->*` goes to all that are not named besides.
    #[must_use]
    pub fn spread(&self, policies: &IndexMap<Edge, Policy>) -> IndexMap<Edge, Policy> {
        let mut spread = policies.clone();
        if let Some(policy) = spread.shift_remove(&Edge::every()) {
            for edge in self.world.edges() {
                spread.entry(edge).or_insert_with(|| policy.clone());
            }
        }
        spread
    }
}

/// The gate of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Acts {
    /// How long the policy may take from being handed over to acting.
    pub within: Duration,
}

impl Default for Acts {
    fn default() -> Self {
        Self {
            within: Duration::from_millis(5000),
        }
    }
}
