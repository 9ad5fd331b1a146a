//! A history as a list of records that can be told, changed and judged.

use meshproof_model::event_record::{
    Actor, BinaryReader, BinaryWriter, EventHeader, EventKind, EventRecord, EventSource, Identity,
    JsonlReader, JsonlWriter, Names,
};
use meshproof_suites::events::{Anomaly, Checked, Checker};

/// A history in memory.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) header: EventHeader,
    pub(crate) names: Names,
    pub(crate) records: Vec<EventRecord>,
}

impl Story {
    /// With so many producers `p0`…, keys `k0`…, consumers `c0`… of the subscription `s`, and a broker.
    pub(crate) fn new(header: EventHeader, producers: u32, keys: u32, consumers: u32) -> Self {
        let mut names = Names::default();
        for subscription in header.subscriptions.keys() {
            names.subscriptions.number(subscription, 64);
        }
        let subscription = names.subscriptions.number("s", 64);
        for number in 0..producers {
            names.producers.number(&format!("p{number}"), 100);
            let process = names.processes.number(&format!("p{number}"), 100).unwrap();
            actor(&mut names, process, None);
        }
        for number in 0..keys {
            names.keys.number(&format!("k{number}"), 100);
        }
        for number in 0..consumers {
            let process = names.processes.number(&format!("c{number}"), 100).unwrap();
            actor(&mut names, process, subscription);
        }
        let process = names.processes.number("broker", 100).unwrap();
        actor(&mut names, process, None);
        for node in ["n0", "n1"] {
            names.nodes.number(node, 10);
        }
        Self {
            header,
            names,
            records: Vec::new(),
        }
    }

    /// Adds a record, a microsecond after the one before.
    pub(crate) fn push(
        &mut self,
        kind: EventKind,
        actor: u32,
        event: Identity,
    ) -> &mut EventRecord {
        let at = self.records.last().map_or(1_000, |last| last.at + 1_000);
        let mut record = EventRecord::new(kind, actor, at);
        record.event = event;
        self.records.push(record);
        self.records.last_mut().unwrap()
    }

    /// The records' times again, a microsecond apart.
    pub(crate) fn retimed(mut self) -> Self {
        for (index, record) in self.records.iter_mut().enumerate() {
            record.at = 1_000 * (index as u64 + 1);
        }
        self
    }

    pub(crate) fn jsonl(&self) -> Vec<u8> {
        let mut writer = JsonlWriter::start(Vec::new(), &self.header).unwrap();
        for record in &self.records {
            writer.record(record, &self.names).unwrap();
        }
        writer.finish().unwrap()
    }

    pub(crate) fn binary(&self) -> Vec<u8> {
        let mut writer = BinaryWriter::start(Vec::new(), &self.header).unwrap();
        writer.introduce(&self.names).unwrap();
        for record in &self.records {
            writer.record(record).unwrap();
        }
        writer.finish().unwrap()
    }

    /// Judged by way of both forms, which must come to the same.
    pub(crate) fn checked(&self) -> Checked {
        let text = self.jsonl();
        let by_text = checked(JsonlReader::open("story.jsonl", text.as_slice()).unwrap());
        let bytes = self.binary();
        let by_bytes = checked(BinaryReader::open("story.bin", bytes.as_slice()).unwrap());
        for anomaly in Anomaly::ALL {
            let (text, bytes) = (
                by_text.findings.of(*anomaly),
                by_bytes.findings.of(*anomaly),
            );
            assert_eq!(
                (text.proven, text.doubtful, text.cause),
                (bytes.proven, bytes.doubtful, bytes.cause),
                "{anomaly} by both forms"
            );
        }
        by_text
    }

    pub(crate) fn proven(&self) -> Vec<Anomaly> {
        self.checked().findings.proven().collect()
    }

    /// A line a record, for messages.
    pub(crate) fn told(&self) -> String {
        let lines = self.records.iter().map(|record| {
            let event = if record.event.is_some() {
                self.names.event(record.event)
            } else {
                String::new()
            };
            format!(
                "{} {} {} {event} key {} {:?} flags {} attempt {}\n",
                record.at,
                self.names.actor_name(record.actor),
                record.kind,
                record.key,
                record.place(),
                record.flags,
                record.attempt
            )
        });
        lines.collect()
    }
}

fn actor(names: &mut Names, process: u32, subscription: Option<u32>) {
    names.actor(Actor {
        process,
        subscription,
        incarnation: 0,
    });
}

/// The records of a whole history.
pub(crate) fn records(mut source: impl EventSource) -> Vec<EventRecord> {
    let mut records = Vec::new();
    while let Some((record, _)) = source.next().unwrap() {
        records.push(record.clone());
    }
    records
}

pub(crate) fn checked(mut source: impl EventSource) -> Checked {
    let mut checker = Checker::new(source.header());
    while let Some((record, names)) = source.next().unwrap() {
        checker.see(record, names);
    }
    checker.finish(source.names(), source.holes())
}
