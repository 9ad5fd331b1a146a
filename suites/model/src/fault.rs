//! Faults: what is broken, how, and for how long.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{ByteRate, Bytes, Duration};
use crate::{Behaviour, Edge};

/// One fault of a case. Times count from the start of the load; a fault from `0s` is in place
/// before the first request is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// What is broken.
    pub on: Target,
    /// How it is broken.
    pub kind: FaultKind,
    /// When it begins.
    pub from: Duration,
    /// When it ends.
    pub until: Duration,
}

/// Where a fault sits: always outside the mesh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Target {
    /// A hop of a call.
    Link(LinkTarget),
    /// Every replica of a service.
    Service(String),
    /// One replica, such as `b-1`.
    Replica(String),
    /// The sidecar of one replica, such as `b-1`; its application is left alone.
    Sidecar(String),
    /// Every process of the mesh's control plane.
    ControlPlane,
}

/// A hop of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinkTarget {
    /// The call.
    pub call: Edge,
    /// Which hop of it.
    #[serde(default)]
    pub side: LinkSide,
    /// Only the hops that lead to this replica of the callee (`wire`, `app-in`), such as `b-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica: Option<String>,
}

/// `app a ─app-out─► sidecar a ──wire──► sidecar b ─app-in─► app b`. Without sidecars all three are the one direct hop.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum LinkSide {
    /// From the calling application to its sidecar.
    AppOut,
    /// From sidecar to sidecar.
    #[default]
    Wire,
    /// From the callee's sidecar to its application.
    AppIn,
}

/// How something is broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum FaultKind {
    /// Links: every byte arrives later.
    Latency {
        /// How much later.
        delay: Duration,
        /// Uniform jitter of at most this much either way; order is kept.
        #[serde(default)]
        jitter: Duration,
        /// Which direction is slowed.
        #[serde(default)]
        toward: Toward,
    },
    /// Links: connections are accepted and stay open, and nothing passes.
    Blackhole,
    /// Links: connections are answered with RST, old and new.
    Reset,
    /// Links: nobody listens, so that connecting is refused; old connections are reset.
    Refuse,
    /// Links: handshakes of new connections get no answer; old connections go on.
    SynBlackhole,
    /// Links: connections that are open at the start fall silent, without FIN or RST, until the end;
    /// new ones are sound.
    HalfOpen,
    /// Links: connections that are open at the start hear FIN at one end, and what is said to that
    /// end from then on is lost; the other direction goes on, and new connections are sound. A FIN
    /// cannot be taken back: they stay so when the fault ends.
    HalfClose {
        /// Which end hears FIN; with `both` the connection is closed, without RST.
        #[serde(default)]
        toward: Toward,
    },
    /// Links: each connection ends once so many bytes have passed toward the caller since the start.
    Cut {
        /// How many bytes still pass, heads included; with `0B` the first one cuts.
        after: Bytes,
        /// How the caller's end ends.
        #[serde(default)]
        by: CutBy,
    },
    /// Links: all connections of a hop together pass at most so many bytes a second.
    Bandwidth {
        /// How many.
        rate: ByteRate,
        /// Which direction is narrow; with `both`, each has the whole rate.
        #[serde(default)]
        toward: Toward,
    },
    /// Processes: SIGKILL at the start, started again at the end.
    Kill,
    /// Processes: SIGSTOP at the start, SIGCONT at the end.
    Stop,
    /// Processes: SIGKILL and started again at once.
    Restart,
    /// Processes: SIGKILL at the start; the successor runs at once, and does nothing for a time.
    SlowStart {
        /// For how long.
        delay: Duration,
    },
    /// The control plane: SIGKILL at the start; its successor runs at once and knows too little, until
    /// it is told all at the end.
    ComesBack(Memory),
    /// Services: a thread of lowest priority beside the first replica hogs one core. Such a case
    /// runs alone.
    Hog,
    /// Services: behave so between start and end, then as before.
    Respond(Behaviour),
}

/// What a control plane knows that has come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Memory {
    /// Nothing: no sidecar, no endpoint, no policy.
    Empty,
    /// What it was told before the last time.
    Older,
}

/// How a connection that is cut ends at its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CutBy {
    /// In order, as if all had been said.
    #[default]
    Fin,
    /// By reset.
    Rst,
}

/// Directions of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Toward {
    /// From callee to caller: responses.
    #[default]
    Caller,
    /// From caller to callee: requests.
    Callee,
    /// Both ways.
    Both,
}

impl FaultKind {
    /// The kind's name as it stands in a case.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::Blackhole => "blackhole",
            Self::Reset => "reset",
            Self::Refuse => "refuse",
            Self::SynBlackhole => "synBlackhole",
            Self::HalfOpen => "halfOpen",
            Self::HalfClose { .. } => "halfClose",
            Self::Cut { .. } => "cut",
            Self::Bandwidth { .. } => "bandwidth",
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::SlowStart { .. } => "slowStart",
            Self::ComesBack(_) => "comesBack",
            Self::Hog => "hog",
            Self::Respond(_) => "respond",
        }
    }

    /// Every kind: its name, what it sits on and what it does.
    pub const CATALOGUE: &[(&str, &str, &str)] = &[
        (
            "latency",
            "link",
            "every byte arrives later (delay, jitter, toward)",
        ),
        (
            "blackhole",
            "link",
            "connections stay open and nothing passes",
        ),
        ("reset", "link", "connections are answered with RST"),
        ("refuse", "link", "nobody listens: connecting is refused"),
        (
            "synBlackhole",
            "link",
            "handshakes of new connections get no answer; old connections go on",
        ),
        (
            "halfOpen",
            "link",
            "open connections fall silent without FIN or RST; new ones are sound",
        ),
        (
            "halfClose",
            "link",
            "open connections hear FIN at one end, the other direction goes on (toward)",
        ),
        (
            "cut",
            "link",
            "a connection ends after so many bytes toward the caller (after, by)",
        ),
        (
            "bandwidth",
            "link",
            "a hop passes so many bytes a second (rate, toward)",
        ),
        (
            "kill",
            "service, replica, sidecar, controlPlane",
            "SIGKILL, started again at the end",
        ),
        (
            "stop",
            "service, replica, sidecar, controlPlane",
            "SIGSTOP, continued at the end",
        ),
        (
            "restart",
            "service, replica, sidecar, controlPlane",
            "SIGKILL and started again at once",
        ),
        (
            "slowStart",
            "service, replica, sidecar, controlPlane",
            "SIGKILL; the successor runs at once and does nothing for a time (delay)",
        ),
        (
            "comesBack",
            "controlPlane",
            "SIGKILL; the successor runs at once and knows nothing, or what was before (empty, older)",
        ),
        (
            "hog",
            "service, replica",
            "a thread of lowest priority hogs one core; the case runs alone",
        ),
        (
            "respond",
            "service, replica",
            "the application behaves by a script (status, delay, body, hang, reset, close)",
        ),
    ];
}
