//! From findings to a verdict for each guarantee.

use meshproof_model::event_record::EventHeader;
use meshproof_model::{Excerpt, Verdict};

use super::{Anomaly, Checked, Guarantee, Proof};

/// What a guarantee came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The guarantee.
    pub guarantee: Guarantee,
    /// What it came to.
    pub verdict: Verdict,
    /// The anomalies that break it, by how many were proven.
    pub broken_by: Vec<(Anomaly, u64)>,
}

/// Judges each guarantee. `proofs` are the counter-examples to show with a fail.
#[must_use]
pub fn judge(
    checked: &Checked,
    header: &EventHeader,
    guarantees: &[Guarantee],
    proofs: &[Proof],
) -> Vec<Judged> {
    let one = |guarantee: &Guarantee| of(*guarantee, checked, header, proofs);
    guarantees.iter().map(one).collect()
}

fn of(guarantee: Guarantee, checked: &Checked, header: &EventHeader, proofs: &[Proof]) -> Judged {
    let mut broken_by = Vec::new();
    let mut doubts = Vec::new();
    for anomaly in guarantee.broken_by() {
        let tally = checked.findings.of(anomaly);
        if tally.proven > 0 {
            broken_by.push((anomaly, tally.proven));
        }
        if tally.doubtful > 0 {
            doubts.push(format!("{anomaly} {}: {}", tally.doubtful, tally.cause));
        }
    }
    let claimed =
        header.claims.is_empty() || header.claims.iter().any(|claim| claim == guarantee.word());
    let verdict = if !claimed {
        Verdict::Skipped {
            missing: format!(
                "the broker does not claim {guarantee}; the history's header claims {}",
                header.claims.join(", ")
            ),
        }
    } else if !broken_by.is_empty() {
        let counts: Vec<String> = broken_by
            .iter()
            .map(|(anomaly, count)| format!("{anomaly} {count}"))
            .collect();
        let proofs = proofs.iter().filter(|proof| {
            broken_by
                .iter()
                .any(|(anomaly, _)| *anomaly == proof.anomaly)
        });
        Verdict::Fail {
            why: counts.join(", "),
            evidence: proofs.map(Excerpt::from).collect(),
        }
    } else if let Some(doubt) = &checked.doubt {
        Verdict::Inconclusive {
            cause: doubt.clone(),
        }
    } else if !doubts.is_empty() {
        Verdict::Inconclusive {
            cause: doubts.join("; "),
        }
    } else {
        match rests_on(guarantee, checked, header) {
            Ok(seen) => Verdict::Pass { seen },
            Err(cause) => Verdict::Inconclusive {
                cause: cause.to_owned(),
            },
        }
    };
    Judged {
        guarantee,
        verdict,
        broken_by,
    }
}

/// The figures behind a pass, or why there can be none: a promise that nothing tried is not kept.
fn rests_on(
    guarantee: Guarantee,
    checked: &Checked,
    header: &EventHeader,
) -> Result<String, &'static str> {
    let figures = &checked.figures;
    let enough = |count: u64, what: &str, without: &'static str| {
        if count > 0 {
            Ok(format!("{count} {what}"))
        } else {
            Err(without)
        }
    };
    let delivered = format!(
        "{} acknowledged, {} deliveries",
        figures.acknowledged, figures.delivered
    );
    if figures.delivered == 0 {
        return Err("nothing was delivered, so nothing was tried");
    }
    match guarantee {
        Guarantee::AtMostOnce => Ok(format!("{} deliveries", figures.delivered)),
        Guarantee::AtLeastOnce | Guarantee::ExactlyOnce | Guarantee::Live => {
            enough(
                figures.acknowledged,
                "acknowledged",
                "no publish was acknowledged, so nothing was promised",
            )?;
            Ok(delivered)
        }
        Guarantee::EffectivelyOnce => {
            enough(
                figures.acknowledged,
                "acknowledged",
                "no publish was acknowledged, so nothing was promised",
            )?;
            enough(
                figures.effects,
                "effects",
                "no effect is recorded: read the rows back from the store after drain",
            )
        }
        Guarantee::Atomic => enough(
            figures.failed,
            "failed publishes",
            "no publish failed, so nothing was tried",
        ),
        Guarantee::OrderedPerKey => enough(
            checked.ordered_pairs,
            "starts or more after an earlier one of their producer and key",
            "no two events of one producer and key were delivered",
        ),
        Guarantee::OrderedLog => enough(
            checked.offset_pairs,
            "acknowledged offsets after an earlier one of their partition",
            "no two acknowledged offsets of one partition are recorded",
        ),
        Guarantee::Causal => enough(
            checked.causal_pairs,
            "causes",
            "no causes are recorded with publishes",
        ),
        Guarantee::Durable => {
            if !checked.power_lost {
                return Err(
                    "no power loss is recorded; killing a process loses nothing that was written",
                );
            }
            enough(
                figures.acknowledged,
                "acknowledged, through a power loss",
                "no publish was acknowledged, so nothing was promised",
            )
        }
        Guarantee::BackPressured => enough(
            checked.bounded_deliveries,
            "deliveries within what their consumer allowed",
            "what consumers allow is neither declared (`prefetch`) nor recorded (`credit`)",
        ),
        Guarantee::Timely => {
            if header.deadline.is_none() {
                return Err("the header declares no `deadline`");
            }
            let (count, median, high, most) = checked.ages.ok_or("no ages are recorded")?;
            Ok(format!(
                "{count} ages: p50 ≤ {median} µs, p99 ≤ {high} µs, highest ≤ {most} µs"
            ))
        }
        Guarantee::DeadLettered => {
            if checked.dead_lettered {
                Ok(delivered)
            } else {
                Err("nothing was dead-lettered, so nothing was tried")
            }
        }
    }
}
