//! A call whose tries all failed at their upstream is a failure for its caller too.

use meshproof_model::{Edge, Outcome};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::Breaches;
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::{Calls, Try};

/// A call whose tries all failed at their upstream is a failure for its caller too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FailuresTold {
    /// The least number of such calls.
    pub at_least: u32,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for FailuresTold {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, _: &Scene, calls: &Calls) -> Finding {
        let mut breaches = Breaches::default();
        let (mut failed, mut open) = (0_u32, 0_u32);
        for call in calls.all() {
            if call.tries.is_empty() || !call.tries.iter().all(failed_at_callee) {
                continue;
            }
            if call.succeeded() {
                breaches.hard(call, "passed off as a success");
            }
            failed += 1;
            open += u32::from(call.end.is_none());
        }
        let all = calls.all().len();
        if let Some(fail) = breaches.finding(all, "what fails at its upstream fails for its caller")
        {
            return fail;
        }
        let told = failed - open;
        if told < self.at_least {
            return Finding::inconclusive(format!(
                "{told} of {all} calls failed at their upstream and ended, {} are needed",
                self.at_least
            ));
        }
        Finding::pass(format!(
            "{told} calls failed at their upstream and for their caller"
        ))
    }
}

fn failed_at_callee(one: &Try) -> bool {
    match &one.end {
        None => false,
        Some((_, Outcome::Answered { status, .. })) => *status >= 400,
        Some(_) => true,
    }
}
