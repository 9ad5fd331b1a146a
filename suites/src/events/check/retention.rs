//! `retentionLoss`: acknowledged, and dropped by retention before it was delivered.

use meshproof_model::event_record::Names;

use crate::events::ledger::{Ledger, publish};
use crate::events::plane::{Plane, Slot, unmatched};
use crate::events::{Anomaly, Example, Findings};

/// Remembers what was dropped.
#[derive(Debug, Default)]
pub(in crate::events) struct Retention {
    pub(in crate::events) evicted: Plane,
}

impl Retention {
    pub(in crate::events) fn dropped(&mut self, slot: Slot) {
        self.evicted.set(slot, 1);
    }

    pub(in crate::events) fn finish(&self, ledger: &Ledger, names: &Names, out: &mut Findings) {
        for (number, reading) in ledger.readings.iter().enumerate() {
            unmatched(&self.evicted, 1, &reading.delivered, |slot| {
                let event = ledger.identity(slot);
                if ledger.publishes.get(slot) == publish::OK && reading.owes(event, names) {
                    let example = Example::of(event, ledger.now).at(number);
                    out.prove(Anomaly::RetentionLoss, example);
                }
            });
        }
    }
}
