//! What a check needs to know of the case it judges.

use indexmap::IndexMap;
use meshproof_model::{BudgetKind, Edge, Policy, Record};

use crate::Case;

/// The replica name under which the load driver records.
pub const PROBER: &str = "prober";

/// What a check needs to know of the case it judges.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The case.
    pub case: &'a Case,
    /// How the mesh counts a retry budget, if it has one.
    pub budget: Option<BudgetKind>,
}

impl Scene<'_> {
    /// The call that a check speaks of: the named one, else the one that has a policy, else the
    /// prober's own.
    #[must_use]
    pub fn call(&self, named: Option<&Edge>) -> Edge {
        named
            .or_else(|| self.case.only_policy_edge())
            .cloned()
            .unwrap_or_else(|| Edge {
                caller: PROBER.to_owned(),
                callee: self.case.load.on.clone(),
            })
    }

    /// The policy of a call; the empty one where the case gives none.
    #[must_use]
    pub fn policy(&self, call: &Edge) -> Policy {
        said_of(&self.case.policy, call)
            .cloned()
            .unwrap_or_default()
    }

    /// How many replicas a service has; none when it is not in the world.
    #[must_use]
    pub fn replicas(&self, service: &str) -> u32 {
        let services = &self.case.world.services;
        services.get(service).map_or(0, |service| service.replicas)
    }
}

impl Case {
    /// The call that has a policy, when exactly one has.
    #[must_use]
    pub fn only_policy_edge(&self) -> Option<&Edge> {
        let mut edges = self.policy.keys();
        match (edges.next(), edges.next()) {
            (Some(edge), None) if *edge != Edge::every() => Some(edge),
            _ => None,
        }
    }
}

/// What policies say of a call, by its name or by `*->*`.
pub(crate) fn said_of<'a>(policies: &'a IndexMap<Edge, Policy>, call: &Edge) -> Option<&'a Policy> {
    policies.get(call).or_else(|| policies.get(&Edge::every()))
}

/// The service of a replica: `b` for `b-1`; the name itself for `prober`.
#[must_use]
pub fn service_of(replica: &str) -> &str {
    match replica.rsplit_once('-') {
        Some((service, number)) if number.bytes().all(|b| b.is_ascii_digit()) => service,
        _ => replica,
    }
}

/// Whether a trace belongs to the load, and so to the verdict's window.
pub(crate) fn of_load(trace: &str) -> bool {
    trace.starts_with("load.")
}

/// The records of the load's requests begin here: for a start, whether the load caused it.
pub(crate) fn load_start(record: &Record) -> Option<&meshproof_model::AttemptStarted> {
    match record {
        Record::AttemptStarted(start) if of_load(&start.trace) => Some(start),
        _ => None,
    }
}
