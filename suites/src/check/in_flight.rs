//! Requests in flight at the callee reach the policy's limit and never exceed it.

use meshproof_model::{Edge, Nanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Breaches, excerpts};
use super::window::{self, Window};
use super::{Finding, OverCalls};
use crate::Case;
use crate::Scene;
use crate::calls::Call;
use crate::calls::Calls;

/// Requests in flight at the callee reach the policy's limit and never exceed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InFlight {
    /// Judged are the calls that begin once the policy of this change (from 0) acts; without it,
    /// those before any change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for InFlight {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let window = match Window::of(scene, calls, self.after) {
            Ok(window) => window,
            Err(finding) => return finding,
        };
        let Some(limits) = &window.policy.limits else {
            return Finding::inconclusive("the policy has no limits");
        };
        let callers = scene.replicas(&calls.edge().caller).max(1);
        let limit = i64::from(limits.max_requests) * i64::from(callers);
        // An end goes before a start at the same instant. What was under way before the policy came
        // is left out: a mesh may end it by the old one.
        let mut steps: Vec<(Nanos, i64, &Call)> = Vec::new();
        for call in window.calls(calls) {
            for one in call.tries.iter().filter(|one| one.start < window.until) {
                steps.push((one.start, 1, call));
                if let Some((at, _)) = &one.end {
                    steps.push((*at, -1, call));
                }
            }
        }
        steps.sort_by_key(|(at, step, _)| (*at, *step));
        let (mut now, mut peak) = (0, 0);
        let mut breaches = Breaches::default();
        for (_, step, call) in steps {
            now += step;
            peak = peak.max(now);
            if step > 0 && now > limit {
                breaches.hard(call, format!("in flight with {} others", now - 1));
            }
        }
        if peak == 0 {
            return Finding::inconclusive("no attempt reached an upstream");
        }
        let demand = format!("at most {limit} in flight; the peak was {peak}");
        if let Some(fail) = breaches.finding(calls.all().len(), &demand) {
            return fail;
        }
        let turned_away = |call: &&Call| call.tries.is_empty() && call.failed_by_mesh();
        let turned_away: Vec<&Call> = window.calls(calls).filter(turned_away).collect();
        match (peak < limit, turned_away.is_empty()) {
            (false, _) => Finding::pass(format!(
                "the peak in flight was {peak}, the limit is {limit}"
            )),
            (true, true) => Finding::inconclusive(format!(
                "the load never reached the limit: {peak} of {limit} in flight"
            )),
            (true, false) => Finding::fail(
                format!(
                    "wanted: up to {limit} in flight; {} calls were turned away and there were never more than {peak}",
                    turned_away.len()
                ),
                excerpts(turned_away),
            ),
        }
    }

    fn unfit(&self, case: &Case, edge: &Edge) -> Option<String> {
        let scene = Scene { case, budget: None };
        let policy = window::policy(&scene, edge, self.after);
        window::unfit(case, edge, self.after).or_else(|| {
            policy
                .limits
                .is_none()
                .then(|| format!("the policy of {edge} has no `limits`"))
        })
    }
}
