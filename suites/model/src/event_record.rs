//! What happens to an event, from the decision to publish it to its effect: the records, the header
//! of a history of them, and its two forms, JSON Lines and binary (`docs/events.md`).

mod binary;
mod error;
mod guard;
mod header;
mod jsonl;
mod kind;
mod line;
mod merge;
mod names;

use crate::Nanos;

pub use binary::{BinaryReader, BinaryWriter};
pub use error::{EventReadError, EventWriteError};
pub use guard::{Guard, Hole};
pub use header::{EventHeader, EventLimits, SCHEMA, Subscription, SubscriptionKind};
pub use jsonl::{JsonlReader, JsonlWriter, schema};
pub use kind::{EventKind, Vantage};
pub use line::{Cause, Line, Text};
pub use merge::MergedReader;
pub use names::{Actor, Names, Quick, Table};

/// Who an event is: the sequence of a producer in one of its epochs is dense and begins at 0, so
/// that what is known of events fits into bitmaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The producer, by its number in [`Names`].
    pub producer: u16,
    /// Counts the producer's lives, so that no identity is used twice.
    pub epoch: u16,
    /// Which of its events.
    pub sequence: u32,
}

impl Identity {
    /// No event: records of assignments, drains, faults and the like.
    pub const NONE: Self = Self {
        producer: u16::MAX,
        epoch: u16::MAX,
        sequence: u32::MAX,
    };

    /// Whether this names an event.
    #[must_use]
    #[inline]
    pub const fn is_some(self) -> bool {
        self.producer != u16::MAX
    }

    /// As one number.
    #[must_use]
    #[inline]
    pub const fn packed(self) -> u64 {
        (self.producer as u64) << 48 | (self.epoch as u64) << 32 | self.sequence as u64
    }

    /// The inverse of [`Identity::packed`].
    #[must_use]
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "each part is cut out")]
    pub const fn unpacked(packed: u64) -> Self {
        Self {
            producer: (packed >> 48) as u16,
            epoch: (packed >> 32) as u16,
            sequence: packed as u32,
        }
    }
}

/// The most subscriptions that a history can name.
const SUBSCRIPTIONS: u32 = 64;

/// Stands for "no key" and "no age".
pub const NONE: u32 = u32::MAX;

/// Further marks of a record, as bits.
pub mod flag {
    /// The broker says that it has delivered this before.
    pub const REDELIVERED: u8 = 1;
    /// The producer publishes this event once more, since it does not know what became of it.
    pub const RESEND: u8 = 1 << 1;
    /// Comes from the dead-letter queue, replayed.
    pub const REPLAY: u8 = 1 << 2;
    /// What the payload itself tells (its token, its checksum) is not this identity.
    pub const FORGED: u8 = 1 << 3;
    /// [`Detail`](super::Detail) holds something.
    pub const DETAIL: u8 = 1 << 7;
}

/// One thing that happened, as one process saw it at one vantage point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRecord {
    /// What happened.
    pub kind: EventKind,
    /// Where it was seen.
    pub vantage: Vantage,
    /// See [`flag`].
    pub flags: u8,
    /// Which delivery of this event the broker says it is, from 1; 0 where it does not say.
    pub attempt: u8,
    /// Who recorded it, by the number in [`Names::actors`].
    pub actor: u32,
    /// Which event, or [`Identity::NONE`].
    pub event: Identity,
    /// Its key, by its number in [`Names`], or [`NONE`].
    pub key: u32,
    /// Microseconds since its intended publication, or [`NONE`].
    pub age_us: u32,
    /// When, by the monotonic clock.
    pub at: Nanos,
    /// What few records carry; empty unless [`flag::DETAIL`] is set.
    pub detail: Detail,
}

impl EventRecord {
    /// A record of a kind, by an actor, at its usual vantage point; all else is empty.
    #[must_use]
    pub fn new(kind: EventKind, actor: u32, at: Nanos) -> Self {
        Self {
            kind,
            vantage: kind.usual(),
            flags: 0,
            attempt: 0,
            actor,
            event: Identity::NONE,
            key: NONE,
            age_us: NONE,
            at,
            detail: Detail::default(),
        }
    }

    /// Whether a mark of [`flag`] is set.
    #[must_use]
    #[inline]
    pub const fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Partition and offset, where both are known.
    #[must_use]
    #[inline]
    pub fn place(&self) -> Option<(u32, u64)> {
        self.detail.partition.zip(self.detail.offset)
    }
}

/// What few records carry: places in a log, and what decides whether a redelivery is legal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    /// The broker's node, by its number in [`Names`].
    pub node: Option<u16>,
    /// The partition.
    pub partition: Option<u32>,
    /// The offset in it; of a commit, the first offset that is not committed.
    pub offset: Option<u64>,
    /// Counts the assignments of a partition.
    pub assignment: Option<u32>,
    /// How much: credit granted.
    pub amount: Option<u32>,
    /// The first eight bytes of the SHA-256 of the payload.
    pub digest: Option<u64>,
    /// When the consumer's lease on the event ends.
    pub lease: Option<Nanos>,
    /// The transaction it belongs to.
    pub transaction: Option<u64>,
    /// The events that this one answers, recorded when it is published.
    pub causes: Vec<Identity>,
}

/// A history of events, record by record. Whatever is wrong with it is its last answer; once it has
/// answered [`None`], it was whole.
pub trait EventSource {
    /// What the history says of itself.
    fn header(&self) -> &EventHeader;

    /// What stands behind the numbers of the records read so far.
    fn names(&self) -> &Names;

    /// Records that are known to be missing.
    fn holes(&self) -> &[Hole];

    /// The next record, and what stands behind its numbers.
    ///
    /// # Errors
    /// When the history cannot be read on: see [`EventReadError`].
    fn next(&mut self) -> Result<Option<(&EventRecord, &Names)>, EventReadError>;
}
