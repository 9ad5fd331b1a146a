//! Somebody who calls a sidecar on the wire, where only other sidecars should.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Calls every replica's sidecar of a service directly, in each of these ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Intrude {
    /// The service.
    pub into: String,
    /// The ways, each tried once a replica.
    pub by: Vec<Intruder>,
}

/// What somebody who calls a sidecar shows of itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Intruder {
    /// Nothing: it speaks clear text.
    ClearText,
    /// Nothing: it speaks TLS without a certificate of its own.
    NoCertificate,
    /// A certificate of another CA, in the name of a caller that is let in.
    ForeignCertificate,
    /// A certificate of the right CA whose time is over, in the name of a caller that is let in.
    ExpiredCertificate,
    /// A good certificate in the name of this service, whether or not that is in the world.
    Identity(String),
}

impl Intruder {
    /// In words, as they stand after "an intruder".
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::ClearText => "in clear text".to_owned(),
            Self::NoCertificate => "without a certificate".to_owned(),
            Self::ForeignCertificate => "with a certificate of another CA".to_owned(),
            Self::ExpiredCertificate => "with an expired certificate".to_owned(),
            Self::Identity(name) => format!("with the identity of {name}"),
        }
    }
}

/// One call by somebody who should not, or, for comparison, by somebody who may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Intrusion {
    /// Who called: `intruder.0` and so on, or `guest.0` for one who may. The request's trace.
    pub trace: String,
    /// What it showed.
    pub intruder: Intruder,
    /// The replica whose sidecar it called.
    pub replica: String,
    /// What became of it.
    pub saw: IntruderSaw,
}

/// What became of an intruder's call, as it saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum IntruderSaw {
    /// There was not even a connection: the door was not tried.
    NoConnection {
        /// Why not.
        error: String,
    },
    /// It was turned away without an answer.
    TurnedAway {
        /// How.
        error: String,
    },
    /// It was answered.
    Answered {
        /// The answer's status; 0 where the application spoke without answering.
        status: u16,
        /// The replica whose mark it carries; none: the mesh made it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}
