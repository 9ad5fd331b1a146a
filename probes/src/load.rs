//! Open-loop load: requests leave at their intended times, whatever becomes of the earlier ones.

mod drive;
mod exchange;
mod latency;
mod pool;
mod schedule;
mod segment;

pub use drive::{DriveOptions, IN_FLIGHT, LoadError, Progress, drive};
pub use schedule::Schedule;
