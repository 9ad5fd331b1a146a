//! One check an anomaly, or a pair that is told from the same records: each a small fold that
//! [`Checker`](super::Checker) feeds with what concerns it.

pub(super) mod append;
pub(super) mod causal;
pub(super) mod credit;
pub(super) mod dead_letter;
pub(super) mod duplicate;
pub(super) mod durable;
pub(super) mod effect;
pub(super) mod failed;
pub(super) mod false_ack;
pub(super) mod identity;
pub(super) mod lost;
pub(super) mod order;
pub(super) mod poison;
pub(super) mod real_time;
pub(super) mod replica;
pub(super) mod retention;
pub(super) mod stale;
