//! The shared vocabulary: units, worlds, policies, faults, records, verdicts and events.
//!
//! A leaf crate: it names no YAML library, no runtime and no clock, so that everything else may
//! import it without cost.

mod behaviour;
mod capability;
mod change;
mod event;
pub mod event_record;
mod fault;
mod intrusion;
mod layered;
mod load;
mod policy;
mod record;
pub mod units;
mod verdict;
mod world;

pub use behaviour::{Behaviour, Body, Ending, WeightedStatus};
pub use capability::{Capability, Claim, Claims, UnknownCapability};
pub use change::{Change, ChangeRecord, ChangeStep, Expire, Invalid, Operation};
pub use event::{CaseEnded, Event, ExpectEnded, Resources, RunEnded, RunStarted};
pub use fault::{CutBy, Fault, FaultKind, LinkSide, LinkTarget, Memory, Target, Toward};
pub use intrusion::{Intrude, Intruder, IntruderSaw, Intrusion};
pub use layered::{Layered, LayeredError};
pub use load::{Arrival, Load, Method};
pub use policy::{
    BackendRef, Backoff, BudgetKind, Limits, Mtls, Outlier, Policy, Retry, RetryConstraint,
    Timeouts,
};
pub use record::{
    AttemptEnded, AttemptStarted, Counted, FaultRecord, FaultStep, LoadEnded, Mark, Nanos, Noise,
    Outcome, Phase, ProcessChange, ProcessRecord, Record, Side, TelemetryRecord, WireRecord,
    WireSeen,
};
pub use verdict::{Excerpt, Level, Verdict, VerdictKind};
pub use world::{Edge, EdgeError, Protocol, Service, Stack, World, WorldError};
