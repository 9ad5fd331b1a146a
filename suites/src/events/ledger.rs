//! What is known of every event and subscription so far: the state that all checks share.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;

use meshproof_model::Nanos;
use meshproof_model::event_record::{
    EventHeader, EventRecord, Identity, Names, Quick, Subscription,
};

use super::plane::{Plane, Slot};

mod reading;

use reading::{Consumer, Cut, Reading};

/// Tables by event are kept up to so many entries; beyond, what rests on them is in doubt.
pub(super) const MANY: usize = 1 << 20;
/// So many producers and epochs together.
const LANES: usize = 1 << 17;
/// A sequence may be so far ahead of what is known of its producer.
const AHEAD: u32 = 1 << 20;
/// So many deliveries of a consumer are remembered for the end of its connection.
const RECENT: usize = 1 << 12;

pub(super) type QuickMap<V> = HashMap<u64, V, BuildHasherDefault<Quick>>;
pub(super) type QuickSet = HashSet<u64, BuildHasherDefault<Quick>>;

/// What became of a publish, as [`Plane`] values.
pub(super) mod publish {
    pub(in crate::events) const NEVER: u8 = 0;
    /// Invoked, or unknown.
    pub(in crate::events) const OPEN: u8 = 1;
    pub(in crate::events) const OK: u8 = 2;
    pub(in crate::events) const FAILED: u8 = 3;
}

/// What became of a delivery at a subscription, as [`Plane`] values.
pub(super) mod delivery {
    pub(in crate::events) const NEVER: u8 = 0;
    pub(in crate::events) const OPEN: u8 = 1;
    pub(in crate::events) const SETTLED: u8 = 2;
    /// A further delivery is legal.
    pub(in crate::events) const EXCUSED: u8 = 3;
}

/// How much was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Records.
    pub records: u64,
    /// Events that were published.
    pub published: u64,
    /// Publishes that were acknowledged.
    pub acknowledged: u64,
    /// Publishes that failed.
    pub failed: u64,
    /// Deliveries.
    pub delivered: u64,
    /// Effects.
    pub effects: u64,
    /// The first record's time.
    pub from: Nanos,
    /// The last record's time.
    pub until: Nanos,
}

/// A delivery, with what was known before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery<'a> {
    pub(super) record: &'a EventRecord,
    pub(super) slot: Slot,
    pub(super) reading: usize,
    pub(super) published: u8,
    pub(super) before: u8,
}

impl Delivery<'_> {
    pub(super) fn first(&self) -> bool {
        self.before == delivery::NEVER
    }
}

/// The state that all checks share.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) header: EventHeader,
    pub(super) skew: Nanos,
    pub(super) now: Nanos,
    pub(super) figures: Figures,
    lanes: Vec<(u16, u16)>,
    by_producer: Vec<Vec<(u16, u32)>>,
    /// By lane, how many were published.
    pub(super) published: Vec<u32>,
    counted: Vec<u32>,
    pub(super) publishes: Plane,
    pub(super) readings: Vec<Reading>,
    /// By actor, its consumer.
    consumers: Vec<Option<Box<Consumer>>>,
    /// By actor, the subscription.
    reading_of: Vec<u16>,
    /// Further deliveries that resends allow, and whether that is in doubt.
    pub(super) resent: QuickMap<(u8, bool)>,
    pub(super) power_loss: Option<Cut>,
    /// What makes the whole history doubtful.
    pub(super) beyond: Option<&'static str>,
}

const UNKNOWN: u16 = u16::MAX;

impl Ledger {
    pub(super) fn new(header: &EventHeader) -> Self {
        let mut readings: Vec<Reading> = header.subscriptions.values().map(Reading::of).collect();
        if readings.is_empty() {
            readings.push(Reading::of(&Subscription::default()));
        }
        Self {
            skew: header.skew.as_nanos(),
            header: header.clone(),
            now: 0,
            figures: Figures::default(),
            lanes: Vec::new(),
            by_producer: Vec::new(),
            published: Vec::new(),
            counted: Vec::new(),
            publishes: Plane::default(),
            readings,
            consumers: Vec::new(),
            reading_of: Vec::new(),
            resent: QuickMap::default(),
            power_loss: None,
            beyond: None,
        }
    }

