//! Neutral operational intent for one call. Names are the Gateway API's where it has them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Method;
use crate::units::{Duration, Percent, Rate};

/// What the mesh shall do for one call `a->b`. Everything absent is left to the mesh at rest:
/// no deadline, no retry, no limit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Policy {
    /// Gateway API GEP-1742.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeouts: Option<Timeouts>,
    /// Gateway API GEP-1731.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Gateway API GEP-3388.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_constraint: Option<RetryConstraint>,
    /// Where the traffic goes and in which shares; the callee itself when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub backend_refs: Vec<BackendRef>,
    /// When a failing replica is put aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlier: Option<Outlier>,
    /// How much may be under way to the callee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// Whether the callee's sidecar accepts nothing but mutual TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtls: Option<Mtls>,
    /// The services whose identity may make this call; everybody when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<String>>,
}

/// Mutual TLS between sidecars, with an identity a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Mtls {
    /// Clear text and unknown identities get no byte through to the application.
    Strict,
}

/// Deadlines of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Timeouts {
    /// From the caller's request to the end of its response, retries included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Duration>,
    /// For each try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend_request: Option<Duration>,
}

/// When a failed try is made again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retry {
    /// Tries after the first.
    pub attempts: u32,
    /// The statuses that are tried again. Failed connections and expired tries always are.
    #[serde(default)]
    pub codes: Vec<u16>,
    /// The methods that are tried again; GET, HEAD, PUT, DELETE and OPTIONS when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<Method>,
    /// The pause between tries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
}

/// An exponential pause with jitter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Backoff {
    /// The pause before the first retry.
    pub base: Duration,
    /// The longest pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Duration>,
}

/// A bound on retries over all calls of one caller to one callee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryConstraint {
    /// The share of requests that may be retries.
    pub percent: Percent,
    /// Over how long the share is counted.
    pub interval: Duration,
    /// Retries that are always allowed.
    pub min_retry_rate: Rate,
    /// Retries under way that are always allowed, where the mesh counts concurrency instead of rate.
    #[serde(default = "three")]
    pub min_retry_concurrency: u32,
}

fn three() -> u32 {
    3
}

/// The two ways in which meshes count a retry budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BudgetKind {
    /// Retries in a window against requests in that window (Finagle, Linkerd, GEP-3388).
    Rate,
    /// Retries under way against requests under way (Envoy).
    Concurrency,
}

/// One destination of a split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackendRef {
    /// The service that receives the share.
    pub name: String,
    /// Its weight among the others; 0 receives nothing.
    pub weight: u32,
}

/// Passive health: a replica that keeps failing is ejected for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outlier {
    /// Consecutive 5xx answers or failed connections before ejection.
    pub consecutive_errors: u32,
    /// How often ejected replicas are looked at.
    pub interval: Duration,
    /// How long the first ejection lasts; the nth lasts n times as long.
    pub base_ejection_time: Duration,
    /// The share of replicas that may be out at once.
    pub max_ejection_percent: Percent,
}

/// Bounds on what one caller's sidecar has under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// Requests in flight to the callee; what exceeds it fails at once.
    pub max_requests: u32,
}
