//! `failedYetVisible`: the publish failed, and yet the event was delivered.

use meshproof_model::event_record::EventRecord;

use crate::events::ledger::{Delivery, Ledger, delivery, publish};
use crate::events::plane::Slot;
use crate::events::{Anomaly, Example, Findings};

/// A publish failed: it may have been delivered before.
pub(in crate::events) fn publish_failed(
    record: &EventRecord,
    slot: Slot,
    ledger: &Ledger,
    out: &mut Findings,
) {
    for (number, reading) in ledger.readings.iter().enumerate() {
        if reading.delivered.get(slot) != delivery::NEVER {
            let example = Example::of(record.event, record.at).at(number);
            out.prove(Anomaly::FailedYetVisible, example);
        }
    }
}

/// An event is delivered: its publish may have failed before.
pub(in crate::events) fn delivered(seen: &Delivery<'_>, out: &mut Findings) {
    if seen.published == publish::FAILED && seen.first() {
        let example = Example::of(seen.record.event, seen.record.at).at(seen.reading);
        out.prove(Anomaly::FailedYetVisible, example);
    }
}