    /// An event's place in the planes; none where there are too many to keep.
    #[inline]
    pub(super) fn slot(&mut self, event: Identity) -> Option<Slot> {
        let producer = usize::from(event.producer);
        let lane = self
            .by_producer
            .get(producer)
            .and_then(|epochs| epochs.iter().rev().find(|(epoch, _)| *epoch == event.epoch))
            .map(|(_, lane)| *lane);
        let lane = match lane {
            Some(lane) => lane,
            None => self.lane(event)?,
        };
        let known = self.published[lane as usize];
        if event.sequence > known.saturating_add(AHEAD) {
            return None;
        }
        Some(Slot {
            lane,
            sequence: event.sequence,
        })
    }

    #[cold]
    fn lane(&mut self, event: Identity) -> Option<u32> {
        if self.lanes.len() >= LANES {
            self.beyond = Some("there are more producers and epochs than the checker keeps");
            return None;
        }
        let lane = u32::try_from(self.lanes.len()).ok()?;
        self.lanes.push((event.producer, event.epoch));
        self.published.push(0);
        self.counted.push(0);
        let producer = usize::from(event.producer);
        if producer >= self.by_producer.len() {
            self.by_producer.resize(producer + 1, Vec::new());
        }
        self.by_producer[producer].push((event.epoch, lane));
        Some(lane)
    }

    pub(super) fn identity(&self, slot: Slot) -> Identity {
        let (producer, epoch) = self.lanes[slot.lane as usize];
        Identity {
            producer,
            epoch,
            sequence: slot.sequence,
        }
    }

    /// The lanes of later epochs of the same producer.
    pub(super) fn later_epochs(&self, event: Identity) -> impl Iterator<Item = u32> {
        let epochs = self.by_producer[usize::from(event.producer)].iter();
        epochs
            .filter(move |(epoch, _)| *epoch > event.epoch)
            .map(|(_, lane)| *lane)
    }

    /// An event is published for the first time.
    #[inline]
    pub(super) fn publish(&mut self, slot: Slot) {
        let lane = slot.lane as usize;
        self.published[lane] = self.published[lane].max(slot.sequence + 1);
        self.counted[lane] += 1;
        self.figures.published += 1;
    }

    /// A lane in which some sequence below the highest was never published.
    pub(super) fn gap(&self) -> Option<(u16, u16)> {
        let lanes = self.published.iter().zip(&self.counted);
        let gap = lanes.into_iter().position(|(most, counted)| counted < most);
        gap.map(|lane| self.lanes[lane])
    }

    /// The subscription for which an actor consumes.
    #[inline]
    pub(super) fn reading(&mut self, actor: u32, names: &Names) -> usize {
        match self.reading_of.get(actor as usize) {
            Some(known) if *known != UNKNOWN => usize::from(*known),
            _ => self.join(actor, names),
        }
    }

    #[cold]
    fn join(&mut self, actor: u32, names: &Names) -> usize {
        let slot = actor as usize;
        if slot >= self.reading_of.len() {
            self.reading_of.resize(slot + 1, UNKNOWN);
        }
        let subscription = names.actors.get(slot).and_then(|actor| actor.subscription);
        let number = subscription.unwrap_or(0) as usize;
        while self.readings.len() <= number {
            self.readings.push(Reading::of(&Subscription::default()));
        }
        self.reading_of[slot] = u16::try_from(number).unwrap_or(0);
        self.consumer(actor).anonymous = subscription.is_none();
        number
    }

