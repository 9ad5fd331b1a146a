//! Correct brokers under random schedules: a queue whose consumers settle each event, a log with a
//! committed cursor, and webhooks that answer themselves.

use std::collections::{BTreeMap, VecDeque};

use meshproof_model::VerdictKind;
use meshproof_model::event_record::{
    EventHeader, EventKind, Identity, Subscription, SubscriptionKind, Vantage, flag,
};
use meshproof_suites::events::{Anomaly, Guarantee, judge};
use proptest::prelude::*;

use crate::story::Story;

pub(crate) const PRODUCERS: u32 = 3;
pub(crate) const KEYS: u32 = 6;
pub(crate) const CONSUMERS: u32 = 3;
pub(crate) const BROKER: u32 = PRODUCERS + CONSUMERS;
pub(crate) const PREFETCH: u32 = 4;
/// After so many refusals an event is dead-lettered.
pub(crate) const ATTEMPTS: u8 = 3;
const EVENTS: u32 = 120;

/// Whatever a schedule decides.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2) | 1)
    }

    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from((self.0 >> 20) % u64::from(limit)).unwrap()
    }
}

pub(crate) fn header(kind: SubscriptionKind) -> EventHeader {
    let subscription = Subscription {
        kind,
        prefetch: (kind == SubscriptionKind::Queue).then_some(PREFETCH),
        producers: Vec::new(),
    };
    EventHeader {
        subscriptions: [("s".to_owned(), subscription)].into_iter().collect(),
        deadline: Some("1s".parse().unwrap()),
        stall: Some("5s".parse().unwrap()),
        dead_letter_after: Some(ATTEMPTS),
        ..EventHeader::default()
    }
}

/// How much goes wrong that a correct broker copes with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trouble {
    /// Publishes that fail or end unknown and are resent; connections that end; leases that expire.
    pub(crate) rough: bool,
}

#[derive(Clone)]
struct Queued {
    event: Identity,
    key: u32,
    attempt: u8,
}

/// A queue: every key belongs to one consumer at a time, so that per-key order can be kept.
pub(crate) fn queue(seed: u64, trouble: Trouble) -> Story {
    let mut random = Random::new(seed);
    let mut story = Story::new(header(SubscriptionKind::Queue), PRODUCERS, KEYS, CONSUMERS);
    let mut next = [0_u32; PRODUCERS as usize];
    let mut waiting: VecDeque<Queued> = VecDeque::new();
    let mut held: Vec<(u32, Queued)> = Vec::new();
    let mut effects: Vec<(u32, Queued)> = Vec::new();
    let mut last: Option<Identity> = None;
    let mut made = 0;
    while made <= EVENTS || !waiting.is_empty() || !held.is_empty() {
        if made == EVENTS {
            made += 1;
            story.push(EventKind::DrainBegin, PRODUCERS, Identity::NONE);
        }
        let choice = random.below(10);
        if choice < 3 && made < EVENTS {
            made += 1;
            let producer = random.below(PRODUCERS);
            let event = identity(producer, &mut next);
            let key = random.below(KEYS);
            publish(&mut story, event, key, last);
            let queued = Queued {
                event,
                key,
                attempt: 0,
            };
            match if trouble.rough { random.below(12) } else { 11 } {
                0 => {
                    end(&mut story, EventKind::PublishFailed, event, key);
                    continue;
                }
                1 if event.sequence % 10 != 3 => {
                    // Unknown: it did take effect, and is resent, and then stands there twice.
                    end(&mut story, EventKind::PublishUnknown, event, key);
                    waiting.push_back(queued.clone());
                    let again = story.push(EventKind::Publish, producer, event);
                    again.flags |= flag::RESEND;
                    again.key = key;
                    end(&mut story, EventKind::Published, event, key);
                    last = None;
                    waiting.push_back(queued);
                    continue;
                }
                2 => {
                    end(&mut story, EventKind::PublishUnknown, event, key);
                    if random.below(2) == 0 {
                        continue;
                    }
                }
                _ => end(&mut story, EventKind::Published, event, key),
            }
            // A cause in another key, so that order between the two is the cause's alone.
            last = Some(event);
            waiting.push_back(queued);
        } else if choice < 7 {
            deliver(&mut story, &mut random, &mut waiting, &mut held, trouble);
        } else if !held.is_empty() {
            let index = random.below(u32::try_from(held.len()).unwrap()) as usize;
            let (consumer, queued) = held.remove(index);
            settle(
                &mut story,
                &mut random,
                consumer,
                queued,
                &mut waiting,
                &mut effects,
            );
        }
        if trouble.rough && random.below(40) == 0 {
            let consumer = PRODUCERS + random.below(CONSUMERS);
            story.push(EventKind::Disconnect, consumer, Identity::NONE);
            let (mine, others) = held.drain(..).partition(|(holder, _)| *holder == consumer);
            held = others;
            let mine: Vec<(u32, Queued)> = mine;
            for (_, queued) in mine.into_iter().rev() {
                waiting.push_front(queued);
            }
        }
    }
    story.push(EventKind::DrainEnd, PRODUCERS, Identity::NONE);
    effects.sort_by_key(|(_, queued)| queued.event);
    effects.dedup_by_key(|(_, queued)| queued.event);
    for (consumer, queued) in effects {
        story.push(EventKind::Effect, consumer, queued.event).key = queued.key;
    }
    story
}

