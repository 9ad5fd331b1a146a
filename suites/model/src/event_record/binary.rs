//! The binary form: blocks of 32 bytes, little-endian.
//!
//! A head (`MPEVENTS`, version, length of the header), the header as JSON, then records. What few
//! records carry follows them in blocks of its own; words are defined before they are used.

use std::io::{ErrorKind, Read, Write};

use serde::{Deserialize, Serialize};

use super::{
    Detail, EventHeader, EventKind, EventReadError, EventRecord, EventSource, EventWriteError,
    Guard, Hole, Identity, Names, Vantage, flag,
};

mod detail;

const MAGIC: [u8; 8] = *b"MPEVENTS";
const VERSION: u32 = 1;
const BLOCK: usize = 32;
const BUFFER: usize = 1 << 18;
/// A header or a definition is at most this long.
const LONGEST: u32 = 1 << 20;
const DEFINITION: u8 = 0xe0;
const END: u8 = 0xff;

/// Gives a number in records its meaning. Numbers of a table come in order, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Definition {
    Producer {
        id: u32,
        name: String,
    },
    Key {
        id: u32,
        name: String,
    },
    Node {
        id: u32,
        name: String,
    },
    Actor {
        id: u32,
        process: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subscription: Option<String>,
        #[serde(default)]
        incarnation: u32,
    },
}

/// Writes a history in the binary form. Without [`BinaryWriter::finish`] it reads as cut short.
#[derive(Debug)]
pub struct BinaryWriter<W: Write> {
    out: W,
    records: u64,
    actors: u32,
    producers: u32,
    keys: u32,
    nodes: u32,
}

impl<W: Write> BinaryWriter<W> {
    /// Begins a history with its header. Give it a buffered `out`.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn start(mut out: W, header: &EventHeader) -> Result<Self, EventWriteError> {
        let text = serde_json::to_vec(header).map_err(std::io::Error::from)?;
        out.write_all(&MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        out.write_all(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes())?;
        out.write_all(&text)?;
        out.write_all(&[0; BLOCK][..padding(16 + text.len())])?;
        Ok(Self {
            out,
            records: 0,
            actors: 0,
            producers: 0,
            keys: 0,
            nodes: 0,
        })
    }

    /// Introduces what `names` has and this history does not have yet.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn introduce(&mut self, names: &Names) -> Result<(), EventWriteError> {
        while (self.producers as usize) < names.producers.len() {
            let id = self.producers;
            let name = names.producers.word(id, "producer").into_owned();
            self.define(&Definition::Producer { id, name })?;
            self.producers += 1;
        }
        while (self.keys as usize) < names.keys.len() {
            let id = self.keys;
            let name = names.keys.word(id, "key").into_owned();
            self.define(&Definition::Key { id, name })?;
            self.keys += 1;
        }
        while (self.nodes as usize) < names.nodes.len() {
            let id = self.nodes;
            let name = names.nodes.word(id, "node").into_owned();
            self.define(&Definition::Node { id, name })?;
            self.nodes += 1;
        }
        for actor in &names.actors[self.actors as usize..] {
            self.define(&Definition::Actor {
                id: self.actors,
                process: names.processes.word(actor.process, "process").into_owned(),
                subscription: actor.subscription.map(|number| {
                    names
                        .subscriptions
                        .word(number, "subscription")
                        .into_owned()
                }),
                incarnation: actor.incarnation,
            })?;
            self.actors += 1;
        }
        Ok(())
    }

    /// Adds a record, whose actor was introduced before.
    ///
    /// # Errors
    /// When `out` cannot be written, or the actor was not introduced.
    pub fn record(&mut self, record: &EventRecord) -> Result<(), EventWriteError> {
        if record.actor >= self.actors {
            return Err(EventWriteError::Actor {
                actor: record.actor,
            });
        }
        let mut block = [0; BLOCK];
        let has_detail = record.detail != Detail::default();
        block[0] = record.kind as u8;
        block[1] = record.vantage as u8;
        block[2] = record.flags & !flag::DETAIL | if has_detail { flag::DETAIL } else { 0 };
        block[3] = record.attempt;
        block[4..8].copy_from_slice(&record.actor.to_le_bytes());
        block[8..10].copy_from_slice(&record.event.producer.to_le_bytes());
        block[10..12].copy_from_slice(&record.event.epoch.to_le_bytes());
        block[12..16].copy_from_slice(&record.key.to_le_bytes());
        block[16..20].copy_from_slice(&record.event.sequence.to_le_bytes());
        block[20..24].copy_from_slice(&record.age_us.to_le_bytes());
        block[24..32].copy_from_slice(&record.at.to_le_bytes());
        self.out.write_all(&block)?;
        if has_detail {
            detail::write(&mut self.out, &record.detail)?;
        }
        self.records += 1;
        Ok(())
    }

    /// Ends the history, flushes, and gives `out` back.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn finish(mut self) -> Result<W, EventWriteError> {
        let mut block = [0; BLOCK];
        block[0] = END;
        block[8..16].copy_from_slice(&self.records.to_le_bytes());
        self.out.write_all(&block)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn define(&mut self, definition: &Definition) -> Result<(), EventWriteError> {
        let text = serde_json::to_vec(definition).map_err(std::io::Error::from)?;
        let mut block = [0; BLOCK];
        block[0] = DEFINITION;
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        block[4..8].copy_from_slice(&length.to_le_bytes());
        self.out.write_all(&block)?;
        self.out.write_all(&text)?;
        Ok(self.out.write_all(&[0; BLOCK][..padding(text.len())])?)
    }
}