    #[inline]
    pub(super) fn consumer(&mut self, actor: u32) -> &mut Consumer {
        let slot = actor as usize;
        if slot >= self.consumers.len() {
            self.consumers.resize_with(slot + 1, || None);
        }
        self.consumers[slot].get_or_insert_default()
    }

    /// A delivery begins: what was known of the event there before.
    #[inline]
    pub(super) fn deliver(&mut self, slot: Slot, actor: u32, reading: usize) -> u8 {
        let consumer = self.consumer(actor);
        consumer.remember(slot);
        consumer.delivered += 1;
        consumer.unsettled += 1;
        let anonymous = consumer.delivered == 1 && consumer.anonymous;
        if anonymous && self.readings.len() > 1 {
            self.beyond = Some("a consumer names no subscription, and there are several");
        }
        let at = self.now;
        let reading = &mut self.readings[reading];
        let before = reading.delivered.set(slot, delivery::OPEN);
        if before == delivery::NEVER
            && reading.drained
            && reading
                .drain
                .as_ref()
                .is_some_and(|cut| cut.at < at && cut.covers(slot))
        {
            reading.drain_broken = true;
        }
        before
    }

    /// A delivery was settled: acknowledged, or so that a further one is legal.
    #[inline]
    pub(super) fn settle(&mut self, slot: Slot, actor: u32, reading: usize, to: u8) {
        let consumer = self.consumer(actor);
        consumer.unsettled = consumer.unsettled.saturating_sub(1);
        if to == delivery::EXCUSED
            && !self.resent.is_empty()
            && let Some((left, _)) = self.resent.get_mut(&slot.packed())
        {
            *left = left.saturating_add(1);
            return;
        }
        let delivered = &mut self.readings[reading].delivered;
        if delivered.get(slot) != delivery::NEVER {
            delivered.set(slot, to);
        }
    }

    /// A consumer's connection ended: what it had not settled may be delivered again.
    pub(super) fn disconnect(&mut self, actor: u32, reading: usize) {
        let consumer = self.consumer(actor);
        let unsettled = std::mem::take(&mut consumer.unsettled) as usize;
        let recent = std::mem::take(&mut consumer.recent);
        consumer.next = 0;
        let reading = &mut self.readings[reading];
        reading.forgotten |= unsettled > RECENT;
        for packed in recent {
            let slot = Slot::unpacked(packed);
            if let Some((left, doubtful)) = self.resent.get_mut(&packed) {
                // It may stand in the queue twice: which of the two was not settled is not known.
                *left = left.saturating_add(1);
                *doubtful = true;
            } else if reading.delivered.get(slot) == delivery::OPEN {
                reading.delivered.set(slot, delivery::EXCUSED);
            }
        }
    }

    pub(super) fn acknowledge(&mut self, slot: Slot) {
        for reading in &mut self.readings {
            if let Some(drain) = &mut reading.drain {
                drain.acknowledged(slot);
            }
        }
        if let Some(cut) = &mut self.power_loss {
            cut.acknowledged(slot);
        }
    }

    /// Producers have stopped for a subscription, or for all of them where the actor has none; or it
    /// was seen empty then, which proves nothing where it was not told since when.
    pub(super) fn drain(&mut self, actor: u32, names: &Names, ended: bool) {
        let one = names
            .actors
            .get(actor as usize)
            .and_then(|actor| actor.subscription);
        if one.is_some() {
            self.reading(actor, names);
        }
        for (number, reading) in self.readings.iter_mut().enumerate() {
            if one.is_some_and(|one| one as usize != number) {
                continue;
            }
            if !ended {
                reading.drain = Some(Cut::now(self.now, &self.published));
                reading.drained = false;
                reading.drain_broken = false;
            } else if let Some(cut) = &mut reading.drain {
                reading.drained = true;
                cut.at = self.now;
            }
        }
    }

    pub(super) fn lose_power(&mut self) {
        self.power_loss = Some(Cut::now(self.now, &self.published));
    }
}
