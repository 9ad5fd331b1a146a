//! What was seen: the records from which every verdict is reached.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChangeRecord, Edge, Method, Toward};

/// The host's monotonic clock in nanoseconds.
pub type Nanos = u64;

/// One line of a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Record {
    /// A try of a call begins.
    AttemptStarted(AttemptStarted),
    /// A try of a call is over.
    AttemptEnded(AttemptEnded),
    /// A fault's life.
    Fault(FaultRecord),
    /// A change's life.
    Change(ChangeRecord),
    /// A process's life.
    Process(ProcessRecord),
    /// What a tap saw on a link.
    Wire(WireRecord),
    /// What a data plane's own metrics say.
    Telemetry(TelemetryRecord),
    /// The case enters a phase.
    Mark(Mark),
    /// A reading of the noise gauge.
    Noise(Noise),
    /// What the load driver did.
    LoadEnded(LoadEnded),
}

impl Record {
    /// When it happened.
    #[must_use]
    pub fn at(&self) -> Nanos {
        match self {
            Self::AttemptStarted(record) => record.at,
            Self::AttemptEnded(record) => record.at,
            Self::Fault(record) => record.at,
            Self::Change(record) => record.at,
            Self::Process(record) => record.at,
            Self::Wire(record) => record.at,
            Self::Telemetry(record) => record.at,
            Self::Mark(record) => record.at,
            Self::Noise(record) => record.at,
            Self::LoadEnded(record) => record.at,
        }
    }
}

/// One try of one call begins, as one side saw it. Written before the next byte goes to the peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttemptStarted {
    /// When, by the monotonic clock.
    pub at: Nanos,
    /// Pairs start and end; unique for a replica and side, across its restarts too.
    pub id: u64,
    /// Who records: `a-0`, or `prober`.
    pub replica: String,
    /// From which end.
    pub side: Side,
    /// On the caller's side the service called; empty on the callee's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub peer: String,
    /// The call of which this is a try: the same at both ends and for every try of it.
    pub call: String,
    /// The user request that caused it, from the prober on.
    pub trace: String,
    /// The request's method.
    pub method: Method,
    /// The prober's intended time of sending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intended: Option<Nanos>,
}

/// One try of one call is over. Written before the last byte of the response goes to the peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttemptEnded {
    /// When, by the monotonic clock.
    pub at: Nanos,
    /// The `id` of its start.
    pub id: u64,
    /// Who records.
    pub replica: String,
    /// From which end.
    pub side: Side,
    /// What became of it.
    pub outcome: Outcome,
    /// SHA-256 of the body this side sent, in hexadecimal; absent where it was empty or not sent in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
    /// SHA-256 of the body this side received; absent where it was empty or not received in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
}

/// The end of a call from which something was seen.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// Who makes the call.
    Caller,
    /// Who is called.
    Callee,
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Outcome {
    /// A whole response was received (caller) or sent (callee).
    Answered {
        /// Its status.
        status: u16,
        /// The replica whose mark it carries; none: the mesh made it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Nobody listened.
    Refused,
    /// The peer reset the connection.
    Reset,
    /// The connection ended before the response was whole.
    Cut,
    /// The peer went away before the response was sent: how a callee sees a cancellation.
    Cancelled,
    /// The prober's patience ended.
    GaveUp,
    /// By a script, the application ended the exchange without an answer.
    Unanswered,
    /// Anything else, in words.
    Broken {
        /// What went wrong.
        error: String,
    },
}

/// A step in the life of a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FaultRecord {
    /// When, by the monotonic clock.
    pub at: Nanos,
    /// Its index among the case's faults.
    pub fault: u32,
    /// What happened to it.
    pub step: FaultStep,
}

/// The life of a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum FaultStep {
    /// It is in place.
    Applied,
    /// It was observed to bite, so many times.
    Bit {
        /// Connections, chunks, requests or processes that it hit.
        times: u64,
    },
    /// It was taken back.
    Reverted,
    /// Its lease was not renewed: the injector dropped it.
    Lapsed,
}