/// How many bytes fill up a block after so many.
const fn padding(length: usize) -> usize {
    (BLOCK - length % BLOCK) % BLOCK
}

/// Reads a history in the binary form.
#[derive(Debug)]
pub struct BinaryReader<R> {
    name: String,
    input: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    header: EventHeader,
    names: Names,
    guard: Guard,
    records: u64,
    done: bool,
    current: EventRecord,
}

impl<R: Read> BinaryReader<R> {
    /// Opens a history; `name` is what errors call it. It buffers by itself.
    ///
    /// # Errors
    /// When it does not begin like a history of this form.
    pub fn open(name: impl Into<String>, input: R) -> Result<Self, EventReadError> {
        let name = name.into();
        let header = EventHeader::default();
        let guard = Guard::new(&name, &header)?;
        let mut reader = Self {
            name,
            input,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            header,
            names: Names::default(),
            guard,
            records: 0,
            done: false,
            current: EventRecord::new(EventKind::Fault, 0, 0),
        };
        let head = reader.bytes(16)?;
        let found = |found: String| EventReadError::Format {
            place: reader.name.clone(),
            found,
        };
        if head[..8] != MAGIC {
            return Err(found("it does not begin with MPEVENTS".to_owned()));
        }
        let version = u32_at(&head, 8);
        if version != VERSION {
            return Err(found(format!("its binary form is version {version}")));
        }
        let length = u32_at(&head, 12);
        let text = reader.text(length, 16)?;
        reader.header = serde_json::from_slice(&text)
            .map_err(|error| reader.wrong("the header of a history of events", &error))?;
        reader.guard = Guard::new(&reader.name, &reader.header)?;
        for subscription in reader.header.subscriptions.keys() {
            reader
                .names
                .subscriptions
                .number(subscription, super::SUBSCRIPTIONS);
        }
        Ok(reader)
    }

    fn place(&self) -> String {
        place(&self.name, self.records)
    }

    fn wrong(&self, wanted: &'static str, why: &impl ToString) -> EventReadError {
        EventReadError::Text {
            place: self.place(),
            wanted,
            why: why.to_string(),
        }
    }

    /// So many bytes of JSON, `before` of whose blocks were read already, and what fills up the last block.
    fn text(&mut self, length: u32, before: usize) -> Result<Vec<u8>, EventReadError> {
        if length > LONGEST {
            let why = format!("it claims {length} bytes, at most {LONGEST} can be");
            return Err(self.wrong("a header or definition", &why));
        }
        let length = length as usize;
        let mut text = self.bytes(length + padding(before + length))?;
        text.truncate(length);
        Ok(text)
    }

