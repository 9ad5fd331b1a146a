//! Writing the binary form.

use std::io::Write;

use super::{BLOCK, DEFINITION, Definition, END, MAGIC, VERSION, detail, padding};
use crate::event_record::{Detail, EventHeader, EventRecord, EventWriteError, Names, flag};

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
