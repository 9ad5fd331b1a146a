//! `duplicateEffect` and `lostEffect`: the rows that stand in consumers' stores after drain.

use meshproof_model::event_record::{EventRecord, Names};

use super::dead_letter::DeadLetter;
use crate::events::ledger::{Ledger, publish};
use crate::events::plane::{Slot, unmatched};
use crate::events::{Anomaly, Example, Findings};

/// An effect stands.
pub(in crate::events) fn stands(
    record: &EventRecord,
    slot: Slot,
    reading: usize,
    ledger: &mut Ledger,
    out: &mut Findings,
) {
    ledger.figures.effects += 1;
    let at = &mut ledger.readings[reading];
    at.any_effect = true;
    let before = at.effects.get(slot);
    at.effects.set(slot, (before + 1).min(3));
    if before > 0 {
        let example = Example::of(record.event, record.at).at(reading);
        out.prove(Anomaly::DuplicateEffect, example);
    }
}

/// Every acknowledged event has its effect, where effects are recorded.
pub(in crate::events) fn finish(
    dead: &DeadLetter,
    ledger: &Ledger,
    names: &Names,
    out: &mut Findings,
) {
    for (number, reading) in ledger.readings.iter().enumerate() {
        if !reading.any_effect {
            continue;
        }
        unmatched(&ledger.publishes, publish::OK, &reading.effects, |slot| {
            let event = ledger.identity(slot);
            if dead.has(slot, number) || !reading.owes(event, names) {
                return;
            }
            let example = Example::of(event, ledger.now).at(number);
            if reading.proves(slot) && !reading.drain_broken {
                out.prove(Anomaly::LostEffect, example);
            } else {
                let cause = "the subscription was not drained after it was acknowledged";
                out.doubt(Anomaly::LostEffect, cause, example);
            }
        });
    }
}
