//! Histories of Jepsen's kafka workload, an operation a line, as EDN (`history.edn`) or as JSON.
//!
//! A key is a partition and a value in it an event. Whoever polls reads with a cursor of its own, so
//! deliveries are not held to at-most-once; the log is held to its order and its values to one
//! offset each. Several processes send to one key, so no order per producer and key can be judged.

use std::collections::{HashMap, VecDeque};
use std::io::BufRead;

use meshproof_model::event_record::{
    Actor, EventHeader, EventKind, EventLimits, EventReadError, EventRecord, EventSource, Guard,
    Hole, Identity, Names, Subscription, SubscriptionKind, flag,
};
use serde_json::{Map, Value};

pub mod edn;

const POLLS: &str = "polls";
/// The whole history counts one index, so one name stands for all who wrote it.
const WRITER: &str = "history";

/// Reads a history of the kafka workload as one of events.
#[derive(Debug)]
pub struct JepsenReader<R> {
    name: String,
    input: R,
    header: EventHeader,
    names: Names,
    guard: Guard,
    line: u64,
    text: String,
    events: HashMap<(u16, i64), Identity>,
    next: Vec<u32>,
    strangers: u32,
    waiting: VecDeque<EventRecord>,
    current: EventRecord,
}

impl<R: BufRead> JepsenReader<R> {
    /// Opens a history; `name` is what errors call it.
    ///
    /// # Errors
    /// Never: what is wrong with it is told by the first record.
    pub fn open(name: impl Into<String>, input: R) -> Result<Self, EventReadError> {
        let name = name.into();
        let readers = Subscription {
            kind: SubscriptionKind::Readers,
            ..Subscription::default()
        };
        let header = EventHeader {
            limits: EventLimits {
                partitions: EventLimits::MOST.producers,
                producers: EventLimits::MOST.producers,
                ..EventLimits::default()
            },
            subscriptions: [(POLLS.to_owned(), readers)].into_iter().collect(),
            ..EventHeader::default()
        };
        let guard = Guard::new(&name, &header)?;
        let mut names = Names::default();
        names.subscriptions.number(POLLS, 1);
        names.processes.number(WRITER, u32::MAX);
        Ok(Self {
            name,
            input,
            header,
            names,
            guard,
            line: 0,
            text: String::new(),
            events: HashMap::new(),
            next: Vec::new(),
            strangers: 0,
            waiting: VecDeque::new(),
            current: EventRecord::new(EventKind::Fault, 0, 0),
        })
    }

    fn wrong(&self, why: impl Into<String>) -> EventReadError {
        EventReadError::Text {
            place: self.place(),
            wanted: "an operation of Jepsen's kafka workload",
            why: why.into(),
        }
    }

    fn place(&self) -> String {
        format!("{}:{}", self.name, self.line)
    }

    /// Reads the next operation; false at the end.
    fn operation(&mut self) -> Result<bool, EventReadError> {
        self.line += 1;
        self.text.clear();
        let read = self.input.read_line(&mut self.text);
        let read = read.map_err(|source| EventReadError::Read {
            place: self.place(),
            source,
        })?;
        if read == 0 {
            return Ok(false);
        }
        if self.text.trim().is_empty() {
            return Ok(true);
        }
        let parsed = if self.text.trim_start().starts_with("{\"") {
            serde_json::from_str(&self.text).map_err(|error| error.to_string())
        } else {
            edn::parse(&self.text).map_err(|error| error.to_string())
        };
        match parsed {
            Ok(Value::Object(operation)) => self.expand(&operation)?,
            Ok(_) => {
                return Err(self.wrong(
                    "each line is one operation, a map; split a vector of them into lines",
                ));
            }
            Err(_) if !self.text.ends_with('\n') => {
                return Err(EventReadError::CutShort {
                    place: self.place(),
                });
            }
            Err(error) => return Err(self.wrong(error)),
        }
        Ok(true)
    }

