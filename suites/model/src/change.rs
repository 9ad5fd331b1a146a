//! What an operator does while a case runs: sound operations that must not hurt.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::Duration;
use crate::{Edge, Intrude, Intrusion, Nanos, Policy};

/// One operation of a case. Its time counts from the start of the load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Change {
    /// When it begins.
    pub at: Duration,
    /// What is done.
    #[serde(rename = "do")]
    pub operation: Operation,
}

/// What an operator can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Operation {
    /// These calls get these policies instead of theirs; the gate shows when they act.
    Policy(IndexMap<Edge, Policy>),
    /// The mesh is handed a configuration that is not one; it must refuse it and go on as before.
    Invalid(Invalid),
    /// A replica leaves the membership: callers' sidecars no longer know it. It runs on.
    Withdraw(String),
    /// A replica that was withdrawn (or listed under `absent`) joins the membership.
    Admit(String),
    /// A replica is taken out in order: withdrawn, seen by callers, drained by the mesh, then the
    /// application gets SIGTERM, then its sidecar.
    Drain(String),
    /// The sidecar of a replica is told to drain. Its endpoint is not withdrawn, so that callers go on
    /// to try it; its processes run on.
    DrainSidecar(String),
    /// Each replica of a service in turn: drained, started again, admitted.
    RollingRestart(String),
    /// Every sidecar gets a new certificate and key for its identity.
    Rotate,
    /// A replica's sidecar shows a good certificate in another name from now on: it is not who its
    /// callers mean, and they must not call it any more.
    Impostor(String),
    /// A replica's sidecar gets a certificate that is soon over, and the change acts once it is: from
    /// then on its callers must not call it, until a rotation gives it a better one.
    Expire(Expire),
    /// Somebody who should not calls sidecars directly, as an attacker on the network would.
    Intrude(Intrude),
}

/// A certificate that is soon over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expire {
    /// The replica.
    pub replica: String,
    /// For how long it is good at least. Certificates tell whole seconds, and not all agree on whether
    /// the last one counts: it is over up to two seconds later.
    pub after: Duration,
}

/// A configuration that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Invalid {
    /// Each file is cut in its middle. Where the format has no end mark, what is left may be a
    /// configuration after all.
    Half,
    /// Each file is cut in its middle, and what follows is no text of its format.
    Garbled,
    /// Each file is empty.
    Empty,
}

/// A step in the life of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeRecord {
    /// When, by the monotonic clock.
    pub at: Nanos,
    /// Its index among the case's changes.
    pub change: u32,
    /// What happened to it.
    pub step: ChangeStep,
}

/// The life of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum ChangeStep {
    /// It was begun.
    Begun,
    /// The mesh shows that it acts everywhere. Several for a rolling restart: one a membership change.
    Acts,
    /// It was not shown to act within the case's `acts.within`.
    NeverActed,
    /// A process that the change ended is gone.
    Ended {
        /// The process: `b-1`, `b-1.sidecar`.
        process: String,
    },
    /// An intruder made its call.
    Intruded(Intrusion),
    /// All of it is done.
    Done,
}
