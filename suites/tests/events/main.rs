//! The judge of event histories: it accepts what a correct broker does under random schedules, finds in
//! each mutant exactly what was done to it, and never panics on what is no history.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

mod broker;
mod checks;
mod mutants;
mod readers;
mod story;
