//! The prober's own records.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use meshproof_clock::now;
use meshproof_model::{Nanos, Record};

/// A JSONL file in order of time; each record reaches the kernel by one `write(2)`.
#[derive(Debug)]
pub(super) struct Segment {
    file: Mutex<File>,
}

impl Segment {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        Ok(Self {
            file: Mutex::new(file),
        })
    }

    /// Stamps and writes one record; gives its time. The stamp is taken under the lock, so that no
    /// record overtakes an earlier one.
    pub(super) fn write(&self, record: impl FnOnce(Nanos) -> Record) -> io::Result<Nanos> {
        // A panic cannot leave half a line behind: the write is a single call.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let at = now();
        let mut line = serde_json::to_vec(&record(at))?;
        line.push(b'\n');
        match file.write(&line)? {
            written if written == line.len() => Ok(at),
            _ => Err(io::Error::new(
                io::ErrorKind::StorageFull,
                "a record was written in part: the disk is full",
            )),
        }
    }
}
