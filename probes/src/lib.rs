//! What touches the world: open-loop load, collection, the noise gauge.
//!
//! [`drive`] sends a case's requests at times fixed beforehand and records each as the first
//! caller saw it. [`Gauge`] watches whether the machine was quiet enough to judge by. [`merge`]
//! brings the records of all replicas into one order of time.

mod collect;
mod gauge;
mod intrude;
mod load;
mod open;

pub use collect::{MergeError, Merged, merge};
pub use gauge::Gauge;
pub use intrude::{Disguise, DisguiseError, certificate_shown, intrude};
pub use load::{DriveOptions, IN_FLIGHT, LoadError, Progress, Schedule, drive};
pub use open::open_attempts;