/// A process of the world changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProcessRecord {
    /// When, by the monotonic clock.
    pub at: Nanos,
    /// Its name in the world: `b-1`, `b-1.sidecar`, `control-plane`.
    pub process: String,
    /// What happened to it.
    pub change: ProcessChange,
}

/// What happened to a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum ProcessChange {
    /// It runs.
    Started {
        /// Its process id.
        pid: u32,
    },
    /// It is gone.
    Exited {
        /// The exit code, or none when a signal ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<i32>,
        /// The signal that ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<i32>,
    },
    /// It is gone, and nobody had told it to go: no fault, no change, no teardown.
    EndedByItself {
        /// How, in words: `exited with code 7`.
        how: String,
        /// The last lines of its log.
        log: Vec<String>,
    },
}

/// What a tap saw on a link: of each direction of a connection what its first bytes were, and the
/// first time that what must be secret was seen in clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WireRecord {
    /// When, by the monotonic clock.
    pub at: Nanos,
    /// The call that passes there.
    pub call: Edge,
    /// The link, such as `a-0->b-1@wire`.
    pub link: String,
    /// The connection: they are counted from 1 on each link.
    pub connection: u64,
    /// Which end it was said to.
    pub toward: Toward,
    /// What was seen.
    pub seen: WireSeen,
}

/// What a tap can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum WireSeen {
    /// It began with a TLS record.
    Tls,
    /// It began with HTTP in clear, of any version.
    Http,
    /// It began with something else.
    Other,
    /// What must be secret, in clear.
    Clear,
}

/// What a data plane's own metrics say of one call, counted since it was started. What its profile
/// gives no metric for is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TelemetryRecord {
    /// When it was asked, by the monotonic clock.
    pub at: Nanos,
    /// Beside which replica: `a-0`.
    pub replica: String,
    /// The call that it counts: this replica's, to that upstream.
    pub call: Edge,
    /// What it counted.
    pub told: Counted,
}

/// Counts of one call, as a data plane tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Counted {
    /// Calls of the application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
    /// Calls that the application saw end in a status from 500.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<u64>,
    /// Tries that were sent to the upstream, first and further.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u64>,
    /// Tries after the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u64>,
}

/// The case enters a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mark {
    /// When, by the monotonic clock.
    pub at: Nanos,
    /// Which phase.
    pub phase: Phase,
}

/// The phases of a case.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// The policy was handed to the mesh.
    PolicyApplied,
    /// The gate showed that the policy acts.
    PolicyActs,
    /// The gate was not reached in its bound.
    PolicyNeverActed,
    /// The first request is about to be sent.
    LoadStarted,
    /// The last answer is in, or given up.
    LoadEnded,
}

/// A reading of the noise gauge over one interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Noise {
    /// When the interval ended.
    pub at: Nanos,
    /// The longest time by which a ready thread of ours ran late, in nanoseconds.
    pub lag: Nanos,
    /// The share of CPU time that the hypervisor took, 0 to 1.
    pub steal: f64,
    /// The share of CPU time that processes of others used, 0 to 1.
    pub foreign: f64,
    /// The share of the interval in which something waited for a core, 0 to 1, where the kernel tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure: Option<f64>,
}

/// What the load driver did, for judging the load itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoadEnded {
    /// When the last request was settled.
    pub at: Nanos,
    /// How many requests the schedule held.
    pub scheduled: u64,
    /// How many were sent.
    pub sent: u64,
    /// The longest time from an intended to an actual sending, in nanoseconds.
    pub max_lag: Nanos,
    /// Latency from the intended sending, as a V2-deflate HDR histogram in base64 (nanoseconds).
    pub intended: String,
    /// Latency from the actual sending, in the same form.
    pub actual: String,
}
