//! What a history of events says of itself.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Vantage;
use crate::units::Duration;

/// The version of the format.
pub const SCHEMA: &str = "meshproof/events/v1";

/// The first line of a history in JSON Lines, and the head of the binary form. What it declares
/// decides how records are read; what it leaves out is not judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventHeader {
    /// The format, [`SCHEMA`].
    pub schema: String,
    /// By how much the clocks of two processes may differ: what falls within it is inconclusive.
    #[serde(default)]
    pub skew: Duration,
    /// How many of each there may be.
    #[serde(default)]
    pub limits: EventLimits,
    /// Who consumes; every event is owed to each of them. Subscriptions that only records name are queues.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub subscriptions: IndexMap<String, Subscription>,
    /// The guarantees that the broker claims in this configuration; none named: whatever is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// For how long after its publication the broker claims to recognise a resent event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deduplication: Option<Duration>,
    /// How old an event may be when its handler starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Duration>,
    /// For how long events that wait may stand still behind one that keeps failing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stall: Option<Duration>,
    /// Where an answer with success (`ack`, `append` or `answered`) has to be seen before a publish may be acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<Vantage>,
    /// After how many failed deliveries an event belongs into the dead-letter queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_after: Option<u8>,
}

impl Default for EventHeader {
    fn default() -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            skew: Duration::ZERO,
            limits: EventLimits::default(),
            subscriptions: IndexMap::new(),
            claims: Vec::new(),
            deduplication: None,
            deadline: None,
            stall: None,
            acknowledged_by: None,
            dead_letter_after: None,
        }
    }
}

/// How many of each there may be: the memory of a checker is bounded by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EventLimits {
    /// Producers, at most 65,000.
    #[schemars(range(max = 65_000))]
    pub producers: u32,
    /// Keys, at most 16,000,000.
    #[schemars(range(max = 16_000_000))]
    pub keys: u32,
    /// Partitions, at most 65,536; 0: no record names a partition.
    #[schemars(range(max = 65_536))]
    pub partitions: u32,
}

impl EventLimits {
    /// The most that can be declared.
    pub const MOST: Self = Self {
        producers: 65_000,
        keys: 16_000_000,
        partitions: 65_536,
    };
}

impl Default for EventLimits {
    fn default() -> Self {
        Self {
            producers: 10_000,
            keys: 1_000_000,
            partitions: 1_024,
        }
    }
}

/// A subscription or consumer group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Subscription {
    /// How it reads.
    pub kind: SubscriptionKind,
    /// How many deliveries of a consumer may be unsettled: prefetch, `max_ack_pending`, Receive Maximum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefetch: Option<u32>,
    /// Whose events it is owed; none named: everybody's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub producers: Vec<String>,
}

/// How a subscription reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SubscriptionKind {
    /// Consumers compete for events and settle each (RabbitMQ, JetStream, Redis groups, MQTT, webhooks).
    #[default]
    Queue,
    /// Partitions are assigned to one consumer each, which reads on from the committed cursor (Kafka).
    Log,
    /// Every consumer reads partitions with a cursor of its own.
    Readers,
}
