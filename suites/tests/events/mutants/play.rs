//! What can be done to a history.

use super::*;

/// A history under change, with its events that were published, delivered and settled once.
pub(super) struct Play {
    pub(super) story: Story,
    pub(super) plain: Vec<Identity>,
}

impl Play {
    pub(super) fn index(&self, event: Identity, kind: Kind) -> usize {
        let found = |record: &EventRecord| record.event == event && record.kind == kind;
        self.story.records.iter().position(found).unwrap()
    }

    pub(super) fn of(&mut self, event: Identity, kind: Kind) -> &mut EventRecord {
        let index = self.index(event, kind);
        &mut self.story.records[index]
    }

    pub(super) fn remove(&mut self, event: Identity, kind: Kind) {
        let index = self.index(event, kind);
        self.story.records.remove(index);
    }

    pub(super) fn insert(&mut self, at: usize, kind: Kind, actor: u32, event: Identity) {
        let mut record = EventRecord::new(kind, actor, 0);
        record.event = event;
        self.story.records.insert(at, record);
    }

    pub(super) fn lose(&mut self, event: Identity) {
        self.story.records.retain(|record| {
            record.event != event
                || !matches!(record.kind, Kind::Deliver | Kind::Ack | Kind::Effect)
        });
    }

    pub(super) fn copy_to_end(&mut self, event: Identity, kind: Kind) {
        let copy = self.story.records[self.index(event, kind)].clone();
        self.story.records.push(copy);
    }

    pub(super) fn swap(&mut self, event: Identity, one: Kind, other: Kind) {
        let (one, other) = (self.index(event, one), self.index(event, other));
        self.story.records.swap(one, other);
    }

    /// Delivered and acknowledged once more, right behind the acknowledgement.
    pub(super) fn repeat(&mut self, event: Identity) {
        let (deliver, ack) = (
            self.index(event, Kind::Deliver),
            self.index(event, Kind::Ack),
        );
        let again = [deliver, ack].map(|index| self.story.records[index].clone());
        self.story.records.splice(ack + 1..=ack, again);
    }

    /// Whoever is handed one more than the broker meant to allows it: that is another mutant's matter.
    pub(super) fn make_room(&mut self) {
        for subscription in self.story.header.subscriptions.values_mut() {
            subscription.prefetch = Some(PREFETCH + 1);
        }
    }

    /// Delivered once more while its consumer still has it.
    pub(super) fn repeat_unsettled(&mut self, event: Identity) {
        self.make_room();
        let ack = self.index(event, Kind::Ack);
        let again = self.story.records[self.index(event, Kind::Deliver)].clone();
        self.story.records.insert(ack, again);
    }

    pub(super) fn forge(&mut self, producer: u16, sequence: u32) {
        let event = Identity {
            producer,
            epoch: 0,
            sequence,
        };
        self.story.push(Kind::Deliver, PRODUCERS, event);
        self.story.push(Kind::Ack, PRODUCERS, event);
    }

    pub(super) fn swap_payloads(&mut self, one: Identity, other: Identity) {
        self.of(one, Kind::Deliver).detail.digest = Some(broker::digest(other));
        self.of(other, Kind::Deliver).detail.digest = Some(broker::digest(one));
    }

    pub(super) fn reuse(&mut self, event: Identity, flags: u8) {
        let record = self
            .story
            .push(Kind::Publish, u32::from(event.producer), event);
        record.flags = flags | flag::DETAIL;
        record.detail.digest = Some(1);
    }

    pub(super) fn first_of_a_producer(&self) -> Identity {
        *self
            .plain
            .iter()
            .min_by_key(|event| event.sequence)
            .unwrap()
    }

    pub(super) fn poison(&self) -> Identity {
        let found = |record: &&EventRecord| record.kind == Kind::DeadLetter;
        self.story.records.iter().find(found).unwrap().event
    }

