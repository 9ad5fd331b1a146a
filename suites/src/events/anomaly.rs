//! What can go wrong with events.

use std::fmt;

macro_rules! anomalies {
    ($($(#[$doc:meta])* $variant:ident $word:literal $whole:literal $about:literal,)*) => {
        /// One way in which events go wrong. Its word is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Anomaly {
            $(#[doc = $about] $variant,)*
        }

        impl Anomaly {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What it is.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }

            /// Whether it rests on something that is *not* in the history, so that records known to
            /// be missing leave it in doubt.
            #[must_use]
            pub const fn rests_on_absence(self) -> bool {
                match self { $(Self::$variant => $whole,)* }
            }
        }
    };
}

anomalies! {
    LostAcknowledged "lostAcknowledged" true "acknowledged to its producer and never delivered, after drain, or beside a later one in the same assignment",
    Phantom "phantom" true "delivered, or its effect seen, and never published",
    SwappedPayload "swappedPayload" false "the payload of one identity under another, or altered",
    IdentityReused "identityReused" false "one identity published for two events: an epoch used again",
    FailedYetVisible "failedYetVisible" false "the publish failed, and yet it was delivered",
    DuplicateDelivery "duplicateDelivery" true "delivered again with no nack, lease expiry, disconnect, uncommitted reassignment, unknown acknowledgement or resend in between",
    DuplicateAppend "duplicateAppend" false "one event at two offsets of the log",
    DuplicateEffect "duplicateEffect" false "its effect stands more than once",
    LostEffect "lostEffect" true "acknowledged to its producer and without effect after drain",
    KeyReorder "keyReorder" true "a later event of its producer and key was started before its own first start",
    RealTimeReorder "realTimeReorder" false "its offset lies before one that was acknowledged before it was published",
    CausalReorder "causalReorder" false "delivered before the event that caused it",
    Skip "skip" true "a consumer stepped over it within one assignment",
    Rewind "rewind" false "a consumer stepped back to it within one assignment",
    InconsistentOffset "inconsistentOffset" false "one offset of a partition holds two events",
    Stale "stale" false "older than the deadline when its handler started",
    AckBeforeDurable "acknowledgedBeforeDurable" true "acknowledged before power was lost, and gone after it",
    ReplicaDivergence "replicaDivergence" true "visible at one node and not at another",
    FalseAck "falseAck" true "acknowledged, and nobody had answered with success where that has to be seen first",
    RetentionLoss "retentionLoss" true "acknowledged, and dropped by retention before it was delivered",
    PoisonLoss "poisonLoss" true "every attempt was refused, and it never reached the dead-letter queue",
    HeadOfLine "headOfLine" false "waited longer than the declared stall behind an event that kept failing",
    DeadLetterWrong "deadLetterWrong" false "dead-lettered too early, too often, beside its effect, or as another event",
    OverCredit "overCredit" true "delivered beyond what its consumer had allowed to be unsettled",
}

impl Anomaly {
    /// By its word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|anomaly| anomaly.word() == word)
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