    fn expand(&mut self, operation: &Map<String, Value>) -> Result<(), EventReadError> {
        let word = |field: &str| operation.get(field).and_then(Value::as_str);
        let (Some(kind), Some(function)) = (word("type"), word("f")) else {
            return Err(self.wrong("it has no `type` or no `f`"));
        };
        let at = operation.get("time").and_then(Value::as_i64);
        let Some(at) = at.and_then(|at| u64::try_from(at).ok()) else {
            return Err(self.wrong("it has no `time` in nanoseconds"));
        };
        if let Some(index) = operation.get("index").and_then(Value::as_u64) {
            let (name, line) = (&self.name, self.line);
            let place = || format!("{name}:{line}");
            self.guard.index(0, index, &self.names, place)?;
        }
        let process = match operation.get("process") {
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::String(nemesis)) => {
                let process = self.actor(&nemesis.clone(), false)?;
                if kind == "info" {
                    self.waiting
                        .push_back(EventRecord::new(EventKind::Fault, process, at));
                }
                return Ok(());
            }
            _ => return Err(self.wrong("it has no `process`")),
        };
        let actor = self.actor(&process, true)?;
        let moved = operation
            .get("rebalance-log")
            .and_then(Value::as_array)
            .is_some_and(|log| !log.is_empty());
        let assigned = kind == "ok" && matches!(function, "assign" | "subscribe");
        if moved || assigned || function == "crash" {
            self.waiting
                .push_back(EventRecord::new(EventKind::Disconnect, actor, at));
        }
        if !matches!(function, "send" | "poll" | "txn") {
            return Ok(());
        }
        let steps = operation.get("value").and_then(Value::as_array);
        for step in steps.into_iter().flatten() {
            self.step(kind, step, actor, at)?;
        }
        Ok(())
    }

    fn actor(&mut self, process: &str, polls: bool) -> Result<u32, EventReadError> {
        let number = self.names.processes.number(process, 1_000_000);
        let process = number.ok_or_else(|| self.wrong("it is of more than a million processes"))?;
        Ok(self.names.actor(Actor {
            process,
            subscription: polls.then_some(0),
            incarnation: 0,
        }))
    }

    /// `["send" k v]`, `["send" k [offset v]]`, `["poll"]`, `["poll" {k [[offset v] …]}]`.
    fn step(
        &mut self,
        kind: &str,
        step: &Value,
        actor: u32,
        at: u64,
    ) -> Result<(), EventReadError> {
        let parts = step.as_array().map(Vec::as_slice);
        match parts {
            Some([Value::String(what), key, value]) if what == "send" => {
                let (offset, value) = match value.as_array().map(Vec::as_slice) {
                    Some([offset, value]) => (offset.as_u64(), value),
                    _ => (None, value),
                };
                let Some(value) = value.as_i64() else {
                    return Err(self.wrong("a value that is sent is no whole number"));
                };
                let event = self.event(key, value, true)?;
                let kind = match kind {
                    "invoke" => EventKind::Publish,
                    "ok" => EventKind::Published,
                    "fail" => EventKind::PublishFailed,
                    _ => EventKind::PublishUnknown,
                };
                self.put(kind, actor, at, event, offset);
            }
            Some([Value::String(what), Value::Object(polled)])
                if what == "poll" && kind == "ok" =>
            {
                for (key, pairs) in polled {
                    let key = Value::String(key.clone());
                    for pair in pairs.as_array().into_iter().flatten() {
                        let pair = pair.as_array().map(Vec::as_slice);
                        let Some([offset, value]) = pair else {
                            return Err(self.wrong("what is polled is no pair of offset and value"));
                        };
                        let Some(value) = value.as_i64() else {
                            return Err(self.wrong("a value that is polled is no whole number"));
                        };
                        let event = self.event(&key, value, false)?;
                        self.put(EventKind::Deliver, actor, at, event, offset.as_u64());
                    }
                }
            }
            Some([Value::String(what), ..]) if what == "poll" => {}
            _ => return Err(self.wrong("a step is neither a `send` nor a `poll`")),
        }
        Ok(())
    }

    /// The event that a value of a key is; what nobody sent is one far beyond all others.
    fn event(&mut self, key: &Value, value: i64, sent: bool) -> Result<Identity, EventReadError> {
        let key = match key {
            Value::String(key) => key.clone(),
            other => other.to_string(),
        };
        let number = self
            .names
            .producers
            .number(&key, EventLimits::MOST.producers);
        let producer = number
            .and_then(|number| u16::try_from(number).ok())
            .ok_or_else(|| self.wrong("there are more keys than can be kept"))?;
        if let Some(event) = self.events.get(&(producer, value)) {
            return Ok(*event);
        }
        let slot = usize::from(producer);
        if slot >= self.next.len() {
            self.next.resize(slot + 1, 0);
        }
        let sequence = if sent {
            self.next[slot] += 1;
            self.next[slot] - 1
        } else {
            self.strangers += 1;
            u32::MAX - self.strangers
        };
        let event = Identity {
            producer,
            epoch: 0,
            sequence,
        };
        if sent {
            self.events.insert((producer, value), event);
        }
        Ok(event)
    }

    fn put(&mut self, kind: EventKind, actor: u32, at: u64, event: Identity, offset: Option<u64>) {
        let mut record = EventRecord::new(kind, actor, at);
        record.event = event;
        if offset.is_some() {
            record.flags |= flag::DETAIL;
            record.detail.partition = Some(u32::from(event.producer));
            record.detail.offset = offset;
        }
        self.waiting.push_back(record);
    }
}

impl<R: BufRead> EventSource for JepsenReader<R> {
    fn header(&self) -> &EventHeader {
        &self.header
    }

    fn names(&self) -> &Names {
        &self.names
    }

    fn holes(&self) -> &[Hole] {
        self.guard.holes()
    }

    fn next(&mut self) -> Result<Option<(&EventRecord, &Names)>, EventReadError> {
        while self.waiting.is_empty() {
            if !self.operation()? {
                return Ok(None);
            }
        }
        let Some(record) = self.waiting.pop_front() else {
            return Ok(None);
        };
        let (name, line) = (&self.name, self.line);
        self.guard
            .see(&record, &self.names, || format!("{name}:{line}"))?;
        self.current = record;
        Ok(Some((&self.current, &self.names)))
    }
}
