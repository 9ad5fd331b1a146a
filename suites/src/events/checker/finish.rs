//! What a whole history comes to.

use meshproof_model::event_record::{Hole, Names};

use super::super::check::{effect, lost};
use super::super::ledger::MANY;
use super::super::{Figures, Findings};
use super::Checker;

/// What was found in a whole history, and what the finding rests on.
#[derive(Debug)]
pub struct Checked {
    /// The anomalies.
    pub findings: Findings,
    /// How much was seen.
    pub figures: Figures,
    /// Whatever leaves everything in doubt.
    pub doubt: Option<String>,
    /// Starts of a handler that had an earlier one of their producer and key to be compared with, at least.
    pub ordered_pairs: u64,
    /// Acknowledged offsets that had an earlier one to be compared with.
    pub offset_pairs: u64,
    /// Causes that were looked for.
    pub causal_pairs: u64,
    /// Deliveries whose consumer had told what it allows.
    pub bounded_deliveries: u64,
    /// Whether power was lost.
    pub power_lost: bool,
    /// Nodes that were read back in full.
    pub nodes_read: usize,
    /// Whether any event was dead-lettered.
    pub dead_lettered: bool,
    /// How many ages are known, and the median, the 99th hundredth and the highest, in microseconds.
    pub ages: Option<(u64, u64, u64, u64)>,
}
impl Checker {
    /// The history has ended, whole but for `holes`, records that are known to be missing.
    #[must_use]
    pub fn finish(mut self, names: &Names, holes: &[Hole]) -> Checked {
        self.out.settle(u64::MAX);
        let (ledger, out) = (&mut self.ledger, &mut self.out);
        ledger.figures.until = ledger.now;
        lost::finish(&self.retention.evicted, ledger, names, out);
        effect::finish(&self.dead_letter, ledger, names, out);
        self.retention.finish(ledger, names, out);
        self.poison.finish(ledger, out);
        self.replicas.finish(ledger, out);
        let mut doubt = None;
        if let Some(hole) = holes.first() {
            doubt = Some(format!(
                "records are missing: `{}` wrote none with index {} to {}, and {} more gaps",
                hole.process,
                hole.from,
                hole.until - 1,
                holes.len() - 1
            ));
            out.distrust("records are missing from the history");
        } else if let Some((producer, epoch)) = ledger.gap() {
            let producer = names.producers.word(u32::from(producer), "producer");
            doubt = Some(format!(
                "the publishes of `{producer}` in epoch {epoch} have gaps: its sequence is not dense from 0, so records are missing"
            ));
            out.distrust("publishes are missing from the history");
        } else if let Some(why) = ledger.beyond {
            doubt = Some(why.to_owned());
            out.distrust(why);
        } else if let Some(why) = self.full() {
            doubt = Some(why.to_owned());
        }
        let ledger = &self.ledger;
        let quantile = |per_mille| self.stale.quantile(per_mille).unwrap_or(0);
        let ages = self.stale.count();
        Checked {
            figures: ledger.figures,
            doubt,
            ordered_pairs: self.order.compared,
            offset_pairs: self.real_time.compared,
            causal_pairs: self.causal.compared,
            bounded_deliveries: self.credit.bounded,
            power_lost: ledger.power_loss.is_some(),
            nodes_read: self.replicas.whole(),
            dead_lettered: self.dead_letter.any(),
            ages: (ages > 0).then(|| (ages, quantile(500), quantile(990), quantile(1000))),
            findings: self.out,
        }
    }

    /// A table that had to stop remembering.
    fn full(&self) -> Option<&'static str> {
        let readings = &self.ledger.readings;
        [
            (
                self.identities.full,
                "there are more payload digests than the checker keeps",
            ),
            (
                self.causal.full,
                "there are more causes than the checker keeps",
            ),
            (
                self.poison.full,
                "more events keep failing than the checker keeps",
            ),
            (
                self.dead_letter.full,
                "there are more dead letters than the checker keeps",
            ),
            (
                self.ledger.resent.len() >= MANY,
                "there are more resent events than the checker keeps",
            ),
            (
                readings.iter().any(|reading| reading.partitions.full),
                "more of the log is undelivered than the checker keeps by offset",
            ),
        ]
        .into_iter()
        .find_map(|(full, why)| full.then_some(why))
    }
}
