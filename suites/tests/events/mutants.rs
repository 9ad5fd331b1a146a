//! Correct histories with one thing done to them each. A mutant declares the exact set of anomalies
//! that it must produce: the primary one and what that implies.

use meshproof_model::event_record::{EventKind as Kind, EventRecord, Identity, flag};
use meshproof_suites::events::Anomaly::{
    self, AckBeforeDurable, CausalReorder, DeadLetterWrong, DuplicateAppend, DuplicateDelivery,
    DuplicateEffect, FailedYetVisible, FalseAck, HeadOfLine, IdentityReused, InconsistentOffset,
    KeyReorder, LostAcknowledged, LostEffect, OverCredit, Phantom, PoisonLoss, RealTimeReorder,
    ReplicaDivergence, RetentionLoss, Rewind, Skip, Stale, SwappedPayload,
};
use proptest::prelude::*;

use crate::broker::{self, BROKER, PREFETCH, PRODUCERS, Random, Trouble};
use crate::story::Story;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Base {
    Queue,
    Log,
    Webhooks,
}

/// A name, what it is done to, what is done, what must be found.
type Mutant = (&'static str, Base, fn(&mut Play), &'static [Anomaly]);

const MUTANTS: &[Mutant] = &[
    (
        "drop an event",
        Base::Queue,
        |p| p.lose(p.plain[3]),
        &[LostAcknowledged, LostEffect],
    ),
    (
        "drop what comes first",
        Base::Queue,
        |p| p.lose(p.first_of_a_producer()),
        &[LostAcknowledged, LostEffect],
    ),
    (
        "drop what comes last",
        Base::Queue,
        |p| p.lose(*p.plain.last().unwrap()),
        &[LostAcknowledged, LostEffect],
    ),
    (
        "drop all",
        Base::Queue,
        |p| {
            p.story.records.retain(|r| {
                !matches!(
                    r.kind,
                    Kind::Deliver | Kind::Ack | Kind::Nack | Kind::DeadLetter | Kind::Effect
                )
            })
        },
        &[LostAcknowledged],
    ),
    (
        "repeat an event",
        Base::Queue,
        |p| p.repeat(p.plain[2]),
        &[DuplicateDelivery],
    ),
    (
        "repeat an event that was not settled",
        Base::Queue,
        |p| p.repeat_unsettled(p.plain[2]),
        &[DuplicateDelivery],
    ),
    (
        "a loss beside a duplicate: the counts agree",
        Base::Queue,
        |p| {
            p.lose(p.plain[1]);
            p.repeat(p.plain[5]);
        },
        &[LostAcknowledged, DuplicateDelivery, LostEffect],
    ),
    (
        "a loss beside a phantom: the counts agree",
        Base::Queue,
        |p| {
            p.lose(p.plain[1]);
            p.forge(0, 10_000);
        },
        &[LostAcknowledged, Phantom, LostEffect],
    ),
    (
        "forge an event",
        Base::Queue,
        |p| p.forge(0, 10_000),
        &[Phantom],
    ),
    (
        "forge one far away",
        Base::Queue,
        |p| p.forge(0, 2_000_000_000),
        &[Phantom],
    ),
    (
        "forge one of nobody",
        Base::Queue,
        |p| {
            p.story.names.producers.number("nobody", 100);
            p.forge(u16::try_from(PRODUCERS).unwrap(), 0);
        },
        &[Phantom],
    ),
    (
        "forge an effect",
        Base::Queue,
        |p| {
            let event = Identity {
                producer: 0,
                epoch: 0,
                sequence: 10_000,
            };
            p.story.push(Kind::Effect, PRODUCERS, event);
        },
        &[Phantom],
    ),
    (
        "swap two payloads",
        Base::Queue,
        |p| p.swap_payloads(p.plain[0], p.plain[1]),
        &[SwappedPayload],
    ),
    (
        "a payload with another token",
        Base::Queue,
        |p| p.of(p.plain[0], Kind::Deliver).flags |= flag::FORGED,
        &[SwappedPayload],
    ),
    (
        "use an identity twice",
        Base::Queue,
        |p| p.reuse(p.plain[0], 0),
        &[IdentityReused],
    ),
    (
        "resend other bytes",
        Base::Queue,
        |p| p.reuse(p.plain[0], flag::RESEND),
        &[IdentityReused],
    ),
    (
        "fail what is delivered",
        Base::Queue,
        |p| p.of(p.plain[0], Kind::Published).kind = Kind::PublishFailed,
        &[FailedYetVisible],
    ),
    (
        "an effect twice",
        Base::Queue,
        |p| p.copy_to_end(p.plain[0], Kind::Effect),
        &[DuplicateEffect],
    ),
    (
        "no effect",
        Base::Queue,
        |p| p.remove(p.plain[0], Kind::Effect),
        &[LostEffect],
    ),
    (
        "an effect lost and another twice",
        Base::Queue,
        |p| {
            p.remove(p.plain[0], Kind::Effect);
            p.copy_to_end(p.plain[1], Kind::Effect);
        },
        &[DuplicateEffect, LostEffect],
    ),
    (
        "start a key's events the wrong way round",
        Base::Queue,
        Play::reorder_key,
        &[KeyReorder],
    ),
    (
        "start an effect before its cause",
        Base::Queue,
        Play::reorder_causes,
        &[CausalReorder],
    ),
    (
        "arrive late",
        Base::Queue,
        |p| p.of(p.plain[0], Kind::Deliver).age_us = 2_000_000,
        &[Stale],
    ),
    (
        "send on without acknowledgements",
        Base::Queue,
        Play::acknowledge_at_the_end,
        &[OverCredit],
    ),
    (
        "drop a poison message",
        Base::Queue,
        |p| {
            let poison = p.poison();
            p.remove(poison, Kind::DeadLetter);
        },
        &[LostEffect, PoisonLoss],
    ),
    (
        "dead-letter too early",
        Base::Queue,
        |p| {
            let poison = p.poison();
            p.give_up_early(poison);
        },
        &[DeadLetterWrong],
    ),
    (
        "dead-letter twice",
        Base::Queue,
        |p| {
            let poison = p.poison();
            p.copy_to_end(poison, Kind::DeadLetter);
        },
        &[DeadLetterWrong],
    ),
    (
        "dead-letter as another",
        Base::Queue,
        |p| {
            let poison = p.poison();
            p.of(poison, Kind::DeadLetter).flags |= flag::FORGED;
        },
        &[DeadLetterWrong],
    ),
    (
        "dead-letter what has its effect",
        Base::Queue,
        |p| {
            let poison = p.poison();
            p.story.push(Kind::Effect, PRODUCERS, poison);
        },
        &[DeadLetterWrong],
    ),
    (
        "stand still behind a poison message",
        Base::Queue,
        Play::stand_still,
        &[HeadOfLine, Stale],
    ),
    (
        "evict unread",
        Base::Queue,
        |p| {
            let event = p.plain[4];
            let at = p.index(event, Kind::Published) + 1;
            p.lose(event);
            p.insert(at, Kind::Evict, BROKER, event);
        },
        &[LostAcknowledged, LostEffect, RetentionLoss],
    ),
    (
        "drop an event of a log",
        Base::Log,
        |p| {
            let event = p.inside();
            p.remove(event, Kind::Deliver);
        },
        &[LostAcknowledged, Skip],
    ),
    (
        "go back in a partition",
        Base::Log,
        Play::go_back,
        &[DuplicateDelivery, Rewind],
    ),
    (
        "begin before the committed cursor",
        Base::Log,
        Play::begin_before_the_cursor,
        &[DuplicateDelivery],
    ),
    (
        "append twice",
        Base::Log,
        |p| {
            let event = p.plain[0];
            let offset = 10_000;
            broker::place(p.story.push(Kind::Append, BROKER, event), 0, offset);
        },
        &[DuplicateAppend],
    ),
    (
        "two values at one offset",
        Base::Log,
        Play::another_value,
        &[InconsistentOffset],
    ),
    (
        "append before what was acknowledged",
        Base::Log,
        Play::append_before,
        &[RealTimeReorder],
    ),
    (
        "lose power",
        Base::Log,
        Play::lose_power,
        &[LostAcknowledged, AckBeforeDurable],
    ),
    (
        "hide from a node",
        Base::Log,
        |p| p.hide(p.plain[7]),
        &[ReplicaDivergence],
    ),
    (
        "answer for the broker",
        Base::Log,
        |p| {
            let event = p.plain[0];
            p.swap(event, Kind::Append, Kind::Published);
        },
        &[FalseAck],
    ),
    (
        "answer for the service",
        Base::Webhooks,
        |p| {
            let event = p.plain[0];
            p.swap(event, Kind::Ack, Kind::Published);
        },
        &[FalseAck],
    ),
    (
        "turn a timeout into success",
        Base::Webhooks,
        |p| {
            let event = p.plain[0];
            p.remove(event, Kind::Ack);
            p.remove(event, Kind::Deliver);
        },
        &[LostAcknowledged, FalseAck],
    ),
    (
        "replay a request",
        Base::Webhooks,
        |p| p.repeat(p.plain[0]),
        &[DuplicateDelivery],
    ),
];

