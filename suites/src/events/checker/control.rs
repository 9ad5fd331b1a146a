//! What concerns consumers and the broker as such, and events that the ledger cannot hold.

use meshproof_model::event_record::{EventKind, EventRecord, Names, SubscriptionKind};

use super::super::check::identity::Identities;
use super::super::{Anomaly, Example};
use super::Checker;

impl Checker {
    #[cold]
    pub(super) fn control(&mut self, record: &EventRecord, names: &Names) {
        let ledger = &mut self.ledger;
        match record.kind {
            EventKind::DrainBegin => return ledger.drain(record.actor, names, false),
            EventKind::DrainEnd => return ledger.drain(record.actor, names, true),
            EventKind::PowerLoss => return ledger.lose_power(),
            EventKind::ReadEnd | EventKind::ReadFailed => return self.replicas.see(record, None),
            _ => {}
        }
        let number = ledger.reading(record.actor, names);
        let reading = &mut ledger.readings[number];
        let kind = reading.kind;
        match record.kind {
            EventKind::Assign => reading.partitions.assign(kind, record),
            EventKind::Commit => reading.partitions.commit(kind, record),
            EventKind::Revoke | EventKind::Disconnect => {
                if record.detail.partition.is_some() {
                    reading.partitions.revoke(kind, record);
                } else {
                    reading.partitions.leave(record.actor);
                }
                if kind == SubscriptionKind::Queue {
                    ledger.disconnect(record.actor, number);
                }
                let cause = "a connection ended within the skew of the clocks";
                self.out
                    .clear(Anomaly::DuplicateDelivery, cause, |waiting| {
                        waiting.subscription == u32::try_from(number).ok()
                    });
            }
            EventKind::Credit => {
                let consumer = ledger.consumer(record.actor);
                let more = u64::from(record.detail.amount.unwrap_or(1));
                consumer.granted = Some(consumer.granted.unwrap_or(0).saturating_add(more));
            }
            _ => {}
        }
    }

    /// An event that the ledger cannot hold.
    #[cold]
    pub(super) fn beyond(&mut self, record: &EventRecord, names: &Names) {
        let ledger = &mut self.ledger;
        match record.kind {
            EventKind::Deliver | EventKind::Effect => {
                let reading = ledger.reading(record.actor, names);
                Identities::impossible(record, reading, &mut self.out);
            }
            EventKind::DeadLetter => {
                let reading = ledger.reading(record.actor, names);
                let note = "dead-lettered as another event than it is";
                let example = Example::of(record.event, record.at).at(reading).note(note);
                self.out.prove(Anomaly::DeadLetterWrong, example);
            }
            EventKind::Publish | EventKind::Published if ledger.beyond.is_none() => {
                ledger.beyond = Some(
                    "a sequence is far beyond what its producer has published; it has to be dense from 0",
                );
            }
            _ => {}
        }
    }
}
