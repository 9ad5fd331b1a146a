//! The open-loop load of a case.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Bytes, Duration, Rate};

/// Requests to the first service of a case at times fixed beforehand, whatever becomes of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Load {
    /// The service whose entry port is called; `*` for each service of the world in turn.
    pub on: String,
    /// The path of each request, `/` when absent. The service uses it for its own calls; some paths
    /// ask for a way of exchange, as services' PROTOCOL.md says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How many requests a second.
    pub rate: Rate,
    /// For how long requests are sent.
    #[serde(rename = "for")]
    pub length: Duration,
    /// How sending times are spaced.
    #[serde(default)]
    pub arrival: Arrival,
    /// The methods, taken in turn; GET when empty. The service uses the same method for its own calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Method>,
    /// The size of each request's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Bytes>,
    /// When the prober stops waiting for an answer, so that an ignored timeout is a fail and not a hang.
    #[serde(default = "five_seconds")]
    pub give_up: Duration,
}

fn five_seconds() -> Duration {
    Duration::from_millis(5000)
}

impl Load {
    /// What stands for the service where each is called in turn.
    pub const EVERY: &str = "*";

    /// Whether each service of the world is called in turn.
    #[must_use]
    pub fn on_every(&self) -> bool {
        self.on == Self::EVERY
    }
}

/// How sending times are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Arrival {
    /// Equal gaps.
    #[default]
    Constant,
    /// Exponential gaps, drawn from the seed.
    Poisson,
}

/// An HTTP request method.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Safe and idempotent.
    Get,
    /// GET without a body in the answer.
    Head,
    /// Neither safe nor idempotent: each one is an effect in the callee's store.
    Post,
    /// Idempotent.
    Put,
    /// Idempotent.
    Delete,
    /// Not idempotent.
    Patch,
    /// Safe and idempotent.
    Options,
}

impl Method {
    /// The name as it stands in a request line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Patch => "PATCH",
            Self::Options => "OPTIONS",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