fn identity(producer: u32, next: &mut [u32]) -> Identity {
    let sequence = next[producer as usize];
    next[producer as usize] += 1;
    Identity {
        producer: u16::try_from(producer).unwrap(),
        epoch: 0,
        sequence,
    }
}

fn publish(story: &mut Story, event: Identity, key: u32, cause: Option<Identity>) {
    let record = story.push(EventKind::Publish, u32::from(event.producer), event);
    record.key = key;
    record.detail.digest = Some(digest(event));
    record.detail.causes = cause.into_iter().collect();
    record.flags |= flag::DETAIL;
}

pub(crate) fn digest(event: Identity) -> u64 {
    event.packed().wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn end(story: &mut Story, kind: EventKind, event: Identity, key: u32) {
    story.push(kind, u32::from(event.producer), event).key = key;
}

/// Delivers the first waiting event that nothing of its key stands before; strictly in order, so
/// that causes come first.
fn deliver(
    story: &mut Story,
    random: &mut Random,
    waiting: &mut VecDeque<Queued>,
    held: &mut Vec<(u32, Queued)>,
    trouble: Trouble,
) {
    let consumer = PRODUCERS + random.below(CONSUMERS);
    let full = held
        .iter()
        .filter(|(holder, _)| *holder == consumer)
        .count()
        >= PREFETCH as usize;
    let Some(mut queued) = (if full { None } else { waiting.pop_front() }) else {
        return;
    };
    queued.attempt += 1;
    let record = story.push(EventKind::Deliver, consumer, queued.event);
    record.key = queued.key;
    record.age_us = 1_000;
    record.attempt = queued.attempt;
    record.detail.digest = Some(digest(queued.event));
    record.flags |= flag::DETAIL
        | if queued.attempt > 1 {
            flag::REDELIVERED
        } else {
            0
        };
    if trouble.rough && random.below(20) == 0 {
        story.push(EventKind::Expire, consumer, queued.event);
        waiting.push_front(queued);
    } else {
        held.push((consumer, queued));
    }
}

fn settle(
    story: &mut Story,
    random: &mut Random,
    consumer: u32,
    queued: Queued,
    waiting: &mut VecDeque<Queued>,
    effects: &mut Vec<(u32, Queued)>,
) {
    // Every tenth event is poison.
    let poison = queued.event.sequence % 10 == 3;
    if poison || random.below(10) == 0 && queued.attempt < ATTEMPTS {
        story.push(EventKind::Nack, consumer, queued.event);
        if queued.attempt >= ATTEMPTS {
            let record = story.push(EventKind::DeadLetter, consumer, queued.event);
            record.attempt = queued.attempt;
        } else {
            waiting.push_front(queued);
        }
        return;
    }
    story.push(EventKind::Ack, consumer, queued.event);
    effects.push((consumer, queued));
}

pub(crate) const LOG_PARTITIONS: u32 = 2;

/// A log of two partitions, each assigned to a consumer at a time; read back from two nodes.
pub(crate) fn log(seed: u64, trouble: Trouble) -> Story {
    let mut random = Random::new(seed);
    let mut head = header(SubscriptionKind::Log);
    head.acknowledged_by = Some(Vantage::BrokerLog);
    head.dead_letter_after = None;
    let mut story = Story::new(head, PRODUCERS, KEYS, CONSUMERS);
    let mut next = [0_u32; PRODUCERS as usize];
    let mut logs: Vec<Vec<(Identity, u32)>> = vec![Vec::new(); LOG_PARTITIONS as usize];
    let mut owner = BTreeMap::new();
    let mut position = [0_usize; LOG_PARTITIONS as usize];
    let mut committed = [0_usize; LOG_PARTITIONS as usize];
    let mut assignment = 0;
    let mut made = 0;
    for partition in 0..LOG_PARTITIONS {
        assign(
            &mut story,
            &mut owner,
            &mut assignment,
            partition,
            PRODUCERS,
        );
    }
    loop {
        let behind = (0..LOG_PARTITIONS as usize).any(|p| position[p] < logs[p].len());
        if made >= EVENTS && !behind {
            break;
        }
        let partition = random.below(LOG_PARTITIONS);
        let p = partition as usize;
        match random.below(10) {
            0..4 if made < EVENTS => {
                made += 1;
                let event = identity(random.below(PRODUCERS), &mut next);
                let key = random.below(KEYS / LOG_PARTITIONS) * LOG_PARTITIONS + partition;
                publish(&mut story, event, key, None);
                if trouble.rough && random.below(10) == 0 {
                    end(&mut story, EventKind::PublishFailed, event, key);
                    continue;
                }
                let offset = logs[p].len() as u64;
                logs[p].push((event, key));
                place(
                    story.push(EventKind::Append, BROKER, event),
                    partition,
                    offset,
                );
                let record = story.push(EventKind::Published, u32::from(event.producer), event);
                place(record, partition, offset);
                record.key = key;
            }
            4..8 if position[p] < logs[p].len() => {
                let (event, key) = logs[p][position[p]];
                let record = story.push(EventKind::Deliver, owner[&partition], event);
                place(record, partition, position[p] as u64);
                record.key = key;
                record.age_us = 1_000;
                position[p] += 1;
            }
            8 => {
                committed[p] = position[p];
                let record = story.push(EventKind::Commit, owner[&partition], Identity::NONE);
                place(record, partition, committed[p] as u64);
            }
            9 if trouble.rough && random.below(4) == 0 => {
                let record = story.push(EventKind::Revoke, owner[&partition], Identity::NONE);
                record.detail.partition = Some(partition);
                record.flags |= flag::DETAIL;
                let consumer = PRODUCERS + random.below(CONSUMERS);
                assign(&mut story, &mut owner, &mut assignment, partition, consumer);
                position[p] = committed[p];
            }
            _ => {}
        }
    }
    story.push(EventKind::DrainBegin, PRODUCERS, Identity::NONE);
    story.push(EventKind::DrainEnd, PRODUCERS, Identity::NONE);
    for node in 0..2 {
        for (event, _) in logs.iter().flatten() {
            let record = story.push(EventKind::Read, BROKER, *event);
            record.detail.node = Some(node);
            record.flags |= flag::DETAIL;
        }
        let record = story.push(EventKind::ReadEnd, BROKER, Identity::NONE);
        record.detail.node = Some(node);
        record.flags |= flag::DETAIL;
    }
    story
}

fn assign(
    story: &mut Story,
    owner: &mut BTreeMap<u32, u32>,
    assignment: &mut u32,
    partition: u32,
    consumer: u32,
) {
    *assignment += 1;
    owner.insert(partition, consumer);
    let record = story.push(EventKind::Assign, consumer, Identity::NONE);
    record.detail.partition = Some(partition);
    record.detail.assignment = Some(*assignment);
    record.flags |= flag::DETAIL;
}

pub(crate) fn place(
    record: &mut meshproof_model::event_record::EventRecord,
    partition: u32,
    offset: u64,
) {
    record.detail.partition = Some(partition);
    record.detail.offset = Some(offset);
    record.flags |= flag::DETAIL;
}

/// Webhooks: the service answers, and only then is the publish acknowledged.
pub(crate) fn webhooks(seed: u64) -> Story {
    let mut random = Random::new(seed);
    let mut head = header(SubscriptionKind::Queue);
    head.acknowledged_by = Some(Vantage::Handler);
    let mut story = Story::new(head, PRODUCERS, KEYS, CONSUMERS);
    let mut next = [0_u32; PRODUCERS as usize];
    for _ in 0..EVENTS {
        let event = identity(random.below(PRODUCERS), &mut next);
        let key = random.below(KEYS);
        let consumer = PRODUCERS + random.below(CONSUMERS);
        publish(&mut story, event, key, None);
        let record = story.push(EventKind::Deliver, consumer, event);
        record.key = key;
        record.age_us = 1_000;
        if random.below(8) == 0 {
            story.push(EventKind::Nack, consumer, event);
            story.push(EventKind::Deliver, consumer, event).key = key;
        }
        story.push(EventKind::Ack, consumer, event);
        end(&mut story, EventKind::Published, event, key);
    }
    story.push(EventKind::DrainBegin, PRODUCERS, Identity::NONE);
    story.push(EventKind::DrainEnd, PRODUCERS, Identity::NONE);
    story
}

fn accepted(story: &Story, passes: &[Guarantee]) {
    let checked = story.checked();
    for anomaly in Anomaly::ALL {
        let tally = checked.findings.of(*anomaly);
        assert_eq!(
            tally.proven,
            0,
            "{anomaly} {:?}\n{}",
            tally.examples,
            story.told()
        );
        // Two copies of a resent event whose consumer was cut off cannot be told apart.
        if *anomaly != Anomaly::DuplicateDelivery {
            assert_eq!(
                tally.doubtful,
                0,
                "{anomaly} {}\n{}",
                tally.cause,
                story.told()
            );
        }
    }
    for judged in judge(&checked, &story.header, passes, &[]) {
        assert_eq!(judged.verdict.kind(), VerdictKind::Pass, "{judged:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_correct_queue_is_accepted(seed in any::<u64>()) {
        accepted(&queue(seed, Trouble { rough: true }), &[
            Guarantee::AtLeastOnce, Guarantee::EffectivelyOnce, Guarantee::OrderedPerKey,
            Guarantee::Live, Guarantee::BackPressured, Guarantee::Timely, Guarantee::Causal,
        ]);
        accepted(&queue(seed, Trouble { rough: false }), &[
            Guarantee::AtMostOnce, Guarantee::ExactlyOnce, Guarantee::DeadLettered,
        ]);
    }

    #[test]
    fn a_correct_log_is_accepted(seed in any::<u64>()) {
        accepted(&log(seed, Trouble { rough: true }), &[
            Guarantee::AtLeastOnce, Guarantee::OrderedPerKey, Guarantee::OrderedLog,
        ]);
    }

    #[test]
    fn correct_webhooks_are_accepted(seed in any::<u64>()) {
        accepted(&webhooks(seed), &[Guarantee::AtMostOnce, Guarantee::AtLeastOnce, Guarantee::OrderedPerKey]);
    }
}
