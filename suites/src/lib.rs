//! What is demanded: suites of cases, the checks they use, and how a verdict is reached.
//!
//! Everything here is pure: a [`Suite`] is read from text, a history is judged by [`judge`]; there
//! is no runtime, no clock and no socket.

pub mod calls;
mod case;
pub mod check;
mod estate;
pub mod events;
pub mod exact;
mod expect;
pub mod history;
mod judge;
pub mod lives;
mod scene;
mod suite;
mod validate;

pub use case::{Acts, Case};
pub use expect::Expect;
pub use judge::{Judgement, judge, prove};
pub use scene::{PROBER, Scene, service_of};
pub use suite::{Suite, SuiteError};