    /// All but the first attempt never were.
    pub(super) fn give_up_early(&mut self, event: Identity) {
        let mut seen = 0;
        self.story.records.retain(|record| {
            let attempt =
                record.event == event && matches!(record.kind, Kind::Deliver | Kind::Nack);
            seen += u32::from(attempt);
            !attempt || seen <= 2
        });
        self.of(event, Kind::DeadLetter).attempt = 1;
    }

    /// The records of an event's delivery, taken out.
    pub(super) fn take_delivery(&mut self, event: Identity) -> Vec<EventRecord> {
        let ack = self.index(event, Kind::Ack);
        let ack = self.story.records.remove(ack);
        let deliver = self.index(event, Kind::Deliver);
        vec![self.story.records.remove(deliver), ack]
    }

    pub(super) fn pair(
        &self,
        fits: impl Fn(&EventRecord, &EventRecord) -> bool,
    ) -> (Identity, Identity) {
        let delivered: Vec<&EventRecord> = self
            .story
            .records
            .iter()
            .filter(|record| record.kind == Kind::Deliver && self.plain.contains(&record.event))
            .collect();
        for (index, first) in delivered.iter().enumerate() {
            if let Some(second) = delivered[index + 1..]
                .iter()
                .find(|second| fits(first, second))
            {
                return (first.event, second.event);
            }
        }
        panic!("no two events fit:\n{}", self.story.told())
    }

    pub(super) fn reorder_key(&mut self) {
        self.make_room();
        let (first, second) = self.pair(|first, second| {
            first.key == second.key
                && first.event.producer == second.event.producer
                && first.event.sequence < second.event.sequence
        });
        // Causes are another matter.
        for record in &mut self.story.records {
            record.detail.causes.clear();
        }
        let taken = self.take_delivery(first);
        let behind = self.index(second, Kind::Ack) + 1;
        self.story.records.splice(behind..behind, taken);
    }

    pub(super) fn reorder_causes(&mut self) {
        self.make_room();
        let causes: Vec<(Identity, Identity)> = self
            .story
            .records
            .iter()
            .filter(|record| record.kind == Kind::Publish)
            .filter_map(|record| Some((record.event, *record.detail.causes.first()?)))
            .filter(|(effect, cause)| {
                effect.producer != cause.producer
                    && self.plain.contains(effect)
                    && self.plain.contains(cause)
            })
            .collect();
        let (effect, cause) = causes[0];
        for record in &mut self.story.records {
            if record.event != effect {
                record.detail.causes.clear();
            }
            // The cause is held up: whatever else its key and producer do stays in order.
            if record.event == cause && record.kind == Kind::Deliver {
                record.key = meshproof_model::event_record::NONE;
            }
        }
        let taken = self.take_delivery(cause);
        let behind = self.index(effect, Kind::Ack) + 1;
        self.story.records.splice(behind..behind, taken);
    }

    pub(super) fn acknowledge_at_the_end(&mut self) {
        let consumer = PRODUCERS;
        let late = |record: &EventRecord| record.kind == Kind::Ack && record.actor == consumer;
        let acks: Vec<EventRecord> = self
            .story
            .records
            .extract_if(.., |record| late(record))
            .collect();
        assert!(acks.len() > PREFETCH as usize);
        let drain = Kind::DrainEnd;
        let end = self
            .story
            .records
            .iter()
            .position(|record| record.kind == drain)
            .unwrap();
        self.story.records.splice(end..end, acks);
    }

    /// Ten seconds pass after a refusal, and what was waiting is that old.
    pub(super) fn stand_still(&mut self) {
        self.make_room();
        let poison = self.poison();
        let refused = self.index(poison, Kind::Nack);
        let records = &mut self.story.records;
        let next = records[refused..].iter().position(|record| {
            record.kind == Kind::Deliver && record.event != poison && record.attempt == 1
        });
        let next = refused + next.unwrap();
        // The poison message is tried again only after that.
        let again: Vec<EventRecord> = {
            let (mut kept, mut moved) = (Vec::new(), Vec::new());
            for record in records.drain(refused + 1..next) {
                let trial = record.event == poison;
                if trial {
                    moved.push(record)
                } else {
                    kept.push(record)
                }
            }
            let next = refused + 1 + kept.len();
            records.splice(refused + 1..=refused, kept);
            records[next].age_us = 10_000_000;
            moved
        };
        let next = records
            .iter()
            .position(|record| record.age_us == 10_000_000)
            .unwrap();
        records.splice(next + 1..=next, again);
    }