/// A history under change, with its events that were published, delivered and settled once.
struct Play {
    story: Story,
    plain: Vec<Identity>,
}

impl Play {
    fn index(&self, event: Identity, kind: Kind) -> usize {
        let found = |record: &EventRecord| record.event == event && record.kind == kind;
        self.story.records.iter().position(found).unwrap()
    }

    fn of(&mut self, event: Identity, kind: Kind) -> &mut EventRecord {
        let index = self.index(event, kind);
        &mut self.story.records[index]
    }

    fn remove(&mut self, event: Identity, kind: Kind) {
        let index = self.index(event, kind);
        self.story.records.remove(index);
    }

    fn insert(&mut self, at: usize, kind: Kind, actor: u32, event: Identity) {
        let mut record = EventRecord::new(kind, actor, 0);
        record.event = event;
        self.story.records.insert(at, record);
    }

    fn lose(&mut self, event: Identity) {
        self.story.records.retain(|record| {
            record.event != event
                || !matches!(record.kind, Kind::Deliver | Kind::Ack | Kind::Effect)
        });
    }

    fn copy_to_end(&mut self, event: Identity, kind: Kind) {
        let copy = self.story.records[self.index(event, kind)].clone();
        self.story.records.push(copy);
    }

    fn swap(&mut self, event: Identity, one: Kind, other: Kind) {
        let (one, other) = (self.index(event, one), self.index(event, other));
        self.story.records.swap(one, other);
    }

