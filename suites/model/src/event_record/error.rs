//! What can be wrong with a history of events.

use std::io;

use super::SCHEMA;
use crate::Nanos;

/// Why a history of events cannot be read to its end. `place` is the file and the line or record.
#[derive(Debug, thiserror::Error)]
pub enum EventReadError {
    /// The file could not be read.
    #[error("{place}: cannot be read")]
    Read {
        /// Where.
        place: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Text that is not what should stand there.
    #[error("{place}: not {wanted}: {why}")]
    Text {
        /// Where.
        place: String,
        /// What should stand there.
        wanted: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Another format.
    #[error("{place}: {found}; this program reads `{SCHEMA}`")]
    Format {
        /// Where.
        place: String,
        /// What stands there.
        found: String,
    },
    /// A record lacks what its kind needs.
    #[error("{place}: `{kind}` needs {needs}")]
    Lacks {
        /// Where.
        place: String,
        /// The record's kind.
        kind: &'static str,
        /// What is missing.
        needs: &'static str,
    },
    /// More of something than the header declares.
    #[error(
        "{place}: {what} exceeds the {limit} that the header declares; raise `limits` there if the history is right"
    )]
    Limit {
        /// Where.
        place: String,
        /// Of what.
        what: String,
        /// How many there may be.
        limit: u64,
    },
    /// A sequence far beyond what its producer has published.
    #[error(
        "{place}: sequence {sequence} is far beyond the {known} that this producer has published; the sequence of a producer and epoch is dense and begins at 0"
    )]
    Sparse {
        /// Where.
        place: String,
        /// The sequence.
        sequence: u32,
        /// How many are known.
        known: u32,
    },
    /// Time ran backwards inside a process.
    #[error(
        "{place}: `{process}` recorded this {by} ns before its record before it; a process writes in time order, so this history is invalid"
    )]
    Backwards {
        /// Where.
        place: String,
        /// Whose clock.
        process: String,
        /// By how much.
        by: Nanos,
    },
    /// Two processes' records are further out of order than their clocks can be.
    #[error(
        "{place}: this record is {by} ns older than one before it, and the header declares a skew of {skew} ns; sort the history by time, or declare the skew that was measured"
    )]
    Unsorted {
        /// Where.
        place: String,
        /// By how much.
        by: Nanos,
        /// How much is allowed.
        skew: Nanos,
    },
    /// An index that its process has used before.
    #[error(
        "{place}: `{process}` wrote index {index} where {wanted} is next; an index is used once"
    )]
    Index {
        /// Where.
        place: String,
        /// Who.
        process: String,
        /// The index.
        index: u64,
        /// The one wanted.
        wanted: u64,
    },
    /// It ends before its end.
    #[error("{place}: the history is cut short: it ends without its last record, `end`")]
    CutShort {
        /// Where.
        place: String,
    },
    /// Its end counts other than was read.
    #[error("{place}: the end counts {counted} records, {found} were found")]
    Count {
        /// Where.
        place: String,
        /// By the end.
        counted: u64,
        /// By the reader.
        found: u64,
    },
    /// Something stands after the end.
    #[error("{place}: something stands after the end of the history")]
    Trailing {
        /// Where.
        place: String,
    },
}

/// Why a history of events cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum EventWriteError {
    /// The file could not be written.
    #[error("the history cannot be written")]
    Write(#[from] io::Error),
    /// A record names an actor that was not introduced.
    #[error("actor {actor} was not introduced before its record")]
    Actor {
        /// Its number.
        actor: u32,
    },
}
