//! What a caller takes for a whole answer is what its upstream sent, and the other way round.

use meshproof_model::{Edge, Method, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::Breaches;
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::{Call, Calls};

/// An answer that its caller takes for whole is, byte for byte, one that its upstream sent in full,
/// and so is the request. A call that breaks off is an error to its caller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Intact {
    /// The least number of answers of the upstream that have to be compared.
    pub at_least: u32,
    /// The least number of calls that have to break off: that begin at their upstream and end without
    /// its whole answer.
    #[serde(default, skip_serializing_if = "is_none")]
    pub broken: u32,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

impl OverCalls for Intact {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, _: &Scene, calls: &Calls) -> Finding {
        let mut breaches = Breaches::default();
        let (mut whole, mut broken) = (0_u32, 0_u32);
        for call in calls.all() {
            match &call.end {
                Some((
                    _,
                    Outcome::Answered {
                        status,
                        by: Some(by),
                    },
                )) => match flaw(call, *status, by) {
                    None => whole += 1,
                    Some(flaw) => breaches.hard(call, flaw),
                },
                Some(_) if !call.tries.is_empty() => broken += 1,
                _ => {}
            }
        }
        let demand = "an answer that is taken for whole is what was sent";
        if let Some(fail) = breaches.finding(calls.all().len(), demand) {
            return fail;
        }
        let seen = format!("{whole} answers were whole, and {broken} calls broke off");
        if whole < self.at_least || broken < self.broken {
            return Finding::inconclusive(format!(
                "{seen}: {} and {} are needed",
                self.at_least, self.broken
            ));
        }
        Finding::pass(seen)
    }
}

/// What is wrong with an answer that its caller took for a whole one of this replica; none: nothing.
fn flaw(call: &Call, status: u16, by: &str) -> Option<String> {
    let mut seen = format!("an answer of {by}, which never saw the call");
    for one in call.tries.iter().filter(|one| one.replica == by) {
        seen = match one.status() {
            None => format!("taken for whole, but {by} never sent it in full"),
            Some(told) if told != status => {
                format!("{by} answered {told}, and its caller got {status}")
            }
            // Nobody is sent the body of an answer to HEAD.
            Some(_) if call.method != Method::Head && one.bodies.sent != call.bodies.received => {
                format!("{by} sent another body than its caller got")
            }
            Some(_) if one.bodies.received != call.bodies.sent => {
                format!("{by} got another body than its caller sent")
            }
            Some(_) => return None,
        };
    }
    Some(seen)
}
