//! Before a retry there is a pause, told by the policy's base: in the mean, or each time.

use meshproof_model::units::Percent;
use meshproof_model::{Edge, Nanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::{Breaches, excerpts, millis};
use super::{Finding, OverCalls};
use crate::calls::{Call, Calls};
use crate::{Case, Scene};

/// Before a retry there is a pause, told by the policy's base: in the mean, or each time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Backoff {
    /// The least mean of the pauses before first retries, as a share of the base. Sound meshes draw
    /// it from nothing up to the base, so it is below a half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Percent>,
    /// The least pause before any retry, as a share of the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Percent>,
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl OverCalls for Backoff {
    fn named(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding {
        let retry = scene.policy(calls.edge()).retry;
        let Some(base) = retry.and_then(|retry| retry.backoff).map(|b| b.base) else {
            return Finding::inconclusive("the policy has no back-off");
        };
        let base = base.as_nanos();
        let firsts: Vec<(Nanos, &Call)> = calls
            .all()
            .iter()
            .filter_map(|call| Some((gaps(call).next()?, call)))
            .collect();
        if firsts.is_empty() {
            return Finding::inconclusive("no call was tried again");
        }
        let shortest = firsts.iter().map(|(gap, _)| *gap).min().unwrap_or(0);
        if let Some(least) = self.each.map(|share| part(base, share)) {
            let mut breaches = Breaches::default();
            for call in calls.all() {
                if let Some(gap) = gaps(call).find(|gap| *gap < least) {
                    breaches.hard(call, format!("tried again after {}", millis(gap)));
                }
            }
            let demand = format!("at least {} before each retry", millis(least));
            if let Some(fail) = breaches.finding(calls.all().len(), &demand) {
                return fail;
            }
        }
        let count = firsts.len();
        let Some(share) = self.mean else {
            let shortest = millis(shortest);
            return Finding::pass(format!("{count} first pauses, the shortest {shortest}"));
        };
        let needed = needed(share);
        if count < needed {
            return Finding::inconclusive(format!(
                "{count} first retries are too few for their mean pause: at least {needed}"
            ));
        }
        let sum: u128 = firsts.iter().map(|(gap, _)| u128::from(*gap)).sum();
        let mean = u64::try_from(sum / firsts.len() as u128).unwrap_or(u64::MAX);
        let seen = format!("the mean of {count} first pauses is {}", millis(mean));
        if mean >= part(base, share) {
            return Finding::pass(format!(
                "{seen}, the shortest {}; a draw from 0 to {} fails with at most {ALPHA:.0e}",
                millis(shortest),
                millis(base)
            ));
        }
        let mut shown = firsts;
        shown.sort_by_key(|(gap, _)| *gap);
        Finding::fail(
            format!("wanted: at least {}; {seen}", millis(part(base, share))),
            excerpts(shown.into_iter().map(|(_, call)| call)),
        )
    }

    fn unfit(&self, case: &Case, edge: &Edge) -> Option<String> {
        let retry = case.policy.get(edge).and_then(|p| p.retry.as_ref());
        if retry.is_none_or(|retry| retry.backoff.is_none()) {
            return Some(format!("the policy of {edge} has no `retry.backoff`"));
        }
        match (self.mean, self.each) {
            (None, None) => Some("say `mean` or `each`".to_owned()),
            (Some(mean), _) if mean.fraction() >= 0.5 => {
                Some(format!("a mean of {mean} of the base: say less than 50%"))
            }
            _ => None,
        }
    }
}

/// A mesh that draws its first pause evenly from 0 to the base fails with at most this probability.
const ALPHA: f64 = 1e-6;

/// The pauses between the end of a try and the start of the next, as the callees saw them: the
/// way there and back is part of them, so that they are never seen shorter than they were.
fn gaps(call: &Call) -> impl Iterator<Item = Nanos> + '_ {
    call.tries.windows(2).filter_map(|pair| {
        let (ended, _) = pair[0].end.as_ref()?;
        Some(pair[1].start.saturating_sub(*ended))
    })
}

fn part(base: Nanos, share: Percent) -> Nanos {
    (std::time::Duration::from_nanos(base).mul_f64(share.fraction())).as_nanos() as Nanos
}

/// How many pauses it takes (Hoeffding): the mean of n draws from [0, base] is below `share` of the
/// base with probability exp(-2 n (1/2 - share)²) at most.
fn needed(share: Percent) -> usize {
    let off = 0.5 - share.fraction();
    let count = (1.0 / ALPHA).ln() / (2.0 * off * off);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of calls, small and positive"
    )]
    let count = count.ceil() as usize;
    count
}
