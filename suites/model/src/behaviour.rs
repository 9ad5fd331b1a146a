//! How a sample service answers: scripts played by the application itself, so that a failure
//! really comes from upstream.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Bytes, Duration};

/// What a service does with a request. The default answers 200 at once with an empty body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Behaviour {
    /// Answers with this status instead of 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Answers with one of these, drawn by weight from the service's seed; `status` is not used then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<WeightedStatus>,
    /// The first so many attempts of each call get the script, later ones a plain 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub succeed_after: Option<u32>,
    /// Waits so long before the response head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Duration>,
    /// The response body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// Ends the exchange without an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// Closes a connection by HTTP/1.1 that has carried a request and then none for so long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<Duration>,
}

/// One status and how often it is drawn, relative to the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WeightedStatus {
    /// The HTTP status code.
    pub code: u16,
    /// Its weight among the others.
    pub weight: u32,
}

/// A response body of a given shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Body {
    /// How many bytes in all.
    pub size: Bytes,
    /// Streamed in chunks of this size without a length; in one piece with `content-length` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<Bytes>,
    /// The pause before each chunk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Duration>,
    /// Closes the connection after so many bytes although more were promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_after: Option<Bytes>,
}

/// An exchange that gets no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Ending {
    /// Reads the request and never answers.
    Hang,
    /// Answers with a TCP reset.
    Reset,
    /// Closes the connection in order, without a response.
    Close,
}
