//! What the ledger knows of a subscription and of a consumer.

use meshproof_model::Nanos;
use meshproof_model::event_record::{Identity, Names, Subscription, SubscriptionKind};

use super::{MANY, QuickSet, RECENT};
use crate::events::partitions::Partitions;
use crate::events::plane::{Plane, Slot};

/// Which publishes were acknowledged by some moment.
#[derive(Debug, Default)]
pub(in crate::events) struct Cut {
    pub(in crate::events) at: Nanos,
    pub(in crate::events) published: Vec<u32>,
    /// Acknowledged only after it, although published before.
    late: QuickSet,
    full: bool,
}

impl Cut {
    pub(in crate::events) fn now(at: Nanos, published: &[u32]) -> Self {
        Self {
            at,
            published: published.to_vec(),
            ..Self::default()
        }
    }

    /// Whether an acknowledged event had been acknowledged by then.
    pub(in crate::events) fn covers(&self, slot: Slot) -> bool {
        self.within(slot) && !self.full && !self.late.contains(&slot.packed())
    }

    fn within(&self, slot: Slot) -> bool {
        self.published
            .get(slot.lane as usize)
            .is_some_and(|published| slot.sequence < *published)
    }

    pub(in crate::events) fn acknowledged(&mut self, slot: Slot) {
        if self.within(slot) {
            self.full |= self.late.len() >= MANY || !self.late.insert(slot.packed());
        }
    }
}

/// A subscription.
#[derive(Debug, Default)]
pub(in crate::events) struct Reading {
    pub(in crate::events) kind: SubscriptionKind,
    pub(in crate::events) prefetch: Option<u32>,
    /// Whose events it is owed; none named: everybody's.
    pub(in crate::events) owed: Vec<String>,
    pub(in crate::events) delivered: Plane,
    pub(in crate::events) effects: Plane,
    pub(in crate::events) any_effect: bool,
    pub(in crate::events) drain: Option<Cut>,
    pub(in crate::events) drained: bool,
    /// Something that the drain should have brought came after it.
    pub(in crate::events) drain_broken: bool,
    /// More was in flight at the end of a connection than is remembered.
    pub(in crate::events) forgotten: bool,
    pub(in crate::events) partitions: Partitions,
}

impl Reading {
    /// As the header declares it.
    pub(in crate::events) fn of(subscription: &Subscription) -> Self {
        Self {
            kind: subscription.kind,
            prefetch: subscription.prefetch,
            owed: subscription.producers.clone(),
            ..Self::default()
        }
    }

    /// Whether events of this producer are owed to it.
    pub(in crate::events) fn owes(&self, event: Identity, names: &Names) -> bool {
        self.owed.is_empty() || {
            let producer = names.producers.word(u32::from(event.producer), "producer");
            self.owed.iter().any(|owed| *owed == producer)
        }
    }

    /// Whether an acknowledged event must have been delivered: a drain proves it.
    pub(in crate::events) fn proves(&self, slot: Slot) -> bool {
        self.drained && self.drain.as_ref().is_some_and(|cut| cut.covers(slot))
    }
}

/// What is remembered of a consumer's deliveries.
#[derive(Debug, Default)]
pub(in crate::events) struct Consumer {
    pub(in crate::events) recent: Vec<u64>,
    pub(in crate::events) next: usize,
    /// It names no subscription.
    pub(in crate::events) anonymous: bool,
    /// Delivered and not settled.
    pub(in crate::events) unsettled: u32,
    pub(in crate::events) granted: Option<u64>,
    pub(in crate::events) delivered: u64,
}

impl Consumer {
    #[inline]
    pub(in crate::events) fn remember(&mut self, slot: Slot) {
        if self.recent.len() < RECENT {
            self.recent.push(slot.packed());
        } else {
            self.recent[self.next] = slot.packed();
            self.next = (self.next + 1) % RECENT;
        }
    }
}
