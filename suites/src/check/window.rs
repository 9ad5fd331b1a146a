//! The part of a history in which one policy acts, where changes replace policies under load.

use meshproof_model::{Edge, Nanos, Operation, Policy};

use super::Finding;
use crate::calls::{Call, Calls};
use crate::scene::said_of;
use crate::{Case, Scene};

/// The part of a history in which one policy of a call acts.
#[derive(Debug)]
pub(super) struct Window {
    /// The policy that acts in it.
    pub(super) policy: Policy,
    /// It acts everywhere from here on.
    pub(super) from: Nanos,
    /// From here on another one may act.
    pub(super) until: Nanos,
}

impl Window {
    /// The window of the policy that change number `after` brings in, of the first one where there
    /// is no such number.
    pub(super) fn of(scene: &Scene, calls: &Calls, after: Option<u32>) -> Result<Self, Finding> {
        let (case, edge) = (scene.case, calls.edge());
        let first = after.map_or(0, |after| place(after) + 1);
        let next = (first..case.changes.len()).find(|nth| brings(case, *nth, edge).is_some());
        let until = next.and_then(|nth| calls.lives().change(nth).begun);
        let from = match after {
            None => Some(0),
            Some(after) => calls.lives().change(place(after)).acts,
        };
        let Some(from) = from else {
            let after = after.unwrap_or_default();
            return Err(Finding::inconclusive(format!(
                "change {after} was not seen to act"
            )));
        };
        Ok(Self {
            policy: policy(scene, edge, after),
            from,
            until: until.unwrap_or(Nanos::MAX),
        })
    }

    /// The calls that begin in it.
    pub(super) fn calls<'a>(&self, calls: &'a Calls) -> impl Iterator<Item = &'a Call> {
        let (from, until) = (self.from, self.until);
        let all = calls.all().iter();
        all.filter(move |call| (from..until).contains(&call.start))
    }
}

/// The policy of a call once change number `after` acts.
pub(super) fn policy(scene: &Scene, edge: &Edge, after: Option<u32>) -> Policy {
    let changed = after.and_then(|after| {
        (0..=place(after))
            .rev()
            .find_map(|nth| brings(scene.case, nth, edge))
    });
    changed.cloned().unwrap_or_else(|| scene.policy(edge))
}

/// The policy that a change brings for a call.
fn brings<'a>(case: &'a Case, nth: usize, edge: &Edge) -> Option<&'a Policy> {
    match &case.changes.get(nth)?.operation {
        Operation::Policy(policies) => said_of(policies, edge),
        _ => None,
    }
}

/// What keeps a check from judging what comes after change number `after`, in words.
pub(super) fn unfit(case: &Case, edge: &Edge, after: Option<u32>) -> Option<String> {
    let after = after?;
    brings(case, place(after), edge)
        .is_none()
        .then(|| format!("change {after} brings no policy for {edge}; changes count from 0"))
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX - 1)
}
