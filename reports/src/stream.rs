//! The event stream on disk, which every report can be told from again.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use meshproof_model::Event;

use crate::Report;

const SCHEMA: &str = "meshproof/v1";

/// Writes `events.jsonl`: a line an event, each handed to the kernel as a whole before the next.
#[derive(Debug)]
pub struct Stream {
    file: File,
}

impl Stream {
    /// Creates the file; an earlier one of the same name is replaced.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::create(path)?,
        })
    }
}

impl Report for Stream {
    fn see(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }
}

/// Why an event stream cannot be told again.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The file cannot be opened.
    #[error("{}: cannot be opened", path.display())]
    Open {
        /// The stream.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The file cannot be read on.
    #[error("{}:{line}: cannot be read", path.display())]
    Read {
        /// The stream.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A line is no event.
    #[error("{}:{line}: not an event of {SCHEMA}", path.display())]
    Malformed {
        /// The stream.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// The last line has no end: its writer was killed.
    #[error("{}:{line}: the last line is cut short: its writer was killed", path.display())]
    Cut {
        /// The stream.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// It does not begin as a stream of this version does.
    #[error("{}: does not begin with a `runStarted` of {SCHEMA}: it was written by another version, or is no event stream", path.display())]
    Beginning {
        /// The stream.
        path: PathBuf,
    },
}

/// The events of an earlier run, read line by line.
#[derive(Debug)]
pub struct Events {
    path: PathBuf,
    reader: BufReader<File>,
    line: u64,
    over: bool,
}

/// Reads an event stream. The first error ends it.
///
/// # Errors
/// When the file cannot be opened.
pub fn events(path: &Path) -> Result<Events, StreamError> {
    let file = File::open(path).map_err(|source| StreamError::Open {
        path: path.to_owned(),
        source,
    })?;
    Ok(Events {
        path: path.to_owned(),
        reader: BufReader::new(file),
        line: 0,
        over: false,
    })
}

impl Events {
    fn read(&mut self) -> Result<Option<Event>, StreamError> {
        let mut text = Vec::new();
        let (path, line) = (|| self.path.clone(), self.line + 1);
        let length =
            self.reader
                .read_until(b'\n', &mut text)
                .map_err(|source| StreamError::Read {
                    path: path(),
                    line,
                    source,
                })?;
        if length == 0 {
            return match self.line {
                0 => Err(StreamError::Beginning { path: path() }),
                _ => Ok(None),
            };
        }
        if text.last() != Some(&b'\n') {
            return Err(StreamError::Cut { path: path(), line });
        }
        let event = serde_json::from_slice(&text).map_err(|source| StreamError::Malformed {
            path: path(),
            line,
            source,
        })?;
        let begins = matches!(&event, Event::RunStarted(run) if run.schema == SCHEMA);
        if line == 1 && !begins {
            return Err(StreamError::Beginning { path: path() });
        }
        self.line = line;
        Ok(Some(event))
    }
}

impl Iterator for Events {
    type Item = Result<Event, StreamError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let event = self.read().transpose();
        self.over = !matches!(event, Some(Ok(_)));
        event
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn check(name: &str, text: &str, expected: Result<usize, &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        std::fs::write(&path, text).unwrap();
        let read: Result<Vec<Event>, StreamError> = events(&path).unwrap().collect();
        let prefix = format!("{}:", path.display());
        let read = read
            .map(|events| events.len())
            .map_err(|error| error.to_string().replacen(&prefix, "", 1));
        assert_eq!(read, expected.map_err(str::to_owned), "{name}");
    }

    fn text() -> String {
        let lines: Vec<_> = sample::events()
            .iter()
            .map(|event| serde_json::to_string(event).unwrap() + "\n")
            .collect();
        lines.concat()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let mut stream = Box::new(Stream::create(&path).unwrap());
        for event in sample::events() {
            stream.see(&event).unwrap();
        }
        stream.finish().unwrap();
        let read: Result<Vec<Event>, StreamError> = events(&path).unwrap().collect();
        assert_eq!(read.unwrap(), sample::events());
    }

    #[test]
    fn damage_is_named_with_its_line() {
        let whole = text();
        let count = sample::events().len();
        let beginning = " does not begin with a `runStarted` of meshproof/v1: it was written by another version, or is no event stream";
        check("whole", &whole, Ok(count));
        check("empty", "", Err(beginning));
        check(
            "another version",
            &whole.replace("meshproof/v1", "meshproof/v2"),
            Err(beginning),
        );
        let headless = whole.split_once('\n').unwrap().1;
        check("headless", headless, Err(beginning));
        let cut = &whole[..whole.len() - 1];
        let message = format!("{count}: the last line is cut short: its writer was killed");
        check("cut", cut, Err(&message));
        let alien = whole.replacen("caseStarted", "caseBegun", 1);
        check("alien", &alien, Err("2: not an event of meshproof/v1"));
    }

    #[test]
    fn a_missing_stream_is_named() {
        let error = events(Path::new("/absent/events.jsonl")).unwrap_err();
        assert_eq!(error.to_string(), "/absent/events.jsonl: cannot be opened");
    }
}
