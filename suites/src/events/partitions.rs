//! What a subscription reads of each partition: assignments, cursors, and what it has yet to read.

use std::collections::BTreeMap;

use meshproof_model::event_record::{EventRecord, SubscriptionKind};

use super::ledger::{MANY, QuickMap};
use super::plane::Slot;

/// So many stretches of offsets that one assignment covered are told apart.
const SPANS: usize = 256;

/// The partitions of a subscription.
#[derive(Debug, Default)]
pub(super) struct Partitions {
    table: QuickMap<Partition>,
    /// By partition and offset, the events that stand in the log and were not delivered.
    owed: BTreeMap<(u32, u64), Slot>,
    /// More of them than are kept.
    pub(super) full: bool,
}

#[derive(Debug, Default)]
struct Partition {
    member: Option<u32>,
    last_member: Option<u32>,
    assignment: u32,
    /// Committed: the next offset to read.
    committed: u64,
    /// That, when the current assignment began.
    base: u64,
    /// The first and last offset delivered in the current assignment.
    read: Option<(u64, u64)>,
    /// The assignment was not recorded, only another consumer seen.
    guessed: bool,
    spans: Vec<(u64, u64)>,
}

/// How a delivery stands to the one before it on its partition.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Step {
    /// If the event was delivered before: whether that was legal.
    pub(super) again: Again,
    /// It stepped back.
    pub(super) back: bool,
    /// An event in the log that it stepped over.
    pub(super) over: Option<Slot>,
    /// The consumer's assignment had ended.
    pub(super) zombie: bool,
}

/// Whether a further delivery is legal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Again {
    /// It is: its cursor was not committed when the partition was assigned anew.
    Legal,
    /// It is not.
    #[default]
    Wrong,
    /// Nobody knows.
    Doubtful(&'static str),
}

fn id(kind: SubscriptionKind, actor: u32, partition: u32) -> u64 {
    let reader = if kind == SubscriptionKind::Readers {
        u64::from(actor) + 1
    } else {
        0
    };
    reader << 32 | u64::from(partition)
}

impl Partitions {
    /// An event stands in the log; `delivered` tells whether the subscription has it already.
    pub(super) fn appended(&mut self, place: (u32, u64), slot: Slot, delivered: bool) {
        if delivered {
            return;
        }
        if self.owed.len() >= MANY {
            self.full = true;
            return;
        }
        self.owed.insert(place, slot);
    }

    pub(super) fn assign(&mut self, kind: SubscriptionKind, record: &EventRecord) {
        let Some(number) = record.detail.partition else {
            return;
        };
        let partition = self
            .table
            .entry(id(kind, record.actor, number))
            .or_default();
        partition.end();
        let next = partition.assignment.wrapping_add(1);
        partition.begin(record.actor, record.detail.assignment.unwrap_or(next));
        partition.guessed = false;
        if let (SubscriptionKind::Readers, Some(offset)) = (kind, record.detail.offset) {
            partition.base = offset;
        }
    }

    pub(super) fn revoke(&mut self, kind: SubscriptionKind, record: &EventRecord) {
        if let Some(number) = record.detail.partition
            && let Some(partition) = self.table.get_mut(&id(kind, record.actor, number))
            && partition.member == Some(record.actor)
        {
            partition.end();
        }
    }

    /// A consumer is gone: so are its assignments.
    pub(super) fn leave(&mut self, actor: u32) {
        for partition in self.table.values_mut() {
            if partition.member == Some(actor) {
                partition.end();
                partition.last_member = None;
            }
        }
    }

    pub(super) fn commit(&mut self, kind: SubscriptionKind, record: &EventRecord) {
        if let Some((number, offset)) = record.place() {
            let partition = self.table.entry(id(kind, record.actor, number));
            partition.or_default().committed = offset;
        }
    }

    /// A delivery: none where the record tells no place.
    pub(super) fn step(&mut self, kind: SubscriptionKind, record: &EventRecord) -> Option<Step> {
        let (number, offset) = record.place()?;
        self.owed.remove(&(number, offset));
        let partition = self
            .table
            .entry(id(kind, record.actor, number))
            .or_default();
        let named = record.detail.assignment;
        if partition.zombie(record.actor, named) {
            return Some(Step {
                again: Again::Doubtful("its consumer's assignment had ended"),
                zombie: true,
                ..Step::default()
            });
        }
        if partition.member != Some(record.actor)
            || named.is_some_and(|named| named != partition.assignment)
        {
            let first = partition.member.is_none() && partition.last_member.is_none();
            partition.end();
            partition.begin(record.actor, named.unwrap_or(partition.assignment));
            partition.guessed = !first;
        }
        let mut step = Step::default();
        match partition.read {
            Some((_, last)) if offset <= last => step.back = true,
            Some((first, last)) => {
                let over = self.owed.range((number, last + 1)..(number, offset));
                step.over = over.map(|(_, slot)| *slot).next();
                partition.read = Some((first, offset));
            }
            None => partition.read = Some((offset, offset)),
        }
        step.again = if step.back || offset < partition.base {
            Again::Wrong
        } else if partition.guessed {
            Again::Doubtful("its consumer changed and no assignment was recorded")
        } else {
            Again::Legal
        };
        Some(step)
    }

    /// Visits the events that one assignment read around: they are lost, drained or not.
    pub(super) fn stepped_over(&mut self, mut visit: impl FnMut(Slot)) {
        let mut spans: BTreeMap<u32, Vec<(u64, u64)>> = BTreeMap::new();
        for (id, partition) in &mut self.table {
            partition.end();
            let number = u32::try_from(id & u64::from(u32::MAX)).unwrap_or(0);
            spans
                .entry(number)
                .or_default()
                .append(&mut partition.spans);
        }
        for ((number, offset), slot) in &self.owed {
            let around = |(first, last): &(u64, u64)| first < offset && offset < last;
            if spans
                .get(number)
                .is_some_and(|spans| spans.iter().any(around))
            {
                visit(*slot);
            }
        }
    }
}

impl Partition {
    fn begin(&mut self, actor: u32, assignment: u32) {
        self.member = Some(actor);
        self.last_member = Some(actor);
        self.assignment = assignment;
        self.base = self.committed;
        self.read = None;
    }

    fn end(&mut self) {
        self.member = None;
        let Some((first, last)) = self.read.take() else {
            return;
        };
        let touches = |span: &&mut (u64, u64)| span.0 <= first && first <= span.1;
        let room = self.spans.len() < SPANS;
        match self.spans.iter_mut().find(touches) {
            Some(span) => span.1 = span.1.max(last),
            None if room => self.spans.push((first, last)),
            None => {}
        }
    }

    /// Whether this consumer goes on although its assignment has ended.
    fn zombie(&self, actor: u32, named: Option<u32>) -> bool {
        match named {
            Some(named) => named < self.assignment,
            None => self.member.is_none() && self.last_member == Some(actor),
        }
    }
}
