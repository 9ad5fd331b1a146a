//! The binary form: blocks of 32 bytes, little-endian.
//!
//! A head (`MPEVENTS`, version, length of the header), the header as JSON, then records. What few
//! records carry follows them in blocks of its own; words are defined before they are used.

use std::io::{ErrorKind, Read};

use serde::{Deserialize, Serialize};

use super::{
    Detail, EventHeader, EventKind, EventReadError, EventRecord, EventSource, Guard, Hole,
    Identity, Names, Vantage, flag,
};

mod detail;
mod write;

pub use write::BinaryWriter;

const MAGIC: [u8; 8] = *b"MPEVENTS";
const VERSION: u32 = 1;
const BLOCK: usize = 32;
/// Small enough that what was read is still near when it is looked at.
const BUFFER: usize = 1 << 16;
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

    /// Makes the next block available at `start`.
    #[cold]
    fn more(&mut self) -> Result<(), EventReadError> {
        while self.end - self.start < BLOCK {
            if !self.fill()? {
                return Err(EventReadError::CutShort {
                    place: self.place(),
                });
            }
        }
        Ok(())
    }

    /// Takes the next block out of the buffer.
    fn block(&mut self) -> Result<[u8; BLOCK], EventReadError> {
        self.more()?;
        let mut block = [0; BLOCK];
        block.copy_from_slice(&self.buffer[self.start..self.start + BLOCK]);
        self.start += BLOCK;
        Ok(block)
    }

    #[inline]
    fn advance(&mut self) -> Result<bool, EventReadError> {
        loop {
            if self.end - self.start < BLOCK {
                self.more()?;
            }
            // Read where it lies: a copy of the block would cost as much as all that is done with it.
            let block = &self.buffer[self.start..self.start + BLOCK];
            let Some(kind) = EventKind::from_code(block[0]) else {
                let block = self.block()?;
                if self.special(&block)? {
                    continue;
                }
                return Ok(false);
            };
            let Some(vantage) = Vantage::from_code(block[1]) else {
                let why = format!("{} is no vantage point", block[1]);
                return Err(self.wrong("a record of an event", &why));
            };
            let current = &mut self.current;
            if current.flags & flag::DETAIL != 0 {
                current.detail = Detail::default();
            }
            current.kind = kind;
            current.vantage = vantage;
            current.flags = block[2];
            current.attempt = block[3];
            current.actor = u32_at(block, 4);
            current.event = identity_at(block, 8, 16);
            current.key = u32_at(block, 12);
            current.age_us = u32_at(block, 20);
            current.at = u64_at(block, 24);
            self.start += BLOCK;
            if self.current.flags & flag::DETAIL != 0 {
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
