//! A replica whose fault is gone serves again within a given time.

use meshproof_model::units::Duration;
use meshproof_model::{Edge, Nanos, Target};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{excerpts, millis};
use super::{Finding, OverCalls};
use crate::calls::Calls;
use crate::validate::replica_problem;
use crate::{Case, Scene};

/// A replica whose fault is gone serves again within a given time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServedAgain {
    /// The replica, on which a fault sits.
    pub replica: String,
    /// How long after the fault was taken back.
    pub within: Duration,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for ServedAgain {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let replica = &self.replica;
        let fault = faults(scene.case, replica).max_by_key(|nth| scene.case.faults[*nth].until);
        let reverted = fault.and_then(|nth| calls.lives().fault(nth).reverted);
        let Some(reverted) = reverted else {
            return Finding::inconclusive(format!("no fault on {replica} was seen to go"));
        };
        let late = reverted.saturating_add(self.within.as_nanos());
        let good = calls
            .all()
            .iter()
            .filter(|call| {
                let at_it = |one: &crate::calls::Try| {
                    one.replica == *replica
                        && one.start >= reverted
                        && one.status().is_some_and(|status| status < 400)
                };
                call.succeeded() && call.tries.last().is_some_and(at_it)
            })
            .filter_map(|call| call.end.as_ref().map(|(at, _)| *at))
            .min();
        let after = |at: Nanos| millis(at.saturating_sub(reverted));
        match good {
            Some(at) if at <= late => {
                Finding::pass(format!("{replica} served again {} later", after(at)))
            }
            None if calls.last() <= late => Finding::inconclusive(format!(
                "{replica} did not serve again in the {} that were left to see",
                after(calls.last())
            )),
            good => {
                let at = good.unwrap_or(calls.last());
                let seen = match good {
                    Some(at) => format!("it did after {}", after(at)),
                    None => format!("it did not in {}", after(calls.last())),
                };
                let failed = calls.all().iter().filter(|call| call.start >= reverted);
                Finding::Fail {
                    why: format!(
                        "wanted: {replica} serves again within {}; {seen}",
                        self.within
                    ),
                    evidence: excerpts(failed.filter(|call| !call.succeeded())),
                    slack: Some(std::time::Duration::from_nanos(at - late)),
                }
            }
        }
    }

    fn unfit(&self, case: &Case, edge: &Edge) -> Option<String> {
        if crate::service_of(&self.replica) != edge.callee {
            return Some(format!(
                "{edge} never reaches the replica `{}`",
                self.replica
            ));
        }
        let none = faults(case, &self.replica).next().is_none();
        let none = none.then(|| format!("no fault sits on `{}`", self.replica));
        replica_problem(case, &self.replica).or(none)
    }
}

/// The faults on a replica.
fn faults<'a>(case: &'a Case, replica: &'a str) -> impl Iterator<Item = usize> + 'a {
    let on_it = move |target: &Target| match target {
        Target::Replica(name) => name == replica,
        Target::Service(name) => name == crate::service_of(replica),
        Target::Link(link) => link.replica.as_deref() == Some(replica),
        _ => false,
    };
    let all = case.faults.iter().enumerate();
    all.filter(move |(_, fault)| on_it(&fault.on))
        .map(|(nth, _)| nth)
}
