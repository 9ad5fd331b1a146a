//! `acknowledgedBeforeDurable`: acknowledged before power was lost, and gone after it.

use crate::events::ledger::{Ledger, delivery};
use crate::events::plane::Slot;
use crate::events::{Anomaly, Example, Findings};

/// An acknowledged event is lost: by a power loss, where it was acknowledged before that and no
/// subscription has it.
pub(in crate::events) fn lost(slot: Slot, ledger: &Ledger, out: &mut Findings) {
    let Some(cut) = &ledger.power_loss else {
        return;
    };
    let nowhere = ledger
        .readings
        .iter()
        .all(|reading| reading.delivered.get(slot) == delivery::NEVER);
    if nowhere && cut.covers(slot) {
        let example = Example::of(ledger.identity(slot), ledger.now);
        out.prove(Anomaly::AckBeforeDurable, example);
    }
}