    /// An event of a log with one before it and one behind it in the same assignment.
    pub(super) fn inside(&self) -> Identity {
        let delivered: Vec<&EventRecord> = self
            .story
            .records
            .iter()
            .filter(|r| r.kind == Kind::Deliver && r.detail.partition == Some(0))
            .collect();
        delivered[delivered.len() / 2].event
    }

    pub(super) fn go_back(&mut self) {
        let event = self.inside();
        let index = self.index(event, Kind::Deliver);
        let again = self.story.records[index].clone();
        self.story.records.insert(index + 1, again);
    }

    pub(super) fn begin_before_the_cursor(&mut self) {
        let event = self.inside();
        let index = self.index(event, Kind::Deliver);
        let again = self.story.records[index].clone();
        let (partition, offset) = again.place().unwrap();
        let consumer = again.actor;
        let mut added = Vec::new();
        for kind in [Kind::Commit, Kind::Revoke, Kind::Assign] {
            let mut record = EventRecord::new(kind, consumer, 0);
            broker::place(&mut record, partition, offset + 1);
            if kind != Kind::Commit {
                record.detail.offset = None;
            }
            added.push(record);
        }
        // Assignments are not counted here, so that the one added fits in.
        for record in &mut self.story.records {
            record.detail.assignment = None;
        }
        added.push(again);
        self.story.records.splice(index + 1..=index, added);
    }

    pub(super) fn another_value(&mut self) {
        let records = &self.story.records;
        let appended: Vec<&EventRecord> = records
            .iter()
            .filter(|r| r.kind == Kind::Append && r.detail.partition == Some(0))
            .collect();
        let (one, other) = (appended[0].place().unwrap(), appended[1].event);
        broker::place(self.story.push(Kind::Append, BROKER, other), one.0, one.1);
    }

    /// Two publishes that follow each other lie in the log the wrong way round, and are read so.
    pub(super) fn append_before(&mut self) {
        let records = &self.story.records;
        let appended: Vec<&EventRecord> = records
            .iter()
            .filter(|r| r.kind == Kind::Append && r.detail.partition == Some(0))
            .collect();
        let pair = appended
            .windows(2)
            .find(|pair| pair[0].event.producer != pair[1].event.producer);
        let pair = pair.unwrap();
        let (first, second) = (
            (pair[0].event, pair[0].place()),
            (pair[1].event, pair[1].place()),
        );
        let (one, other) = (
            self.index(first.0, Kind::Deliver),
            self.index(second.0, Kind::Deliver),
        );
        for record in &mut self.story.records {
            for ((event, _), (_, place)) in [(first, second), (second, first)] {
                if record.event == event
                    && matches!(record.kind, Kind::Append | Kind::Published | Kind::Deliver)
                {
                    let (partition, offset) = place.unwrap();
                    broker::place(record, partition, offset);
                }
            }
        }
        // Both are read when both stand there.
        let read = self.story.records.remove(one);
        assert!(one < other);
        self.story.records.insert(other, read);
    }

    /// The last event of a partition is gone after power was lost.
    pub(super) fn lose_power(&mut self) {
        let last = self
            .story
            .records
            .iter()
            .rev()
            .find(|r| r.kind == Kind::Deliver)
            .unwrap()
            .event;
        self.remove(last, Kind::Deliver);
        self.story
            .records
            .retain(|r| r.event != last || r.kind != Kind::Read);
        let drain = self
            .story
            .records
            .iter()
            .position(|r| r.kind == Kind::DrainBegin)
            .unwrap();
        self.insert(drain, Kind::PowerLoss, BROKER, Identity::NONE);
    }

    pub(super) fn hide(&mut self, event: Identity) {
        self.remove(event, Kind::Read);
    }
}
