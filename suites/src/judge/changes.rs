//! Whether the changes of a case were made as it says.

use meshproof_model::{Excerpt, Nanos, Verdict};

use crate::Case;
use crate::check::millis;
use crate::lives::{ChangeLife, Lives};
use crate::validate::operation_name;

/// How much later than due a change may begin; the lag of the machine is added to it.
const LATE: Nanos = 250_000_000;

/// What is known of the window in which changes are made.
pub(super) struct Window {
    pub(super) started: Nanos,
    pub(super) ended: Nanos,
    /// The greatest lag from the first change on; none: the gauge was silent.
    pub(super) lag: Option<Nanos>,
}

/// The verdict on a case whose changes were not made as it says; none: they were.
pub(super) fn verdict(case: &Case, lives: &Lives, window: &Window) -> Option<Verdict> {
    (0..case.changes.len()).find_map(|nth| one(case, nth, &lives.change(nth), window))
}

fn one(case: &Case, nth: usize, life: &ChangeLife, window: &Window) -> Option<Verdict> {
    let change = &case.changes[nth];
    let name = format!("change {nth} ({})", operation_name(&change.operation));
    let inconclusive = |cause: String| Some(Verdict::Inconclusive { cause });
    let Some(begun) = life.begun else {
        return inconclusive(format!("{name} was never begun"));
    };
    if let Some(given_up) = life.never_acted {
        return Some(never_acted(case, &name, begun, given_up, window));
    }
    let due = window.started.saturating_add(change.at.as_nanos());
    let lag = window.lag.unwrap_or_default();
    if begun < window.started || begun > due.saturating_add(LATE).saturating_add(lag) {
        return inconclusive(format!(
            "{name} was begun {} after the load, and was due after {}",
            millis(begun.saturating_sub(window.started)),
            change.at
        ));
    }
    match life.done {
        None => inconclusive(format!("{name} was not done")),
        Some(done) if done > window.ended => inconclusive(format!(
            "{name} was done {} after the load was over: it takes longer than the case leaves it",
            millis(done - window.ended)
        )),
        Some(_) => None,
    }
}

/// The window must have been quiet for this to be the mesh's failure.
fn never_acted(case: &Case, name: &str, begun: Nanos, at: Nanos, window: &Window) -> Verdict {
    let within = case.acts.within;
    match window.lag {
        Some(lag) if lag.saturating_mul(10) <= within.as_nanos() => Verdict::Fail {
            why: format!("{name} never acted: not within {within}"),
            evidence: vec![Excerpt {
                subject: "gate".to_owned(),
                lines: vec![
                    format!("{} {name} begun", millis(0)),
                    format!(
                        "{} waiting for it given up",
                        millis(at.saturating_sub(begun))
                    ),
                ],
            }],
        },
        Some(lag) => Verdict::Inconclusive {
            cause: format!(
                "noisy: {name} did not act within {within}, while the machine itself lagged by up to {}",
                millis(lag)
            ),
        },
        None => Verdict::Inconclusive {
            cause: format!("the noise gauge was silent while {name} did not act within {within}"),
        },
    }
}
