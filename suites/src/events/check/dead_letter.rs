//! `deadLetterWrong`: too early, too often, beside an effect, or as another event.

use meshproof_model::event_record::{EventRecord, flag};

use crate::events::ledger::{Ledger, MANY, QuickMap, publish};
use crate::events::plane::Slot;
use crate::events::{Anomaly, Example, Findings};

/// Remembers what was dead-lettered.
#[derive(Debug, Default)]
pub(in crate::events) struct DeadLetter {
    /// By event, at how many subscriptions' queues: counted by subscription in the upper bits.
    seen: QuickMap<u8>,
    pub(in crate::events) full: bool,
}

impl DeadLetter {
    /// An event enters the dead-letter queue after `failed` refused deliveries.
    pub(in crate::events) fn dead_lettered(
        &mut self,
        record: &EventRecord,
        slot: Slot,
        reading: usize,
        failed: u8,
        ledger: &Ledger,
        out: &mut Findings,
    ) {
        let mut wrong = |note| {
            let example = Example::of(record.event, record.at).at(reading).note(note);
            out.prove(Anomaly::DeadLetterWrong, example);
        };
        if self.seen.len() >= MANY {
            self.full = true;
            return;
        }
        let count = self.seen.entry(key(slot, reading)).or_default();
        *count = count.saturating_add(1);
        if *count > 1 {
            wrong("dead-lettered more than once");
        }
        if record.is(flag::FORGED) || ledger.publishes.get(slot) == publish::NEVER {
            wrong("dead-lettered as another event than it is");
        }
        if let Some(after) = ledger.header.dead_letter_after
            && failed.max(record.attempt) < after
        {
            wrong("dead-lettered before it had failed often enough");
        }
        if ledger.readings[reading].effects.get(slot) != 0 {
            wrong("dead-lettered although its effect stands");
        }
    }

    /// An effect stands.
    pub(in crate::events) fn effect(
        &self,
        record: &EventRecord,
        slot: Slot,
        reading: usize,
        out: &mut Findings,
    ) {
        if self.has(slot, reading) {
            let note = "its effect stands although it was dead-lettered";
            let example = Example::of(record.event, record.at).at(reading).note(note);
            out.prove(Anomaly::DeadLetterWrong, example);
        }
    }

    /// Whether an event was dead-lettered for a subscription.
    pub(in crate::events) fn has(&self, slot: Slot, reading: usize) -> bool {
        !self.seen.is_empty() && self.seen.contains_key(&key(slot, reading))
    }

    /// Whether any was.
    pub(in crate::events) fn any(&self) -> bool {
        !self.seen.is_empty()
    }
}

/// Subscriptions are few, and lanes far fewer than 2^24: both fit above the sequence.
fn key(slot: Slot, reading: usize) -> u64 {
    slot.packed() | (reading as u64) << 56
}
