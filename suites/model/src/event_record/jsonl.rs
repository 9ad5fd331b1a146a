//! JSON Lines: a header, records, an end that counts them.

use std::io::{BufRead, Read, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    EventHeader, EventReadError, EventRecord, EventSource, EventWriteError, Guard, Hole, Identity,
    Line, Names,
};

/// The longest line that is read.
const LONGEST: u64 = 1 << 20;

/// The last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Footer {
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct End {
    /// How many records there are.
    records: u64,
}

/// What a line of a history of events can be: only its schema is made of it.
#[derive(JsonSchema)]
#[schemars(untagged, title = "EventHistory")]
#[expect(
    dead_code,
    reason = "a history is read and written line by line, each as what it is"
)]
enum AnyLine {
    /// The first.
    Header(Box<EventHeader>),
    /// All others but the last.
    Record(Box<Line<'static>>),
    /// The last.
    Footer(Footer),
}

/// The JSON Schema of the lines of a history of events.
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(AnyLine)
}

/// Writes a history as JSON Lines. Without [`JsonlWriter::finish`] it reads as cut short.
#[derive(Debug)]
pub struct JsonlWriter<W: Write> {
    out: W,
    records: u64,
}

impl<W: Write> JsonlWriter<W> {
    /// Begins a history with its header. Give it a buffered `out`.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn start(out: W, header: &EventHeader) -> Result<Self, EventWriteError> {
        let mut writer = Self { out, records: 0 };
        writer.line(header)?;
        Ok(writer)
    }

    /// Adds a line.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn line_of(&mut self, line: &Line<'_>) -> Result<(), EventWriteError> {
        self.records += 1;
        self.line(line)
    }

    /// Adds a record.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn record(&mut self, record: &EventRecord, names: &Names) -> Result<(), EventWriteError> {
        self.line_of(&Line::of(record, names))
    }

    /// Ends the history, flushes, and gives `out` back.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn finish(mut self) -> Result<W, EventWriteError> {
        let records = self.records;
        self.line(&Footer {
            end: End { records },
        })?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), EventWriteError> {
        serde_json::to_writer(&mut self.out, value).map_err(std::io::Error::from)?;
        Ok(self.out.write_all(b"\n")?)
    }
}

/// Reads a history of JSON Lines.
#[derive(Debug)]
pub struct JsonlReader<R> {
    name: String,
    input: R,
    header: EventHeader,
    names: Names,
    guard: Guard,
    text: Vec<u8>,
    line: u64,
    records: u64,
    done: bool,
    current: EventRecord,
}

impl<R: BufRead> JsonlReader<R> {
    /// Opens a history; `name` is what errors call it.
    ///
    /// # Errors
    /// When its first line is not a header of this format.
    pub fn open(name: impl Into<String>, mut input: R) -> Result<Self, EventReadError> {
        let name = name.into();
        let mut text = Vec::new();
        next_line(&mut input, &mut text, &|| format!("{name}:1"))?;
        let header: EventHeader = serde_json::from_slice(&text).map_err(|error| {
            wrong(
                format!("{name}:1"),
                "the header of a history of events",
                &error,
            )
        })?;
        let guard = Guard::new(&name, &header)?;
        let mut names = Names::default();
        for subscription in header.subscriptions.keys() {
            names
                .subscriptions
                .number(subscription, super::SUBSCRIPTIONS);
        }
        Ok(Self {
            name,
            input,
            header,
            names,
            guard,
            text,
            line: 1,
            records: 0,
            done: false,
            current: EventRecord::new(super::EventKind::Fault, 0, 0),
        })
    }

    fn advance(&mut self) -> Result<bool, EventReadError> {
        self.line += 1;
        let (name, line) = (&self.name, self.line);
        let place = || format!("{name}:{line}");
        next_line(&mut self.input, &mut self.text, &place)?;
        if self.text.starts_with(b"{\"end\"") {
            let Footer { end } = serde_json::from_slice(&self.text)
                .map_err(|error| wrong(place(), "the end of a history", &error))?;
            if end.records != self.records {
                return Err(EventReadError::Count {
                    place: place(),
                    counted: end.records,
                    found: self.records,
                });
            }
            let rest = self
                .input
                .fill_buf()
                .map_err(|source| EventReadError::Read {
                    place: place(),
                    source,
                })?;
            if !rest.is_empty() {
                return Err(EventReadError::Trailing { place: place() });
            }
            return Ok(false);
        }
        let line: Line<'_> = serde_json::from_slice(&self.text)
            .map_err(|error| wrong(place(), "a record of an event", &error))?;
        let record = line.record(&mut self.names, &self.header.limits, &place)?;
        self.guard.see(&record, &self.names, place)?;
        if let Some(index) = line.index {
            let process = self.names.actors[record.actor as usize].process;
            self.guard.index(process, index, &self.names, place)?;
        }
        if record.kind.names_event() && record.event == Identity::NONE {
            return Err(EventReadError::Lacks {
                place: place(),
                kind: record.kind.word(),
                needs: "the event's `producer` and `sequence`",
            });
        }
        self.current = record;
        self.records += 1;
        Ok(true)
    }
}

impl<R: BufRead> EventSource for JsonlReader<R> {
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
        if self.done {
            return Ok(None);
        }
        let more = self.advance();
        self.done = !matches!(more, Ok(true));
        Ok(more?.then_some((&self.current, &self.names)))
    }
}

fn wrong(place: String, wanted: &'static str, error: &serde_json::Error) -> EventReadError {
    let told = error.to_string();
    let why = told.split(" at line ").next().unwrap_or(&told);
    EventReadError::Text {
        place,
        wanted,
        why: format!("{why} (column {})", error.column()),
    }
}

/// Reads one line without its end.
fn next_line(
    input: &mut impl BufRead,
    text: &mut Vec<u8>,
    place: &impl Fn() -> String,
) -> Result<(), EventReadError> {
    text.clear();
    let read = input.take(LONGEST).read_until(b'\n', text);
    let read = read.map_err(|source| EventReadError::Read {
        place: place(),
        source,
    })?;
    if text.pop() == Some(b'\n') {
        return Ok(());
    }
    if read as u64 == LONGEST {
        return Err(EventReadError::Text {
            place: place(),
            wanted: "a line of a history",
            why: format!("it is longer than {LONGEST} bytes"),
        });
    }
    Err(EventReadError::CutShort { place: place() })
}
