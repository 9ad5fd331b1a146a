//! The host's monotonic clock, exact timers, and bounded waits.
//!
//! tokio's own timers round to whole milliseconds, which is more than many a delay that meshproof
//! injects or measures. [`Timers`] keeps deadlines in nanoseconds on one timerfd. [`within`] and
//! [`poll`] give every wait a bound and a name; their precision is tokio's.

mod bound;
mod monotonic;
mod timers;

pub use bound::{Late, poll, within};
pub use monotonic::now;
pub use timers::{Timers, Until};
