//! Replicas that leave and join while the load runs: what reaches them, and when.

use meshproof_model::units::Duration;
use meshproof_model::{Edge, Expire, Nanos, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Breaches, excerpts, millis};
use super::{Finding, OverCalls};
use crate::calls::{Call, Calls};
use crate::{Case, Scene};

/// A replica that is withdrawn or drained (its sidecar alone, or all of it), or becomes an impostor,
/// or whose certificate is over, gets no attempt later than a given time after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Withdrawn {
    /// The number of the change, from 0, that withdraws, drains, disguises or expires it.
    pub change: u32,
    /// How long after its callers have seen it.
    pub within: Duration,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

/// A replica that is admitted gets its first attempt within a given time, and none before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Joined {
    /// The number of the change, from 0, that admits it.
    pub change: u32,
    /// How long after the change was begun.
    pub within: Duration,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for Withdrawn {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let replica = leaves(scene.case, self.change).unwrap_or_default();
        let Some(acts) = calls.lives().change(place(self.change)).acts else {
            return Finding::inconclusive(format!("change {} was not seen to act", self.change));
        };
        let from = acts.saturating_add(self.within.as_nanos());
        let until = back(scene.case, calls, self.change, replica);
        let mut breaches = Breaches::default();
        let (mut before, mut others) = (0, 0);
        let good_from = good_from(scene.case, calls, self.change);
        for (at, name, call) in attempts(calls) {
            match (name == replica, at < acts) {
                (true, true) => before += u32::from(at >= good_from),
                (true, false) if (from..until).contains(&at) => {
                    let late = at - from;
                    breaches.late(call, late, format!("{} too late", millis(late)));
                }
                (false, false) if (from..until).contains(&at) => others += 1,
                _ => {}
            }
        }
        let state = state(scene.case, self.change);
        let demand = format!("no attempt at {replica} once it is {state}");
        if let Some(fail) = breaches.finding(calls.all().len(), &demand) {
            return fail;
        }
        if before < ENOUGH || others < TELLING * scene.replicas(&calls.edge().callee) {
            return Finding::inconclusive(format!(
                "{before} attempts at {replica} before it was {state} and {others} at others after are too few"
            ));
        }
        Finding::pass(format!(
            "{replica} got {before} attempts before it was {state} and none after, others {others}"
        ))
    }

    fn unfit(&self, case: &Case, edge: &Edge) -> Option<String> {
        let replica = leaves(case, self.change);
        at_callee(replica, self.change, "withdraws or drains", edge)
    }
}

impl OverCalls for Joined {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let replica = joins(scene.case, self.change).unwrap_or_default();
        let Some(begun) = calls.lives().change(place(self.change)).begun else {
            return Finding::inconclusive(format!("change {} was never begun", self.change));
        };
        let late = begun.saturating_add(self.within.as_nanos());
        let here: Vec<(Nanos, &Call)> = attempts(calls)
            .filter(|(_, name, _)| *name == replica)
            .map(|(at, _, call)| (at, call))
            .collect();
        let absent = scene.case.world.absent().contains(replica);
        let early = here.iter().filter(|(at, _)| absent && *at < begun);
        let early: Vec<&Call> = early.map(|(_, call)| *call).collect();
        if !early.is_empty() {
            let why = format!(
                "wanted: nothing reaches {replica} before it is admitted; {} attempts did",
                early.len()
            );
            return Finding::fail(why, excerpts(early));
        }
        let after: Vec<&(Nanos, &Call)> = here.iter().filter(|(at, _)| *at >= begun).collect();
        let first = after.iter().map(|(at, _)| *at).min();
        let others = attempts(calls).filter(|(at, name, _)| *at >= late && *name != replica);
        match first {
            Some(at) if at <= late && after.len() >= ENOUGH as usize => Finding::pass(format!(
                "{replica} got its first attempt {} after it was to join, {} in all",
                millis(at - begun),
                after.len()
            )),
            _ if others.count() < (TELLING * scene.replicas(&calls.edge().callee)) as usize => {
                Finding::inconclusive(format!(
                    "too little was left to see of {replica} joining: it got {} attempts",
                    after.len()
                ))
            }
            first => {
                let at = first.unwrap_or(calls.last());
                Finding::Fail {
                    why: format!(
                        "wanted: {replica} has traffic {} after it was to join; it got {} attempts, {}",
                        self.within,
                        after.len(),
                        first.map_or("none at all".to_owned(), |at| format!(
                            "the first after {}",
                            millis(at - begun)
                        ))
                    ),
                    evidence: excerpts(after.iter().map(|(_, call)| *call)),
                    slack: at.checked_sub(late).map(std::time::Duration::from_nanos),
                }
            }
        }
    }

    fn unfit(&self, case: &Case, edge: &Edge) -> Option<String> {
        at_callee(joins(case, self.change), self.change, "admits", edge)
    }
}

/// So many attempts show that a replica is in use.
const ENOUGH: u32 = 5;

/// So many attempts at others for each replica, without one here, are no chance: e^-15.
const TELLING: u32 = 15;

fn attempts(calls: &Calls) -> impl Iterator<Item = (Nanos, &str, &Call)> {
    calls.all().iter().flat_map(|call| {
        let tries = call.tries.iter();
        tries.map(move |one| (one.start, one.replica.as_str(), call))
    })
}

/// The replica that a change takes away.
fn leaves(case: &Case, change: u32) -> Option<&str> {
    match &case.changes.get(place(change))?.operation {
        Operation::Withdraw(replica)
        | Operation::Drain(replica)
        | Operation::DrainSidecar(replica)
        | Operation::Impostor(replica)
        | Operation::Expire(Expire { replica, .. }) => Some(replica),
        _ => None,
    }
}

/// What a replica that leaves is from then on.
fn state(case: &Case, change: u32) -> &'static str {
    match case
        .changes
        .get(place(change))
        .map(|change| &change.operation)
    {
        Some(Operation::Impostor(_)) => "an impostor",
        Some(Operation::Expire(_)) => "expired",
        Some(Operation::DrainSidecar(_)) => "drained",
        _ => "withdrawn",
    }
}

/// The replica that a change brings in.
fn joins(case: &Case, change: u32) -> Option<&str> {
    match &case.changes.get(place(change))?.operation {
        Operation::Admit(replica) => Some(replica),
        _ => None,
    }
}

/// From when on attempts show that a replica was in use before a change took it away: a certificate
/// that is soon over is shown from the beginning of its change, and good until it acts.
fn good_from(case: &Case, calls: &Calls, change: u32) -> Nanos {
    let expires = case
        .changes
        .get(place(change))
        .is_some_and(|change| matches!(change.operation, Operation::Expire(_)));
    let begun = calls.lives().change(place(change)).begun;
    begun.filter(|_| expires).unwrap_or_default()
}

/// When a replica that was taken away by `change` is brought back.
fn back(case: &Case, calls: &Calls, change: u32, replica: &str) -> Nanos {
    (change + 1..)
        .take_while(|next| case.changes.get(place(*next)).is_some())
        .find(|next| joins(case, *next) == Some(replica))
        .and_then(|next| calls.lives().change(place(next)).begun)
        .unwrap_or(Nanos::MAX)
}

fn at_callee(replica: Option<&str>, change: u32, does: &str, edge: &Edge) -> Option<String> {
    match replica {
        None => Some(format!(
            "change {change} {does} no replica; changes count from 0"
        )),
        Some(replica) if crate::service_of(replica) != edge.callee => {
            Some(format!("{edge} never reaches the replica `{replica}`"))
        }
        Some(_) => None,
    }
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
