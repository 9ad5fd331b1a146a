//! What can happen to an event, and where it can be seen.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An enum with a number and a word for each variant, the same word in JSON and in messages.
macro_rules! coded {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant = $code,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// By its number in the binary form.
            #[must_use]
            #[inline]
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// Its word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

coded! {
    /// What happened. An operation is invoked, then it did take effect, did not, or may have.
    EventKind {
        /// A producer begins to publish.
        Publish = 1 "publish",
        /// The publish was acknowledged: it did take effect.
        Published = 2 "published",
        /// The publish was refused: it did not take effect.
        PublishFailed = 3 "publishFailed",
        /// Nobody knows whether the publish took effect.
        PublishUnknown = 4 "publishUnknown",
        /// A consumer's handler starts on the event.
        Deliver = 5 "deliver",
        /// The consumer acknowledged the delivery, or answered it with success.
        Ack = 6 "ack",
        /// It tried to, and nobody knows whether the broker heard.
        AckUnknown = 7 "ackUnknown",
        /// The consumer refused the delivery, or answered it with an error.
        Nack = 8 "nack",
        /// The row that stands in the store after drain; effects elsewhere are counted at their callee.
        Effect = 9 "effect",
        /// The event was put into the dead-letter queue.
        DeadLetter = 10 "deadLetter",
        /// A consumer was given a partition.
        Assign = 11 "assign",
        /// A partition was taken from a consumer.
        Revoke = 12 "revoke",
        /// The cursor of a partition was committed: `offset` is the first that is not.
        Commit = 13 "commit",
        /// The commit may have taken effect.
        CommitUnknown = 14 "commitUnknown",
        /// The consumer allows `amount` more unsettled deliveries.
        Credit = 15 "credit",
        /// Producers have stopped and the rest is waited for.
        DrainBegin = 16 "drainBegin",
        /// The queue was seen empty.
        DrainEnd = 17 "drainEnd",
        /// The lease on a delivery ended before it was settled.
        Expire = 18 "expire",
        /// The broker dropped the event by its retention rules.
        Evict = 19 "evict",
        /// The consumer's connection ended.
        Disconnect = 20 "disconnect",
        /// A fault began.
        Fault = 21 "fault",
        /// Power was lost: what was not on disk is gone. Killing a process is not that.
        PowerLoss = 22 "powerLoss",
        /// The event stands in the broker's log, at `partition` and `offset`.
        Append = 23 "append",
        /// A tap saw the event pass.
        Passed = 24 "passed",
        /// A tap saw the acknowledgement of the event's publication pass on its way back.
        Answered = 25 "answered",
        /// A tap missed bytes: what passed there meanwhile is not known.
        TapMissed = 26 "tapMissed",
        /// The event was read back from a node of the broker, after drain.
        Read = 27 "read",
        /// Reading back from a node ended as it should.
        ReadEnd = 28 "readEnd",
        /// Reading back from a node failed.
        ReadFailed = 29 "readFailed",
    }
}

impl EventKind {
    /// Where it is usually seen.
    #[must_use]
    pub const fn usual(self) -> Vantage {
        match self {
            Self::Publish
            | Self::Published
            | Self::PublishFailed
            | Self::PublishUnknown
            | Self::Answered => Vantage::Send,
            Self::Effect => Vantage::Effect,
            Self::Append | Self::Evict | Self::Read | Self::ReadEnd | Self::ReadFailed => {
                Vantage::BrokerLog
            }
            Self::Passed | Self::TapMissed => Vantage::MeshIn,
            _ => Vantage::Handler,
        }
    }

    /// Whether a record of this kind is about an event.
    #[must_use]
    #[inline]
    pub const fn names_event(self) -> bool {
        !matches!(
            self,
            Self::Assign
                | Self::Revoke
                | Self::Commit
                | Self::CommitUnknown
                | Self::Credit
                | Self::DrainBegin
                | Self::DrainEnd
                | Self::Disconnect
                | Self::Fault
                | Self::PowerLoss
                | Self::TapMissed
                | Self::ReadEnd
                | Self::ReadFailed
        )
    }
}

coded! {
    /// Where something was seen, in the order of an event's way.
    Vantage {
        /// At the producer.
        Send = 1 "send",
        /// Where it enters the producer's side of the mesh.
        MeshIn = 2 "meshIn",
        /// Where it enters the broker.
        BrokerIn = 3 "brokerIn",
        /// In the broker's log.
        BrokerLog = 4 "brokerLog",
        /// Where it leaves the broker.
        BrokerOut = 5 "brokerOut",
        /// Where it leaves the consumer's side of the mesh.
        MeshOut = 6 "meshOut",
        /// At the consumer's handler.
        Handler = 7 "handler",
        /// In the consumer's store.
        Effect = 8 "effect",
    }
}
