//! `falseAck`: acknowledged before anybody had answered with success where that has to be seen.

use meshproof_model::event_record::{EventKind, EventRecord};

use crate::events::ledger::Ledger;
use crate::events::plane::{Plane, Slot};
use crate::events::{Anomaly, Example, Findings};

/// Remembers which events were answered with success at the declared vantage point.
#[derive(Debug, Default)]
pub(in crate::events) struct FalseAck {
    answered: Plane,
}

impl FalseAck {
    /// Something that may be such an answer.
    pub(in crate::events) fn answered(
        &mut self,
        record: &EventRecord,
        slot: Slot,
        ledger: &Ledger,
        out: &mut Findings,
    ) {
        let answers = matches!(
            record.kind,
            EventKind::Ack | EventKind::Append | EventKind::Answered
        );
        if answers && ledger.header.acknowledged_by == Some(record.vantage) {
            self.answered.set(slot, 1);
            let cause = "the answer came within the skew of the clocks";
            out.clear(Anomaly::FalseAck, cause, |waiting| {
                waiting.event == record.event
            });
        }
    }

    /// A publish was acknowledged.
    pub(in crate::events) fn acknowledged(
        &self,
        record: &EventRecord,
        slot: Slot,
        ledger: &Ledger,
        out: &mut Findings,
    ) {
        if ledger.header.acknowledged_by.is_some() && self.answered.get(slot) == 0 {
            let until = ledger.now.saturating_add(ledger.skew);
            let example = Example::of(record.event, record.at);
            out.suspect(Anomaly::FalseAck, until, example);
        }
    }
}