    /// Delivered and acknowledged once more, right behind the acknowledgement.
    fn repeat(&mut self, event: Identity) {
        let (deliver, ack) = (
            self.index(event, Kind::Deliver),
            self.index(event, Kind::Ack),
        );
        let again = [deliver, ack].map(|index| self.story.records[index].clone());
        self.story.records.splice(ack + 1..=ack, again);
    }

    /// Whoever is handed one more than the broker meant to allows it: that is another mutant's matter.
    fn make_room(&mut self) {
        for subscription in self.story.header.subscriptions.values_mut() {
            subscription.prefetch = Some(PREFETCH + 1);
        }
    }

    /// Delivered once more while its consumer still has it.
    fn repeat_unsettled(&mut self, event: Identity) {
        self.make_room();
        let ack = self.index(event, Kind::Ack);
        let again = self.story.records[self.index(event, Kind::Deliver)].clone();
        self.story.records.insert(ack, again);
    }

    fn forge(&mut self, producer: u16, sequence: u32) {
        let event = Identity {
            producer,
            epoch: 0,
            sequence,
        };
        self.story.push(Kind::Deliver, PRODUCERS, event);
        self.story.push(Kind::Ack, PRODUCERS, event);
    }

    fn swap_payloads(&mut self, one: Identity, other: Identity) {
        self.of(one, Kind::Deliver).detail.digest = Some(broker::digest(other));
        self.of(other, Kind::Deliver).detail.digest = Some(broker::digest(one));
    }

    fn reuse(&mut self, event: Identity, flags: u8) {
        let record = self
            .story
            .push(Kind::Publish, u32::from(event.producer), event);
        record.flags = flags | flag::DETAIL;
        record.detail.digest = Some(1);
    }

    fn first_of_a_producer(&self) -> Identity {
        *self
            .plain
            .iter()
            .min_by_key(|event| event.sequence)
            .unwrap()
    }

    fn poison(&self) -> Identity {
        let found = |record: &&EventRecord| record.kind == Kind::DeadLetter;
        self.story.records.iter().find(found).unwrap().event
    }

