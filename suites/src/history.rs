//! Histories: JSON Lines, a header, the records in time order, a footer that counts them.

use std::io::{BufRead, Write};

use meshproof_model::{BudgetKind, Nanos, Record};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Case;

mod error;

pub use error::{HistoryError, WriteError};

/// The version of the format.
pub const SCHEMA: &str = "meshproof/v1";

/// The first line of a history: all that is needed to judge it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    /// The format, [`SCHEMA`].
    pub schema: String,
    /// The case as it was run.
    pub case: Case,
    /// The mesh's name.
    pub mesh: String,
    /// How the mesh counts a retry budget, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetKind>,
    /// Which repetition of the case, from 1.
    pub repetition: u32,
    /// The seed of all random choices.
    pub seed: u64,
    /// With the mesh, or without any.
    #[serde(default)]
    pub arm: Arm,
}

/// With the mesh, or without any.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Arm {
    /// With the mesh under test.
    #[default]
    Mesh,
    /// Without any mesh: the negative control.
    Control,
}

/// The last line of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Footer {
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct End {
    records: u64,
}

/// The JSON Schema of a history's lines.
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Line)
}

/// What a line of a history can be: only its schema is made of it.
#[derive(JsonSchema)]
#[schemars(untagged, title = "History")]
#[expect(
    dead_code,
    reason = "a history is read and written line by line, each as what it is"
)]
enum Line {
    /// The first.
    Header(Box<Header>),
    /// All others but the last.
    Record(Box<Record>),
    /// The last.
    Footer(Footer),
}

/// Writes a history. Without [`Writer::finish`] it has no footer and reads as cut short.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    last: Nanos,
    records: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a history with its header. Give it a buffered `out`.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn start(out: W, header: &Header) -> Result<Self, WriteError> {
        let mut writer = Self {
            out,
            last: 0,
            records: 0,
        };
        writer.line(header)?;
        Ok(writer)
    }

    /// Adds the next record.
    ///
    /// # Errors
    /// When `out` cannot be written, or the record is older than the one before it.
    pub fn record(&mut self, record: &Record) -> Result<(), WriteError> {
        let at = record.at();
        if at < self.last {
            return Err(WriteError::Order { by: self.last - at });
        }
        self.last = at;
        self.records += 1;
        self.line(record)
    }

    /// Ends the history with its footer, flushes, and gives `out` back.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn finish(mut self) -> Result<W, WriteError> {
        let records = self.records;
        self.line(&Footer {
            end: End { records },
        })?;
        self.out.flush().map_err(WriteError::Write)?;
        Ok(self.out)
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), WriteError> {
        let mut line = serde_json::to_vec(value).expect("records have string keys only");
        line.push(b'\n');
        self.out.write_all(&line).map_err(WriteError::Write)
    }
}

/// Reads a history: the header at once, then the records one by one. Whatever is wrong with it is
/// the last item; without an error the history was whole.
#[derive(Debug)]
pub struct Reader<R> {
    name: String,
    input: R,
    header: Header,
    line: u64,
    last: Nanos,
    records: u64,
    done: bool,
    text: Vec<u8>,
}

impl<R: BufRead> Reader<R> {
    /// Opens a history; `name` is what errors call it, usually its path.
    ///
    /// # Errors
    /// When its first line is not a header of this format.
    pub fn open(name: impl Into<String>, mut input: R) -> Result<Self, HistoryError> {
        let name = name.into();
        let mut text = Vec::new();
        if !next_line(&name, &mut input, 1, &mut text)? {
            return Err(HistoryError::CutShort { name, line: 1 });
        }
        let header: Header =
            serde_json::from_slice(&text).map_err(|source| HistoryError::Line {
                name: name.clone(),
                line: 1,
                wanted: "the header of a history",
                source,
            })?;
        if header.schema != SCHEMA {
            return Err(HistoryError::Schema {
                name,
                schema: header.schema,
            });
        }
        Ok(Self {
            name,
            input,
            header,
            line: 1,
            last: 0,
            records: 0,
            done: false,
            text,
        })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    fn advance(&mut self) -> Result<Option<Record>, HistoryError> {
        self.line += 1;
        if !next_line(&self.name, &mut self.input, self.line, &mut self.text)? {
            return Err(HistoryError::CutShort {
                name: self.name.clone(),
                line: self.line,
            });
        }
        if self.text.starts_with(b"{\"end\"") {
            return self.footer().map(|()| None);
        }
        let record: Record = self.parse("a record")?;
        let at = record.at();
        if at < self.last {
            return Err(HistoryError::Order {
                name: self.name.clone(),
                line: self.line,
                by: self.last - at,
            });
        }
        self.last = at;
        self.records += 1;
        Ok(Some(record))
    }

    fn footer(&mut self) -> Result<(), HistoryError> {
        let Footer { end } = self.parse("a footer")?;
        let (name, line) = (self.name.clone(), self.line);
        if end.records != self.records {
            return Err(HistoryError::Count {
                name,
                line,
                counted: end.records,
                found: self.records,
            });
        }
        let rest = self.input.fill_buf().map_err(|source| HistoryError::Read {
            name: name.clone(),
            line: line + 1,
            source,
        })?;
        if rest.is_empty() {
            return Ok(());
        }
        Err(HistoryError::Trailing {
            name,
            line: line + 1,
        })
    }

    fn parse<'a, T: Deserialize<'a>>(&'a self, wanted: &'static str) -> Result<T, HistoryError> {
        serde_json::from_slice(&self.text).map_err(|source| HistoryError::Line {
            name: self.name.clone(),
            line: self.line,
            wanted,
            source,
        })
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Record, HistoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.advance().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

/// Reads one line without its end; false when there is none, or none that was written in full.
fn next_line(
    name: &str,
    input: &mut impl BufRead,
    line: u64,
    text: &mut Vec<u8>,
) -> Result<bool, HistoryError> {
    text.clear();
    input
        .read_until(b'\n', text)
        .map_err(|source| HistoryError::Read {
            name: name.to_owned(),
            line,
            source,
        })?;
    Ok(text.pop() == Some(b'\n'))
}
