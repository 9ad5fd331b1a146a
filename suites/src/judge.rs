//! From a history to a verdict.

use meshproof_model::units::Duration;
use meshproof_model::{ExpectEnded, Record, Verdict, VerdictKind};

use crate::Scene;
use crate::check::Finding;
use crate::history::{Header, HistoryError};

mod changes;
mod fallen;
mod soundness;

use soundness::Soundness;

/// What a history came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict on the whole.
    pub verdict: Verdict,
    /// The verdict of each check, in the case's order; empty where the evidence did not get that far.
    pub expects: Vec<ExpectEnded>,
    /// How long the policy took from being handed over to acting.
    pub converged: Option<Duration>,
    /// The greatest lag that the noise gauge saw while the load ran.
    pub lag: Option<Duration>,
}

/// Judges a history by the case in its header. A history that cannot be read to its end is
/// inconclusive, and so is one without records; then come the gate, the faults, the load, and only
/// then the checks: one that fails makes the case fail, else one without sufficient evidence makes
/// it inconclusive.
pub fn judge(
    header: &Header,
    records: impl IntoIterator<Item = Result<Record, HistoryError>>,
) -> Judgement {
    let case = &header.case;
    let scene = Scene {
        case,
        budget: header.budget,
    };
    let mut soundness = Soundness::of(header);
    let mut checks: Vec<_> = case.expect.iter().map(|e| e.start(scene)).collect();
    let mut cut = None;
    for record in records {
        match record {
            Ok(record) => {
                soundness.see(&record);
                for check in &mut checks {
                    check.see(&record);
                }
            }
            Err(error) => {
                cut = Some(told(&error));
                break;
            }
        }
    }
    let (converged, lag) = (soundness.converged(), soundness.lag());
    let margin = soundness.margin();
    let unsound = match cut {
        Some(cause) => Some(Verdict::Inconclusive { cause }),
        None => soundness.verdict(),
    };
    if let Some(verdict) = unsound {
        return Judgement {
            verdict,
            expects: Vec::new(),
            converged,
            lag,
        };
    }
    let expects: Vec<_> = case
        .expect
        .iter()
        .zip(checks)
        .map(|(expect, check)| ExpectEnded {
            check: expect.name().to_owned(),
            verdict: weigh(check.finish(), margin),
        })
        .collect();
    Judgement {
        verdict: sum_up(&expects),
        expects,
        converged,
        lag,
    }
}

/// Adds what the run without any mesh showed: where that did not fail, a pass proves nothing.
#[must_use]
pub fn prove(mut with_mesh: Judgement, control: &Judgement) -> Judgement {
    if with_mesh.verdict.kind() != VerdictKind::Pass {
        return with_mesh;
    }
    with_mesh.verdict = match &control.verdict {
        Verdict::Fail { why, .. } => Verdict::Pass {
            seen: format!("{}; without a mesh: {why}", with_mesh.verdict.reason()),
        },
        other => Verdict::Inconclusive {
            cause: format!(
                "the run without a mesh was to fail and did not ({}: {}), so that this pass proves nothing",
                other.kind(),
                other.reason()
            ),
        },
    };
    with_mesh
}

/// A fail that the machine's own lag may have caused is no fail.
fn weigh(finding: Finding, margin: Option<std::time::Duration>) -> Verdict {
    match finding {
        Finding::Pass { seen } => Verdict::Pass { seen },
        Finding::Inconclusive { cause } => Verdict::Inconclusive { cause },
        Finding::Fail {
            why,
            evidence,
            slack: Some(slack),
        } => match margin {
            Some(margin) if slack > margin => Verdict::Fail { why, evidence },
            Some(margin) => Verdict::Inconclusive {
                cause: format!(
                    "noisy: {why}; missed by {}, and the machine itself may have cost {}",
                    show(slack),
                    show(margin)
                ),
            },
            None => Verdict::Inconclusive {
                cause: format!("the noise gauge was silent, and this hangs on time: {why}"),
            },
        },
        Finding::Fail {
            why,
            evidence,
            slack: None,
        } => Verdict::Fail { why, evidence },
    }
}

fn sum_up(expects: &[ExpectEnded]) -> Verdict {
    let reasons = |kind: VerdictKind| {
        let of_kind = expects.iter().filter(|e| e.verdict.kind() == kind);
        let reasons: Vec<_> = of_kind
            .map(|e| format!("{}: {}", e.check, e.verdict.reason()))
            .collect();
        reasons.join("; ")
    };
    let has = |kind| expects.iter().any(|e| e.verdict.kind() == kind);
    if has(VerdictKind::Fail) {
        let evidence = expects.iter().filter_map(|e| match &e.verdict {
            Verdict::Fail { evidence, .. } => Some(evidence.clone()),
            _ => None,
        });
        Verdict::Fail {
            why: reasons(VerdictKind::Fail),
            evidence: evidence.flatten().collect(),
        }
    } else if expects.is_empty() || has(VerdictKind::Skipped) {
        Verdict::Inconclusive {
            cause: "nothing was checked".to_owned(),
        }
    } else if has(VerdictKind::Inconclusive) {
        Verdict::Inconclusive {
            cause: reasons(VerdictKind::Inconclusive),
        }
    } else {
        Verdict::Pass {
            seen: reasons(VerdictKind::Pass),
        }
    }
}

/// An error with its causes, in a line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn show(length: std::time::Duration) -> String {
    crate::check::millis(u64::try_from(length.as_nanos()).unwrap_or(u64::MAX))
}