    /// All but the first attempt never were.
    fn give_up_early(&mut self, event: Identity) {
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
    fn take_delivery(&mut self, event: Identity) -> Vec<EventRecord> {
        let ack = self.index(event, Kind::Ack);
        let ack = self.story.records.remove(ack);
        let deliver = self.index(event, Kind::Deliver);
        vec![self.story.records.remove(deliver), ack]
    }

    fn pair(&self, fits: impl Fn(&EventRecord, &EventRecord) -> bool) -> (Identity, Identity) {
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

    fn reorder_key(&mut self) {
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

    fn reorder_causes(&mut self) {
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

    fn acknowledge_at_the_end(&mut self) {
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
    fn stand_still(&mut self) {
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
    fn inside(&self) -> Identity {
        let delivered: Vec<&EventRecord> = self
            .story
            .records
            .iter()
            .filter(|r| r.kind == Kind::Deliver && r.detail.partition == Some(0))
            .collect();
        delivered[delivered.len() / 2].event
    }

    fn go_back(&mut self) {
        let event = self.inside();
        let index = self.index(event, Kind::Deliver);
        let again = self.story.records[index].clone();
        self.story.records.insert(index + 1, again);
    }

    fn begin_before_the_cursor(&mut self) {
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

    fn another_value(&mut self) {
        let records = &self.story.records;
        let appended: Vec<&EventRecord> = records
            .iter()
            .filter(|r| r.kind == Kind::Append && r.detail.partition == Some(0))
            .collect();
        let (one, other) = (appended[0].place().unwrap(), appended[1].event);
        broker::place(self.story.push(Kind::Append, BROKER, other), one.0, one.1);
    }

    /// Two publishes that follow each other lie in the log the wrong way round, and are read so.
    fn append_before(&mut self) {
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
    fn lose_power(&mut self) {
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

    fn hide(&mut self, event: Identity) {
        self.remove(event, Kind::Read);
    }
}

fn base(base: Base, seed: u64) -> Story {
    let calm = Trouble { rough: false };
    match base {
        Base::Queue => broker::queue(seed, calm),
        Base::Log => broker::log(seed, calm),
        Base::Webhooks => broker::webhooks(seed),
    }
}

/// The events that were delivered once and nothing else was done to.
fn plain(story: &Story, base: Base) -> Vec<Identity> {
    let count = |event, kind| {
        let records = story.records.iter();
        records
            .filter(|record| record.event == event && record.kind == kind)
            .count()
    };
    let published = story
        .records
        .iter()
        .filter(|record| record.kind == Kind::Published);
    published
        .map(|record| record.event)
        .filter(|event| count(*event, Kind::Deliver) == 1)
        .filter(|event| base == Base::Log || count(*event, Kind::Ack) == 1)
        .collect()
}

fn check(mutant: &Mutant, seed: u64) {
    let (name, kind, change, expected) = mutant;
    let story = base(*kind, seed);
    assert_eq!(story.proven(), [], "{name}: the base is correct");
    let plain = plain(&story, *kind);
    let mut play = Play { story, plain };
    change(&mut play);
    let slow = expected.contains(&HeadOfLine);
    let mut story = play.story.retimed();
    if slow {
        let late = story
            .records
            .iter()
            .position(|record| record.age_us == 10_000_000)
            .unwrap();
        for record in &mut story.records[late..] {
            record.at += 10_000_000_000;
        }
    }
    let mut expected = expected.to_vec();
    expected.sort();
    let proven = story.proven();
    assert_eq!(proven, expected, "{name}, seed {seed}\n{}", story.told());
}

#[test]
fn every_mutant_is_told_as_exactly_what_it_is() {
    for mutant in MUTANTS {
        check(mutant, Random::new(7).below(1000).into());
    }
}

#[test]
fn every_anomaly_has_its_mutant() {
    for anomaly in Anomaly::ALL {
        assert!(
            MUTANTS
                .iter()
                .any(|(_, _, _, expected)| expected.contains(anomaly)),
            "{anomaly} has none"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutant_is_caught_under_every_schedule(seed in any::<u64>(), which in 0..MUTANTS.len()) {
        check(&MUTANTS[which], seed);
    }
}
