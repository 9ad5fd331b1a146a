//! Retries stay within the policy's budget, counted in the way that the mesh declares.

use std::collections::VecDeque;

use meshproof_model::{BudgetKind, Edge, Nanos, RetryConstraint};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::Breaches;
use super::{Finding, OverCalls};
use super::{one_caller, share};
use crate::Case;
use crate::Scene;
use crate::calls::Call;
use crate::calls::Calls;

/// Retries stay within the policy's budget, counted in the way that the mesh declares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryBudget {
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for RetryBudget {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let Some(budget) = scene.policy(calls.edge()).retry_constraint else {
            return Finding::inconclusive("the policy has no retry budget");
        };
        if calls.all().iter().all(|call| call.tries.is_empty()) {
            return Finding::inconclusive("no attempt reached an upstream");
        }
        match scene.budget {
            None => Finding::inconclusive("the mesh does not declare how it counts a budget"),
            Some(BudgetKind::Rate) => by_rate(&budget, calls),
            Some(BudgetKind::Concurrency) => by_concurrency(&budget, calls),
        }
    }

    fn unfit(&self, case: &Case, edge: &Edge) -> Option<String> {
        let policy = case.policy.get(edge);
        let budget = policy.and_then(|policy| policy.retry_constraint.as_ref());
        if budget.is_none() {
            return Some(format!("the policy of {edge} has no `retryConstraint`"));
        }
        one_caller(case, edge)
    }
}

/// How long after its first try's end at the callee a call may still count as a first try with the
/// mesh: the answer is on its way back.
const ON_ITS_WAY: Nanos = 25_000_000;

/// In each window as long as the interval: retries ≤ percent · requests + minimum rate · interval,
/// where requests are all that reached the callee.
fn by_rate(budget: &RetryConstraint, calls: &Calls) -> Finding {
    let mut attempts: Vec<(Nanos, bool, &Call)> = Vec::new();
    for call in calls.all() {
        for (nth, one) in call.tries.iter().enumerate() {
            attempts.push((one.start, nth > 0, call));
        }
    }
    attempts.sort_by_key(|(at, ..)| *at);
    let always = budget.min_retry_rate.hertz() * budget.interval.std().as_secs_f64();
    let mut window: VecDeque<(Nanos, bool)> = VecDeque::new();
    let (mut retries, mut most, mut all) = (0_usize, (0_usize, 0.0), 0_usize);
    let mut breaches = Breaches::default();
    for (at, retry, call) in attempts {
        window.push_back((at, retry));
        retries += usize::from(retry);
        all += usize::from(retry);
        while let Some((first, retry)) = window.front().copied() {
            if at - first < budget.interval.as_nanos() {
                break;
            }
            retries -= usize::from(retry);
            window.pop_front();
        }
        let allowed = share(window.len(), 1) * budget.percent.fraction() + always;
        if retries > most.0 {
            most = (retries, allowed);
        }
        if retry && share(retries, 1) > allowed {
            breaches.hard(
                call,
                format!("{retries} retries in a window that allows {allowed:.1}"),
            );
        }
    }
    let demand = format!(
        "retries in {} at most {} of requests and {always:.0} besides",
        budget.interval, budget.percent
    );
    breaches
        .finding(calls.all().len(), &demand)
        .unwrap_or_else(|| {
            Finding::pass(format!(
                "{all} retries in {} calls, at most {} in a window that allows {:.1}",
                calls.all().len(),
                most.0,
                most.1
            ))
        })
}

/// At each instant: retries at the callee ≤ max(minimum, percent / (100 − percent) · first tries).
/// The mesh holds a first try from the caller's sending until its answer is back, so that is what
/// is counted; of retries only what the callee holds.
fn by_concurrency(budget: &RetryConstraint, calls: &Calls) -> Finding {
    let mut steps: Vec<(Nanos, i64, i64, &Call)> = Vec::new();
    for call in calls.all() {
        let Some(first) = call.tries.first() else {
            continue;
        };
        steps.push((call.start, 1, 0, call));
        if let Some((at, _)) = &first.end {
            steps.push((at.saturating_add(ON_ITS_WAY), -1, 0, call));
        }
        for retry in &call.tries[1..] {
            steps.push((retry.start, 0, 1, call));
            if let Some((at, _)) = &retry.end {
                steps.push((*at, 0, -1, call));
            }
        }
    }
    // An end of a retry goes before a start at the same instant, a start of a first try before all.
    steps.sort_by_key(|(at, first, retry, _)| (*at, -*first, *retry));
    let part = budget.percent.fraction();
    let (mut firsts, mut retries, mut most) = (0_i64, 0_i64, 0_i64);
    let mut breaches = Breaches::default();
    for (_, first, retry, call) in steps {
        firsts += first;
        retries += retry;
        most = most.max(retries);
        let least = i64::from(budget.min_retry_concurrency);
        // The limit rounded up: the mesh may compare before it counts the retry itself.
        let within_part = whole(retries) * (1.0 - part) <= whole(firsts) * part + 1.0;
        if retry > 0 && retries > least && !within_part {
            breaches.hard(
                call,
                format!("{retries} retries under way beside {firsts} first tries"),
            );
        }
    }
    let demand = format!(
        "retries under way at most {} of requests under way, or {}",
        budget.percent, budget.min_retry_concurrency
    );
    breaches
        .finding(calls.all().len(), &demand)
        .unwrap_or_else(|| Finding::pass(format!("at most {most} retries under way at once")))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn whole(count: i64) -> f64 {
    count as f64
}
