//! `poisonLoss` and `headOfLine`: events that keep failing, and those that wait behind them.

use meshproof_model::Nanos;
use meshproof_model::event_record::{EventRecord, NONE};

use crate::events::ledger::{Delivery, Ledger, MANY, QuickMap};
use crate::events::plane::Slot;
use crate::events::{Anomaly, Example, Findings};

/// Remembers what was refused and has not come to a good or a known end since.
#[derive(Debug, Default)]
pub(in crate::events) struct Poison {
    refused: QuickMap<Refused>,
    /// By subscription, when an event that was never refused was last started.
    progress: Vec<Nanos>,
    /// More of them than are kept.
    pub(in crate::events) full: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Refused {
    times: u8,
    since: Nanos,
    /// A further attempt has begun and not come to an end.
    trying: bool,
}

impl Poison {
    pub(in crate::events) fn refused(&mut self, record: &EventRecord, slot: Slot, reading: usize) {
        if self.refused.len() >= MANY {
            self.full = true;
            return;
        }
        let entry = self.refused.entry(key(slot, reading)).or_insert(Refused {
            since: record.at,
            ..Refused::default()
        });
        entry.times = entry.times.saturating_add(1);
        entry.trying = false;
    }

    /// The event came to an end; how often it had been refused.
    #[inline]
    pub(in crate::events) fn ended(&mut self, slot: Slot, reading: usize) -> u8 {
        if self.refused.is_empty() {
            return 0;
        }
        let refused = self.refused.remove(&key(slot, reading));
        refused.map_or(0, |refused| refused.times)
    }

    #[inline]
    pub(in crate::events) fn delivered(
        &mut self,
        seen: &Delivery<'_>,
        ledger: &Ledger,
        out: &mut Findings,
    ) {
        if !self.refused.is_empty() {
            if let Some(refused) = self.refused.get_mut(&key(seen.slot, seen.reading)) {
                refused.trying = true;
                return;
            }
            self.waited(seen, ledger, out);
        }
        if ledger.header.stall.is_some() {
            if seen.reading >= self.progress.len() {
                self.progress.resize(seen.reading + 1, 0);
            }
            self.progress[seen.reading] = seen.record.at;
        }
    }

    /// An event begins that waited all the while, behind one that was refused before the standstill.
    fn waited(&self, seen: &Delivery<'_>, ledger: &Ledger, out: &mut Findings) {
        let record = seen.record;
        let Some(stall) = ledger.header.stall else {
            return;
        };
        let progress = self.progress.get(seen.reading).copied().unwrap_or(0);
        let stood = record.at.saturating_sub(progress);
        let waited = u64::from(record.age_us) * 1_000;
        if progress == 0 || record.age_us == NONE || stood.min(waited) <= stall.as_nanos() {
            return;
        }
        let limit = record.at.saturating_sub(stall.as_nanos());
        let behind = self
            .refused
            .iter()
            .find(|(id, refused)| (*id >> 56) as usize == seen.reading && refused.since <= limit);
        if let Some((id, _)) = behind {
            let other = ledger.identity(Slot::unpacked(id & (u64::MAX >> 8)));
            let example = Example::of(record.event, record.at)
                .with(other)
                .at(seen.reading);
            out.prove(Anomaly::HeadOfLine, example);
        }
    }

    pub(in crate::events) fn finish(&self, ledger: &Ledger, out: &mut Findings) {
        let mut left: Vec<_> = self.refused.iter().collect();
        left.sort_unstable_by_key(|(id, _)| **id);
        for (id, refused) in left {
            let reading = (id >> 56) as usize;
            let slot = Slot::unpacked(id & (u64::MAX >> 8));
            let example = Example::of(ledger.identity(slot), refused.since).at(reading);
            if refused.trying {
                let cause = "its last attempt has no known end";
                out.doubt(Anomaly::PoisonLoss, cause, example);
            } else if ledger.readings[reading].drained && !ledger.readings[reading].drain_broken {
                out.prove(Anomaly::PoisonLoss, example);
            } else {
                let cause = "the subscription was not drained";
                out.doubt(Anomaly::PoisonLoss, cause, example);
            }
        }
    }
}

/// Subscriptions are few, and lanes far fewer than 2^24: both fit above the sequence.
fn key(slot: Slot, reading: usize) -> u64 {
    slot.packed() | (reading as u64) << 56
}