    fn bytes(&mut self, length: usize) -> Result<Vec<u8>, EventReadError> {
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            if self.start == self.end && !self.fill()? {
                return Err(EventReadError::CutShort {
                    place: self.place(),
                });
            }
            let part = (length - bytes.len()).min(self.end - self.start);
            bytes.extend_from_slice(&self.buffer[self.start..self.start + part]);
            self.start += part;
        }
        Ok(bytes)
    }

    /// Reads on behind what is left; false at the end of the file.
    fn fill(&mut self) -> Result<bool, EventReadError> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(read) => {
                    self.end += read;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(EventReadError::Read {
                        place: self.place(),
                        source,
                    });
                }
            }
        }
    }

    #[inline]
    fn block(&mut self) -> Result<[u8; BLOCK], EventReadError> {
        while self.end - self.start < BLOCK {
            if !self.fill()? {
                return Err(EventReadError::CutShort {
                    place: self.place(),
                });
            }
        }
        let mut block = [0; BLOCK];
        block.copy_from_slice(&self.buffer[self.start..self.start + BLOCK]);
        self.start += BLOCK;
        Ok(block)
    }

    #[inline]
    fn advance(&mut self) -> Result<bool, EventReadError> {
        loop {
            let block = self.block()?;
            let Some(kind) = EventKind::from_code(block[0]) else {
                if self.special(&block)? {
                    continue;
                }
                return Ok(false);
            };
            let Some(vantage) = Vantage::from_code(block[1]) else {
                let why = format!("{} is no vantage point", block[1]);
                return Err(self.wrong("a record of an event", &why));
            };
            if self.current.flags & flag::DETAIL != 0 {
                self.current.detail = Detail::default();
            }
            let current = &mut self.current;
            current.kind = kind;
            current.vantage = vantage;
            current.flags = block[2];
            current.attempt = block[3];
            current.actor = u32_at(&block, 4);
            current.event = identity_at(&block, 8, 16);
            current.key = u32_at(&block, 12);
            current.age_us = u32_at(&block, 20);
            current.at = u64_at(&block, 24);
            if block[2] & flag::DETAIL != 0 {
                self.detail()?;
            }
            let (name, records) = (&self.name, self.records);
            self.guard
                .see(&self.current, &self.names, || place(name, records))?;
            self.records += 1;
            return Ok(true);
        }
    }

    /// Reads the blocks that follow the current record.
    fn detail(&mut self) -> Result<(), EventReadError> {
        let mut detail = Detail::default();
        loop {
            let block = self.block()?;
            match detail::take(&block, &mut detail) {
                None => {
                    return Err(
                        self.wrong("the rest of a record", &"its block is of no known kind")
                    );
                }
                Some(true) => {}
                Some(false) => break,
            }
            if detail.causes.len() > 1_000 {
                return Err(self.wrong("the rest of a record", &"it names more than 1000 causes"));
            }
        }
        self.current.detail = detail;
        Ok(())
    }

    /// A block that is no record: false at the end of the history.
    #[cold]
    fn special(&mut self, block: &[u8; BLOCK]) -> Result<bool, EventReadError> {
        match block[0] {
            DEFINITION => {
                let text = self.text(u32_at(block, 4), 0)?;
                let definition = serde_json::from_slice(&text)
                    .map_err(|error| self.wrong("a definition", &error))?;
                if self.names.define(&definition) {
                    return Ok(true);
                }
                let why = format!("{definition:?} is not the next of its kind");
                Err(self.wrong("a definition", &why))
            }
            END => {
                let counted = u64_at(block, 8);
                if counted != self.records {
                    return Err(EventReadError::Count {
                        place: self.place(),
                        counted,
                        found: self.records,
                    });
                }
                if self.start < self.end || self.fill()? {
                    return Err(EventReadError::Trailing {
                        place: self.place(),
                    });
                }
                Ok(false)
            }
            kind => Err(self.wrong(
                "a record of an event",
                &format!("its kind is {kind}, which this program does not know"),
            )),
        }
    }
}

impl<R: Read> EventSource for BinaryReader<R> {
    fn header(&self) -> &EventHeader {
        &self.header
    }

    fn names(&self) -> &Names {
        &self.names
    }

    fn holes(&self) -> &[Hole] {
        self.guard.holes()
    }

    #[inline]
    fn next(&mut self) -> Result<Option<(&EventRecord, &Names)>, EventReadError> {
        if self.done {
            return Ok(None);
        }
        let more = self.advance();
        self.done = !matches!(more, Ok(true));
        Ok(more?.then_some((&self.current, &self.names)))
    }
}

fn place(name: &str, records: u64) -> String {
    format!("{name}, record {}", records + 1)
}

#[inline]
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

#[inline]
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[inline]
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[inline]
fn identity_at(bytes: &[u8], producer: usize, sequence: usize) -> Identity {
    Identity {
        producer: u16_at(bytes, producer),
        epoch: u16_at(bytes, producer + 2),
        sequence: u32_at(bytes, sequence),
    }
}
