//! First attempts are divided by the policy's weights; a weight of 0 gets none.

use meshproof_model::Edge;
use meshproof_model::units::Percent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::excerpts;
use super::ratio;
use super::window::{self, Window};
use super::{Finding, OverCalls};
use crate::Scene;
use crate::calls::Calls;
use crate::exact::{binomial, rejected};
use crate::{Case, service_of};

/// First attempts are divided by the policy's weights; a weight of 0 gets none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Split {
    /// How far a share may be off before the exact test is asked, in points of a hundred.
    pub margin: Percent,
    /// How far off a share must be told, in points of a hundred: where the calls are too few to miss
    /// such a one with probability 0.01 at most, the case is inconclusive.
    pub tells: Percent,
    /// Judged are the calls that begin once the policy of this change (from 0) acts; without it,
    /// those before any change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for Split {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let window = match Window::of(scene, calls, self.after) {
            Ok(window) => window,
            Err(finding) => return finding,
        };
        let backends = &window.policy.backend_refs;
        let total: u64 = backends.iter().map(|b| u64::from(b.weight)).sum();
        let firsts = || {
            window
                .calls(calls)
                .filter_map(|call| Some((call, call.tries.first()?)))
                .filter(|(_, first)| first.start < window.until)
        };
        let count = u64::try_from(firsts().count()).unwrap_or(u64::MAX);
        if count == 0 || total == 0 {
            return Finding::inconclusive("no first attempt reached an upstream");
        }
        let mut seen = Vec::new();
        for backend in backends {
            let here = || firsts().filter(|(_, one)| service_of(&one.replica) == backend.name);
            let got = u64::try_from(here().count()).unwrap_or(u64::MAX);
            let wanted = ratio(u64::from(backend.weight), total);
            let line = format!(
                "{} got {got} of {count} ({:.1} %, wanted {:.1} %)",
                backend.name,
                100.0 * ratio(got, count),
                100.0 * wanted
            );
            let verdict = Share {
                count,
                wanted,
                margin: self.margin.fraction(),
            };
            if verdict.refuses(got) {
                let evidence = excerpts(here().map(|(call, _)| call));
                return Finding::fail(format!("wanted: shares by weight; {line}"), evidence);
            }
            let miss = verdict.misses(self.tells.fraction());
            if miss > BETA {
                return Finding::inconclusive(format!(
                    "{line}: too few to tell a share off by {} (missed with probability {miss:.1e})",
                    self.tells
                ));
            }
            seen.push(format!(
                "{line}, off by {} missed with {miss:.0e} ({} calls would do)",
                self.tells,
                verdict.enough(self.tells.fraction())
            ));
        }
        Finding::pass(format!(
            "{}; false-fail rate at most {ALPHA:.0e}, false-pass rate at most {BETA:.0e}",
            seen.join("; ")
        ))
    }

    fn unfit(&self, case: &Case, edge: &Edge) -> Option<String> {
        let scene = Scene { case, budget: None };
        let policy = window::policy(&scene, edge, self.after);
        window::unfit(case, edge, self.after).or_else(|| {
            policy
                .backend_refs
                .is_empty()
                .then(|| format!("the policy of {edge} has no `backendRefs`"))
        })
    }
}

/// A share that is exactly as wanted fails with at most this probability.
const ALPHA: f64 = 1e-6;

/// A share as wrong as the case says may pass with at most this probability.
const BETA: f64 = 1e-2;

/// The test of one backend's share.
struct Share {
    count: u64,
    wanted: f64,
    margin: f64,
}

impl Share {
    /// For each number of first attempts, whether it is refused: rejected by the exact test, and
    /// outside the margin. A share of nothing or of all has neither chance nor margin.
    fn refused(&self) -> Vec<bool> {
        let certain = self.wanted == 0.0 || self.wanted == 1.0;
        let rejected = rejected(self.count, self.wanted, ALPHA);
        (0..=self.count)
            .zip(rejected)
            .map(|(got, rejected)| {
                let off = (ratio(got, self.count) - self.wanted).abs();
                rejected && (certain || off > self.margin)
            })
            .collect()
    }

    fn refuses(&self, got: u64) -> bool {
        usize::try_from(got).is_ok_and(|got| self.refused()[got])
    }

    /// The probability with which a share that is off by `by` passes, whichever way it is off.
    fn misses(&self, by: f64) -> f64 {
        let refused = self.refused();
        [self.wanted - by, self.wanted + by]
            .into_iter()
            .filter(|wrong| (0.0..=1.0).contains(wrong))
            .map(|wrong| {
                let probabilities = binomial(self.count, wrong);
                let passed = probabilities
                    .iter()
                    .zip(&refused)
                    .filter(|(_, refused)| !**refused);
                passed.map(|(probability, _)| probability).sum()
            })
            .fold(0.0, f64::max)
    }

    /// So many calls miss a share that is off by `by` no more often than they may. More are as good
    /// but for the grain of whole calls.
    fn enough(&self, by: f64) -> u64 {
        let (mut few, mut many) = (0, self.count);
        while few + 1 < many {
            let count = few.midpoint(many);
            match (Self { count, ..*self }).misses(by) > BETA {
                true => few = count,
                false => many = count,
            }
        }
        many
    }
}
