//! What can be wrong with a history.

use std::io;

use meshproof_model::Nanos;

use super::SCHEMA;

/// Why a history cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file could not be read.
    #[error("{name}:{line}: cannot be read")]
    Read {
        /// The history's name.
        name: String,
        /// The line, from 1.
        line: u64,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A line is not what should stand there.
    #[error("{name}:{line}: not {wanted}")]
    Line {
        /// The history's name.
        name: String,
        /// The line, from 1.
        line: u64,
        /// What should stand there.
        wanted: &'static str,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A format that this program does not know.
    #[error("{name}:1: the format is `{schema}`, this program reads `{SCHEMA}`")]
    Schema {
        /// The history's name.
        name: String,
        /// The format that it claims.
        schema: String,
    },
    /// A record is older than the one before it.
    #[error(
        "{name}:{line}: this record is {by} ns older than the one before it; a history is in time order"
    )]
    Order {
        /// The history's name.
        name: String,
        /// The line, from 1.
        line: u64,
        /// By how much.
        by: Nanos,
    },
    /// It ends before its footer.
    #[error("{name}:{line}: the history is cut short: it ends without its footer")]
    CutShort {
        /// The history's name.
        name: String,
        /// The line at which more was expected, from 1.
        line: u64,
    },
    /// The footer counts other records than there are.
    #[error("{name}:{line}: the footer counts {counted} records, there are {found}")]
    Count {
        /// The history's name.
        name: String,
        /// The line, from 1.
        line: u64,
        /// What the footer says.
        counted: u64,
        /// What there is.
        found: u64,
    },
    /// Something follows the footer.
    #[error("{name}:{line}: something follows the footer")]
    Trailing {
        /// The history's name.
        name: String,
        /// The line, from 1.
        line: u64,
    },
}

/// Why a record could not be added to a history.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// It could not be written.
    #[error("the history cannot be written")]
    Write(#[source] io::Error),
    /// The record is older than the one before it.
    #[error("a record is {by} ns older than the one before it; sort records before writing them")]
    Order {
        /// By how much.
        by: Nanos,
    },
}
