//! The promises that brokers and meshes make, each an explicit set of the anomalies that break it.

use std::fmt;
use std::str::FromStr;

use super::Anomaly;
use super::Anomaly::{
    AckBeforeDurable, CausalReorder, DeadLetterWrong, DuplicateAppend, DuplicateDelivery,
    DuplicateEffect, FailedYetVisible, FalseAck, HeadOfLine, IdentityReused, InconsistentOffset,
    KeyReorder, LostAcknowledged, LostEffect, OverCredit, Phantom, PoisonLoss, RealTimeReorder,
    ReplicaDivergence, RetentionLoss, Rewind, Skip, Stale, SwappedPayload,
};

/// A promise about delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guarantee {
    /// No event is delivered twice without a cause.
    AtMostOnce,
    /// No acknowledged event is lost.
    AtLeastOnce,
    /// Both, and no event stands twice in the log.
    ExactlyOnce,
    /// Every acknowledged event has its effect exactly once, however often it is delivered.
    EffectivelyOnce,
    /// What failed is not visible.
    Atomic,
    /// Events of a producer and key are started in their order.
    OrderedPerKey,
    /// A partition's log has one order, which agrees with real time, and consumers follow it.
    OrderedLog,
    /// No event is started before the one that caused it.
    Causal,
    /// What is acknowledged outlives a power loss.
    Durable,
    /// Every acknowledged event arrives in the end, and nothing stands still behind a poison message.
    Live,
    /// Consumers are never sent more than they allow.
    BackPressured,
    /// Handlers start within the declared deadline.
    Timely,
    /// The dead-letter queue holds what belongs there, once.
    DeadLettered,
}

/// What breaks every guarantee: the identities or bytes of events cannot be trusted.
const ALWAYS: [Anomaly; 3] = [Phantom, SwappedPayload, IdentityReused];

impl Guarantee {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::AtMostOnce,
        Self::AtLeastOnce,
        Self::ExactlyOnce,
        Self::EffectivelyOnce,
        Self::Atomic,
        Self::OrderedPerKey,
        Self::OrderedLog,
        Self::Causal,
        Self::Durable,
        Self::Live,
        Self::BackPressured,
        Self::Timely,
        Self::DeadLettered,
    ];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AtMostOnce => "at-most-once",
            Self::AtLeastOnce => "at-least-once",
            Self::ExactlyOnce => "exactly-once",
            Self::EffectivelyOnce => "effectively-once",
            Self::Atomic => "atomic",
            Self::OrderedPerKey => "ordered-per-key",
            Self::OrderedLog => "ordered-log",
            Self::Causal => "causal",
            Self::Durable => "durable",
            Self::Live => "live",
            Self::BackPressured => "back-pressured",
            Self::Timely => "timely",
            Self::DeadLettered => "dead-lettered",
        }
    }

    /// What it promises.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::AtMostOnce => "no event is delivered twice without a cause",
            Self::AtLeastOnce => "no acknowledged event is lost",
            Self::ExactlyOnce => {
                "no acknowledged event is lost, none is delivered twice or stands twice in the log"
            }
            Self::EffectivelyOnce => {
                "every acknowledged event has its effect exactly once, however often it is delivered"
            }
            Self::Atomic => "what failed is not visible",
            Self::OrderedPerKey => "events of a producer and key are started in their order",
            Self::OrderedLog => {
                "a partition has one order, which agrees with real time, and consumers follow it"
            }
            Self::Causal => "no event is started before the one that caused it",
            Self::Durable => "what is acknowledged outlives a power loss",
            Self::Live => {
                "every acknowledged event arrives, and nothing stands still behind one that keeps failing"
            }
            Self::BackPressured => "consumers are never sent more than they allow",
            Self::Timely => "handlers start within the declared deadline",
            Self::DeadLettered => {
                "what keeps failing ends in the dead-letter queue: not too early, once, as itself"
            }
        }
    }

    /// The anomalies that break this one and no other guarantee by themselves, and those of all.
    #[must_use]
    pub fn broken_by(self) -> Vec<Anomaly> {
        let own: &[Anomaly] = match self {
            Self::AtMostOnce => &[DuplicateDelivery],
            Self::AtLeastOnce => &[LostAcknowledged, FalseAck, RetentionLoss, PoisonLoss],
            Self::ExactlyOnce => &[
                LostAcknowledged,
                FalseAck,
                RetentionLoss,
                PoisonLoss,
                DuplicateDelivery,
                DuplicateAppend,
            ],
            Self::EffectivelyOnce => &[
                LostAcknowledged,
                FalseAck,
                RetentionLoss,
                PoisonLoss,
                DuplicateEffect,
                LostEffect,
            ],
            Self::Atomic => &[FailedYetVisible],
            Self::OrderedPerKey => &[KeyReorder],
            Self::OrderedLog => &[RealTimeReorder, Skip, Rewind, InconsistentOffset],
            Self::Causal => &[CausalReorder],
            Self::Durable => &[AckBeforeDurable, ReplicaDivergence],
            Self::Live => &[LostAcknowledged, PoisonLoss, HeadOfLine],
            Self::BackPressured => &[OverCredit],
            Self::Timely => &[Stale],
            Self::DeadLettered => &[DeadLetterWrong, PoisonLoss],
        };
        ALWAYS.iter().chain(own).copied().collect()
    }
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A word that names no guarantee.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no guarantee; `meshproof list guarantees` shows all")]
pub struct UnknownGuarantee(pub String);

impl FromStr for Guarantee {
    type Err = UnknownGuarantee;

    fn from_str(word: &str) -> Result<Self, UnknownGuarantee> {
        let all = Self::ALL.iter().copied();
        all.into_iter()
            .find(|guarantee| guarantee.word() == word)
            .ok_or_else(|| UnknownGuarantee(word.to_owned()))
    }
}
