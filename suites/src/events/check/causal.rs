//! `causalReorder`: an event was started before the one that caused it, at the same subscription.

use meshproof_model::event_record::{EventRecord, Identity, Quick};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use crate::events::ledger::{Delivery, Ledger, MANY, QuickMap, delivery};
use crate::events::{Anomaly, Example, Findings};

/// Remembers causes, and deliveries whose causes have not been delivered yet.
#[derive(Debug, Default)]
pub(in crate::events) struct Causal {
    causes: QuickMap<Vec<Identity>>,
    /// By subscription and cause: the event that was delivered before it, and where.
    early: HashMap<(usize, u64), (Identity, u32), BuildHasherDefault<Quick>>,
    /// How many pairs were compared.
    pub(in crate::events) compared: u64,
    /// More causes than are kept.
    pub(in crate::events) full: bool,
}

impl Causal {
    pub(in crate::events) fn published(&mut self, record: &EventRecord) {
        if record.detail.causes.is_empty() {
            return;
        }
        if self.causes.len() >= MANY {
            self.full = true;
            return;
        }
        let causes = record.detail.causes.clone();
        self.causes.insert(record.event.packed(), causes);
    }

    pub(in crate::events) fn delivered(
        &mut self,
        seen: &Delivery<'_>,
        ledger: &mut Ledger,
        out: &mut Findings,
    ) {
        if self.causes.is_empty() || !seen.first() {
            return;
        }
        let record = seen.record;
        if let Some((effect, actor)) = self.early.remove(&(seen.reading, record.event.packed())) {
            let example = Example::of(effect, record.at)
                .with(record.event)
                .at(seen.reading);
            if actor == record.actor || ledger.skew == 0 {
                out.prove(Anomaly::CausalReorder, example);
            } else {
                let cause = "cause and effect were started in two processes whose clocks differ";
                out.doubt(Anomaly::CausalReorder, cause, example);
            }
        }
        let Some(causes) = self.causes.get(&record.event.packed()) else {
            return;
        };
        for cause in causes {
            self.compared += 1;
            let Some(slot) = ledger.slot(*cause) else {
                continue;
            };
            let reading = &ledger.readings[seen.reading];
            if reading.delivered.get(slot) == delivery::NEVER && self.early.len() < MANY {
                let key = (seen.reading, cause.packed());
                self.early.insert(key, (record.event, record.actor));
            }
        }
    }
}
