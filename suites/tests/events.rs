//! The judge of event histories: it accepts what a correct broker does under random schedules, finds in
//! each mutant exactly what was done to it, and never panics on what is no history.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

#[path = "events/broker.rs"]
mod broker;
#[path = "events/checks.rs"]
mod checks;
#[path = "events/mutants.rs"]
mod mutants;
#[path = "events/readers.rs"]
mod readers;
#[path = "events/story.rs"]
mod story;
