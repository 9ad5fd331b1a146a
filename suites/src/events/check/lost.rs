//! `lostAcknowledged`: acknowledged, and never delivered; with the class of the loss.

use std::collections::BTreeMap;

use meshproof_model::event_record::Names;

use super::durable;
use crate::events::ledger::{Ledger, delivery, publish};
use crate::events::plane::{Plane, SEGMENT, Slot, unmatched};
use crate::events::{Anomaly, Example, Findings};

/// Every acknowledged event was delivered, or is known to be still on its way.
pub(in crate::events) fn finish(
    evicted: &Plane,
    ledger: &mut Ledger,
    names: &Names,
    out: &mut Findings,
) {
    for number in 0..ledger.readings.len() {
        let mut around = Vec::new();
        ledger.readings[number]
            .partitions
            .stepped_over(|slot| around.push(slot));
        around.sort_unstable();
        let ledger = &*ledger;
        let reading = &ledger.readings[number];
        let mut bounds = BTreeMap::new();
        unmatched(&ledger.publishes, publish::OK, &reading.delivered, |slot| {
            let event = ledger.identity(slot);
            if !reading.owes(event, names) {
                return;
            }
            let example = Example::of(event, ledger.now).at(number);
            let stepped_over = evicted.get(slot) == 0 && around.binary_search(&slot).is_ok();
            let drained = reading.proves(slot);
            if stepped_over || drained && !reading.drain_broken {
                let (first, last) = *bounds
                    .entry(slot.lane)
                    .or_insert_with(|| delivered(&reading.delivered, slot.lane));
                let example = example.note(class(slot, first, last));
                out.prove(Anomaly::LostAcknowledged, example);
                durable::lost(slot, ledger, out);
            } else {
                let cause = if drained {
                    "events came after the drain had ended, so it proves nothing"
                } else {
                    "undelivered yet: the subscription was not drained after it was acknowledged"
                };
                out.doubt(Anomaly::LostAcknowledged, cause, example);
            }
        });
    }
}

/// Where in what its producer got delivered the loss is.
fn class(slot: Slot, first: Option<u32>, last: Option<u32>) -> &'static str {
    match (first, last) {
        (Some(first), _) if slot.sequence < first => "before all that was delivered (prefix)",
        (_, Some(last)) if slot.sequence > last => "after all that was delivered (postfix)",
        (Some(_), Some(_)) => "among what was delivered (middle)",
        _ => "nothing of its producer was delivered",
    }
}

/// The first and the last event of a lane that was delivered.
fn delivered(plane: &Plane, lane: u32) -> (Option<u32>, Option<u32>) {
    let (mut first, mut last) = (None, None);
    for segment in 0..plane.segments(lane) {
        if plane.even(lane, segment) == Some(delivery::NEVER) {
            continue;
        }
        for (word, bits) in plane.words(lane, segment).iter().enumerate() {
            if *bits != 0 {
                let base =
                    u32::try_from(segment * SEGMENT as usize + word * 32).unwrap_or(u32::MAX);
                first = first.or(Some(base + bits.trailing_zeros() / 2));
                last = Some(base + (63 - bits.leading_zeros()) / 2);
            }
        }
    }
    (first, last)
}
