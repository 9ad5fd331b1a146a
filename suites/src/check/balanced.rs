//! Equal replicas get about equal shares, and a slow one never gets more than its own.

use meshproof_model::Edge;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::excerpts;
use super::{Finding, OverCalls, ratio};
use crate::calls::{Call, Calls};
use crate::exact::{at_least, binomial};
use crate::validate::replica_problem;
use crate::{Case, Scene};

/// Equal replicas get about equal shares, and a slow one never gets more than its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Balanced {
    /// A replica that is slower than the others: it may get less, never more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow: Option<String>,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for Balanced {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let callee = &calls.edge().callee;
        let replicas = scene.replicas(callee);
        let firsts: Vec<(&Call, &str)> = calls
            .all()
            .iter()
            .filter_map(|call| Some((call, call.tries.first()?.replica.as_str())))
            .collect();
        let count = u64::try_from(firsts.len()).unwrap_or(u64::MAX);
        if count == 0 || replicas == 0 {
            return Finding::inconclusive("no attempt reached an upstream");
        }
        let law = Law {
            count,
            replicas: u64::from(replicas),
        };
        let mut seen = Vec::new();
        let mut wrong = None;
        for nth in 0..replicas {
            let name = format!("{callee}-{nth}");
            let here = || firsts.iter().filter(|(_, replica)| *replica == name);
            let got = u64::try_from(here().count()).unwrap_or(u64::MAX);
            let slow = self.slow.as_ref() == Some(&name);
            seen.push(format!(
                "{name}{} got {got} ({:.0} %)",
                if slow { ", the slow one," } else { "" },
                100.0 * ratio(got, count)
            ));
            if law.refuses(got, slow) && wrong.is_none() {
                wrong = Some((name.clone(), excerpts(here().map(|(call, _)| *call))));
            }
        }
        let seen = format!("of {count} first attempts {}", seen.join(", "));
        if let Some((name, evidence)) = wrong {
            let why = "each of equal replicas gets between half and twice its share, a slow one no more than its share";
            return Finding::fail(format!("wanted: {why}; {name} does not: {seen}"), evidence);
        }
        let (alpha, beta) = (law.alpha(), law.beta());
        if alpha > ALPHA || beta > BETA {
            return Finding::inconclusive(format!(
                "{count} first attempts are too few: even draws would be refused with {alpha:.0e}, \
                 a replica with a quarter of its share would pass with {beta:.0e}"
            ));
        }
        Finding::pass(format!(
            "{seen}; even draws fail with {alpha:.0e}, a quarter of its share passes with {beta:.0e}"
        ))
    }

    fn unfit(&self, case: &Case, edge: &Edge) -> Option<String> {
        let replicas = case.world.services.get(&edge.callee)?.replicas;
        if replicas < 2 {
            return Some(format!("`{}` has one replica only", edge.callee));
        }
        let slow = self.slow.as_ref()?;
        if crate::service_of(slow) != edge.callee {
            return Some(format!("{edge} never reaches the replica `{slow}`"));
        }
        replica_problem(case, slow)
    }
}

/// Replicas that are drawn evenly fail with at most this probability.
const ALPHA: f64 = 1e-6;

/// A replica that gets a quarter of its share passes with at most this probability.
const BETA: f64 = 1e-2;

/// What so many first attempts at so many equal replicas may look like.
struct Law {
    count: u64,
    replicas: u64,
}

impl Law {
    fn refuses(&self, got: u64, slow: bool) -> bool {
        let fair = ratio(1, self.replicas);
        if slow {
            return at_least(got, self.count, fair) <= ALPHA;
        }
        let share = ratio(got, self.count);
        share < fair / 2.0 || share > 2.0 * fair
    }

    /// The probability that even draws are refused for any of the replicas.
    fn alpha(&self) -> f64 {
        self.refused(ratio(1, self.replicas), true) * ratio(self.replicas, 1)
    }

    /// The probability that a replica which is drawn four times too rarely passes.
    fn beta(&self) -> f64 {
        1.0 - self.refused(ratio(1, 4 * self.replicas), false)
    }

    fn refused(&self, share: f64, both: bool) -> f64 {
        let fair = ratio(self.count, self.replicas);
        let refused = |got: u64| {
            let got = ratio(got, 1);
            got < fair / 2.0 || (both && got > 2.0 * fair)
        };
        let probabilities = binomial(self.count, share);
        (0..=self.count)
            .zip(probabilities)
            .filter(|(got, _)| refused(*got))
            .map(|(_, probability)| probability)
            .sum()
    }
}
