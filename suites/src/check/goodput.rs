//! So many calls succeed a second while the load lasts.

use meshproof_model::Edge;
use meshproof_model::units::Rate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::excerpts;
use super::{Finding, OverCalls, share};
use crate::Scene;
use crate::calls::Calls;

/// So many calls succeed a second while the load lasts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Goodput {
    /// How many.
    pub at_least: Rate,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for Goodput {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let seconds = scene.case.load.length.std().as_secs_f64();
        let rate = |count: usize| share(count, 1) / seconds;
        let all = calls.all();
        let good = all.iter().filter(|call| call.succeeded()).count();
        let open = all.iter().filter(|call| call.end.is_none()).count();
        let seen = format!(
            "{good} of {} calls {} succeeded, {:.0} a second",
            all.len(),
            calls.edge(),
            rate(good)
        );
        let wanted = self.at_least.hertz();
        if rate(good) >= wanted {
            return Finding::pass(seen);
        }
        if rate(good + open) >= wanted || all.iter().all(|call| call.tries.is_empty()) {
            return Finding::inconclusive(format!("{seen}, and {open} were open at the end"));
        }
        let failed = all.iter().filter(|call| !call.succeeded());
        Finding::fail(
            format!("wanted: at least {} succeed; {seen}", self.at_least),
            excerpts(failed),
        )
    }
}
