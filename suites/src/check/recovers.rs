//! So long after the last fault is gone, calls succeed as they did before the first one.

use meshproof_model::units::{Duration, Percent};
use meshproof_model::{Edge, Nanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{excerpts, millis};
use super::{Finding, OverCalls, share};
use crate::calls::{Call, Calls};
use crate::{Case, Scene};

/// So long after the last fault is gone, calls succeed as they did before the first one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recovers {
    /// How long after the last fault was taken back.
    pub within: Duration,
    /// The least share of calls that succeed then, of the share that succeeded before.
    pub at_least: Percent,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for Recovers {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let lives = || (0..scene.case.faults.len()).map(|nth| calls.lives().fault(nth));
        let first = lives().map(|life| life.applied).min().flatten();
        let gone = lives()
            .map(|life| life.reverted)
            .collect::<Option<Vec<_>>>();
        let (Some(first), Some(gone)) = (first, gone.and_then(|all| all.into_iter().max())) else {
            return Finding::inconclusive("the faults were not seen to come and go");
        };
        let from = gone.saturating_add(self.within.as_nanos());
        let before: Vec<&Call> = calls
            .all()
            .iter()
            .filter(|call| call.end.as_ref().is_some_and(|(at, _)| *at < first))
            .collect();
        let after: Vec<&Call> = calls.all().iter().filter(|c| c.start >= from).collect();
        if after.len() < FEWEST || (before.len() < FEWEST && !from_the_start(scene.case)) {
            return Finding::inconclusive(format!(
                "{} calls before the faults and {} after are too few: at least {FEWEST}",
                before.len(),
                after.len()
            ));
        }
        let baseline = match before.len() {
            0 => 1.0,
            _ => good(&before),
        };
        let seen = format!(
            "{:.1} % of {} calls succeed from {} after the faults on, {:.1} % before them",
            100.0 * good(&after),
            after.len(),
            self.within,
            100.0 * baseline
        );
        if baseline < HEALTHY {
            return Finding::inconclusive(format!("{seen}: there was no health to return to"));
        }
        if good(&after) >= baseline * self.at_least.fraction() {
            return Finding::pass(seen);
        }
        let bad = || after.iter().filter(|call| !call.succeeded()).copied();
        let last = bad().map(|call| call.start).max().unwrap_or(from);
        let slack = std::time::Duration::from_nanos(last - from);
        Finding::Fail {
            why: format!(
                "wanted: at least {} of that; {seen}, the last failure {} after them",
                self.at_least,
                millis(last - gone)
            ),
            evidence: excerpts(bad()),
            slack: Some(slack),
        }
    }

    fn unfit(&self, case: &Case, _: &Edge) -> Option<String> {
        let last = case.faults.iter().map(|fault| fault.until).max();
        let Some(last) = last else {
            return Some("there is no fault to recover from".to_owned());
        };
        let from: Nanos = last.as_nanos().saturating_add(self.within.as_nanos());
        (from >= case.load.length.as_nanos()).then(|| {
            format!(
                "the load is over before {} after the last fault",
                self.within
            )
        })
    }
}

/// Fewer calls tell nothing.
const FEWEST: usize = 15;

/// A lower share of successes before the first fault is no baseline.
const HEALTHY: f64 = 0.9;

fn from_the_start(case: &Case) -> bool {
    case.faults.iter().any(|fault| fault.from.as_nanos() == 0)
}

fn good(calls: &[&Call]) -> f64 {
    let good = calls.iter().filter(|call| call.succeeded()).count();
    share(good, calls.len())
}
