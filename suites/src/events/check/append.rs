//! `duplicateAppend` and `inconsistentOffset`: what stands at which offset of the log.

use meshproof_model::Nanos;

use crate::events::ledger::Ledger;
use crate::events::plane::{Plane, Slot};
use crate::events::{Anomaly, Example, Findings};

/// So many of the last places are remembered, all partitions together.
const PLACES: usize = 1 << 18;

/// Remembers places in a window, and of every event whether it was seen at one.
#[derive(Debug, Default)]
pub(in crate::events) struct Append {
    /// By hash of the place: partition, offset, event.
    window: Vec<Option<(u32, u64, Slot)>>,
    placed: Plane,
}

impl Append {
    /// An event was seen at a place.
    pub(in crate::events) fn see(
        &mut self,
        place: (u32, u64),
        slot: Slot,
        at: Nanos,
        ledger: &Ledger,
        out: &mut Findings,
    ) {
        if self.window.is_empty() {
            self.window = vec![None; PLACES];
        }
        let (partition, offset) = place;
        let spread = u64::from(partition).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let index = usize::try_from(offset.wrapping_add(spread) % PLACES as u64).unwrap_or(0);
        let event = ledger.identity(slot);
        let before = self.window[index].replace((partition, offset, slot));
        let same = before.filter(|before| (before.0, before.1) == place);
        match same {
            Some((_, _, other)) if other != slot => {
                let example = Example::of(event, at).with(ledger.identity(other));
                out.prove(Anomaly::InconsistentOffset, example);
            }
            Some(_) => {}
            None => {
                let newest = before.is_none_or(|before| before.0 != partition || before.1 < offset);
                if self.placed.get(slot) != 0 && newest {
                    out.prove(Anomaly::DuplicateAppend, Example::of(event, at));
                }
                self.placed.set(slot, 1);
            }
        }
    }
}
