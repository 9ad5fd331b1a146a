//! One event stream in, many forms out.
//!
//! A run tells what happens as [`Event`](meshproof_model::Event)s. [`Stream`] keeps them in
//! `events.jsonl`, [`Terminal`] shows them while they come, and each [`Format`] turns the whole
//! into a file. All of them are [`Report`]s, so [`events`] of an earlier run tells it again in any
//! form. [`Tally`] and [`Exit`] say what the verdicts come to.

mod format;
mod gathered;
mod json;
mod junit;
mod progress;
mod report;
mod stream;
mod tally;
mod terminal;

#[cfg(test)]
mod sample;

pub use format::{Format, Output, OutputError};
pub use report::Report;
pub use stream::{Events, Stream, StreamError, events};
pub use tally::{Counts, Exit, Facts, Tally};
pub use terminal::{Look, Terminal};
