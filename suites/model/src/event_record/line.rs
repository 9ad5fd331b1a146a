//! A record as a line of JSON.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::names::{Actor, Names};
use super::{
    Detail, EventKind, EventLimits, EventReadError, EventRecord, Identity, NONE, SUBSCRIPTIONS,
    Vantage, flag, guard,
};
use crate::Nanos;

/// Text that is borrowed from its line wherever that has it in plain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> de::Visitor<'de> for Words {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(Words)
    }
}

/// A record as a line of JSON Lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Line<'a> {
    /// When, by the monotonic clock, in nanoseconds.
    pub at: Nanos,
    /// Who recorded it.
    #[serde(borrow)]
    #[schemars(with = "String")]
    pub process: Text<'a>,
    /// Which life or connection of the process.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub incarnation: u32,
    /// Counts the lines of a process from 0, so that a gap shows; on every line of it or on none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// What happened.
    pub kind: EventKind,
    /// Where it was seen; absent: where its kind is usually seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vantage: Option<Vantage>,
    /// The event's producer.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub producer: Option<Text<'a>>,
    /// The producer's epoch: which of its lives.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub epoch: u16,
    /// The event's number in that, dense from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u32>,
    /// The event's key.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub key: Option<Text<'a>>,
    /// Microseconds since the event's intended publication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_us: Option<u32>,
    /// For which subscription or group the process consumes.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub subscription: Option<Text<'a>>,
    /// Which delivery of the event the broker says it is, from 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempt: u8,
    /// The broker says that it has delivered this before.
    #[serde(default, skip_serializing_if = "is_false")]
    pub redelivered: bool,
    /// The producer publishes this event once more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub resend: bool,
    /// Comes from the dead-letter queue, replayed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub replay: bool,
    /// The payload's own token or checksum is not this identity's.
    #[serde(default, skip_serializing_if = "is_false")]
    pub forged: bool,
    /// The broker's node.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub node: Option<Text<'a>>,
    /// The partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<u32>,
    /// The offset; of a commit, the first that is not committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Counts the assignments of a partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<u32>,
    /// Credit granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<u32>,
    /// The SHA-256 of the payload in hexadecimal, its first 16 digits at least.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = "^[0-9a-fA-F]{16,64}$"))]
    pub digest: Option<Text<'a>>,
    /// When the consumer's lease ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Nanos>,
    /// The transaction it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<u64>,
    /// The events that this one answers; on `publish`.
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause<'a>>,
}

/// An event that another one answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cause<'a> {
    /// Its producer.
    #[serde(borrow)]
    #[schemars(with = "String")]
    pub producer: Text<'a>,
    /// Its epoch.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub epoch: u16,
    /// Its number.
    pub sequence: u32,
}

fn is_zero<T: Default + PartialEq>(number: &T) -> bool {
    *number == T::default()
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Line<'_> {
    /// The record, its words turned into numbers.
    ///
    /// # Errors
    /// When there are more words than the limits allow, or the digest is none.
    pub(super) fn record(
        &self,
        names: &mut Names,
        limits: &EventLimits,
        place: &impl Fn() -> String,
    ) -> Result<EventRecord, EventReadError> {
        let beyond = |kind: &str, word: &str, limit: u32| EventReadError::Limit {
            place: place(),
            what: format!("{kind} `{word}`"),
            limit: u64::from(limit),
        };
        let producer = |names: &mut Names, text: &Text<'_>| {
            let number = names.producers.number(&text.0, limits.producers);
            number
                .and_then(|number| u16::try_from(number).ok())
                .ok_or_else(|| beyond("producer", &text.0, limits.producers))
        };
        let mut flags = 0;
        for (is, flag) in [
            (self.redelivered, flag::REDELIVERED),
            (self.resend, flag::RESEND),
            (self.replay, flag::REPLAY),
            (self.forged, flag::FORGED),
        ] {
            flags |= if is { flag } else { 0 };
        }
        let event = match (&self.producer, self.sequence) {
            (Some(text), Some(sequence)) => Identity {
                producer: producer(names, text)?,
                epoch: self.epoch,
                sequence,
            },
            (None, None) => Identity::NONE,
            _ => {
                return Err(EventReadError::Lacks {
                    place: place(),
                    kind: self.kind.word(),
                    needs: "both `producer` and `sequence`, or neither",
                });
            }
        };
        let key = match &self.key {
            None => NONE,
            Some(text) => names
                .keys
                .number(&text.0, limits.keys)
                .ok_or_else(|| beyond("key", &text.0, limits.keys))?,
        };
        let process = names
            .processes
            .number(&self.process.0, guard::PROCESSES)
            .ok_or_else(|| beyond("process", &self.process.0, guard::PROCESSES))?;
        let subscription = match &self.subscription {
            None => None,
            Some(text) => Some(
                names
                    .subscriptions
                    .number(&text.0, SUBSCRIPTIONS)
                    .ok_or_else(|| beyond("subscription", &text.0, SUBSCRIPTIONS))?,
            ),
        };
        let detail = self.detail(names, &producer, place)?;
        if detail != Detail::default() {
            flags |= flag::DETAIL;
        }
        Ok(EventRecord {
            kind: self.kind,
            vantage: self.vantage.unwrap_or(self.kind.usual()),
            flags,
            attempt: self.attempt,
            actor: names.actor(Actor {
                process,
                subscription,
                incarnation: self.incarnation,
            }),
            event,
            key,
            age_us: self.age_us.unwrap_or(NONE),
            at: self.at,
            detail,
        })
    }

    fn detail(
        &self,
        names: &mut Names,
        producer: &impl Fn(&mut Names, &Text<'_>) -> Result<u16, EventReadError>,
        place: &impl Fn() -> String,
    ) -> Result<Detail, EventReadError> {
        let digest = match &self.digest {
            None => None,
            Some(text) => {
                let first = text.0.get(..16);
                let digest = first.and_then(|hex| u64::from_str_radix(hex, 16).ok());
                Some(digest.ok_or_else(|| EventReadError::Text {
                    place: place(),
                    wanted: "a digest",
                    why: format!("`{}` is not at least 16 hexadecimal digits", text.0),
                })?)
            }
        };
        let node = match &self.node {
            None => None,
            Some(text) => {
                let number = names.nodes.number(&text.0, u32::from(u16::MAX));
                number.and_then(|number| u16::try_from(number).ok())
            }
        };
        let mut causes = Vec::with_capacity(self.causes.len());
        for cause in &self.causes {
            causes.push(Identity {
                producer: producer(names, &cause.producer)?,
                epoch: cause.epoch,
                sequence: cause.sequence,
            });
        }
        Ok(Detail {
            node,
            partition: self.partition,
            offset: self.offset,
            assignment: self.assignment,
            amount: self.amount,
            digest,
            lease: self.lease,
            transaction: self.transaction,
            causes,
        })
    }

    /// A record as a line.
    #[must_use]
    pub fn of<'a>(record: &EventRecord, names: &'a Names) -> Line<'a> {
        let text = |word| Some(Text(word));
        let actor = names.actors.get(record.actor as usize);
        let producer =
            |event: Identity| Text(names.producers.word(u32::from(event.producer), "producer"));
        let some = record.event.is_some();
        let detail = &record.detail;
        Line {
            at: record.at,
            process: Text(
                names
                    .processes
                    .word(actor.map_or(record.actor, |actor| actor.process), "process"),
            ),
            incarnation: actor.map_or(0, |actor| actor.incarnation),
            index: None,
            kind: record.kind,
            vantage: (record.vantage != record.kind.usual()).then_some(record.vantage),
            producer: some.then(|| producer(record.event)),
            epoch: if some { record.event.epoch } else { 0 },
            sequence: some.then_some(record.event.sequence),
            key: (record.key != NONE).then(|| Text(names.keys.word(record.key, "key"))),
            age_us: (record.age_us != NONE).then_some(record.age_us),
            subscription: actor
                .and_then(|actor| actor.subscription)
                .and_then(|number| text(names.subscriptions.word(number, "subscription"))),
            attempt: record.attempt,
            redelivered: record.is(flag::REDELIVERED),
            resend: record.is(flag::RESEND),
            replay: record.is(flag::REPLAY),
            forged: record.is(flag::FORGED),
            node: detail
                .node
                .and_then(|node| text(names.nodes.word(u32::from(node), "node"))),
            partition: detail.partition,
            offset: detail.offset,
            assignment: detail.assignment,
            amount: detail.amount,
            digest: detail
                .digest
                .and_then(|digest| text(Cow::Owned(format!("{digest:016x}")))),
            lease: detail.lease,
            transaction: detail.transaction,
            causes: detail
                .causes
                .iter()
                .map(|cause| Cause {
                    producer: producer(*cause),
                    epoch: cause.epoch,
                    sequence: cause.sequence,
                })
                .collect(),
        }
    }
}
