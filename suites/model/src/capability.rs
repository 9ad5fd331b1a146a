//! What a mesh can do, as its profile declares it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! capabilities {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal,)*) => {
        /// One operational function that a case may require.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Capability {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Capability {
            /// Every capability that exists.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name of every capability, in the same order.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// Its name in cases and profiles.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

capabilities! {
    /// A total deadline for a call.
    TimeoutRequest = "timeouts.request",
    /// A deadline for each try.
    TimeoutBackendRequest = "timeouts.backendRequest",
    /// Failed tries are made again.
    Retry = "retry",
    /// Retries depend on the request's method.
    RetryMethods = "retry.methods",
    /// A retry goes to another replica than the one that failed.
    RetryElsewhere = "retry.elsewhere",
    /// Retries depend on the status of a gRPC call, as on that of any other.
    RetryGrpcStatus = "retry.grpcStatus",
    /// There is a pause before a retry, as long as the policy says.
    RetryBackoff = "retry.backoff",
    /// Retries are bounded by a budget over all calls.
    RetryConstraint = "retryConstraint",
    /// Requests are spread over replicas.
    Balance = "balance",
    /// Traffic is divided between backends by weight.
    Split = "split",
    /// A replica that keeps failing gets no traffic for a time.
    Outlier = "outlier",
    /// Requests in flight to an upstream are bounded.
    Limits = "limits",
    /// HTTP/2 from end to end.
    Http2 = "protocols.http2",
    /// gRPC: trailers, statuses, streams, deadlines.
    Grpc = "protocols.grpc",
    /// TCP, also where the server speaks first.
    Tcp = "protocols.tcp",
    /// Mutual TLS with an identity for each workload.
    Mtls = "mtls",
    /// Calls are allowed by identity.
    Allow = "allow",
    /// Replicas come and go while the mesh runs.
    Endpoints = "endpoints",
    /// A replica can be withdrawn and drained without failing a call.
    Drain = "drain",
    /// A control plane apart from the data planes.
    ControlPlane = "controlPlane",
    /// A sidecar that is started without the control plane acts on what it was told last.
    Remembered = "controlPlane.remembered",
    /// Data planes count what passes through them, and tell it.
    Telemetry = "telemetry",
}

/// A name that is no capability.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown capability `{0}`")]
pub struct UnknownCapability(pub String);

impl FromStr for Capability {
    type Err = UnknownCapability;

    fn from_str(name: &str) -> Result<Self, UnknownCapability> {
        Self::ALL
            .iter()
            .copied()
            .find(|capability| capability.name() == name)
            .ok_or_else(|| UnknownCapability(name.to_owned()))
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Capability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Capability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse()
            .map_err(|UnknownCapability(name)| de::Error::unknown_variant(&name, Self::NAMES))
    }
}

impl JsonSchema for Capability {
    fn schema_name() -> Cow<'static, str> {
        "Capability".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "One operational function of a mesh.",
            "enum": Self::NAMES,
        })
    }
}

/// How a mesh fulfils a capability: `native`, `approximate: <variant>` or `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// As the neutral policy says.
    Native,
    /// By a variant of its own, judged by that variant's predicate and never claimed as the plain one.
    Approximate(String),
    /// Not at all: cases that require it are skipped.
    None,
}

impl FromStr for Claim {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "native" => Ok(Self::Native),
            "none" => Ok(Self::None),
            text => match text.strip_prefix("approximate: ") {
                Some(variant) if !variant.trim().is_empty() => {
                    Ok(Self::Approximate(variant.trim().to_owned()))
                }
                _ => Err(format!(
                    "`{text}` is not a claim: write `native`, `approximate: <variant>` or `none`"
                )),
            },
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native => f.write_str("native"),
            Self::Approximate(variant) => write!(f, "approximate: {variant}"),
            Self::None => f.write_str("none"),
        }
    }
}

impl Serialize for Claim {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Claim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for Claim {
    fn schema_name() -> Cow<'static, str> {
        "Claim".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How a mesh fulfils a capability.",
            "anyOf": [
                {"type": "string", "enum": ["native", "none"]},
                {"type": "string", "pattern": "^approximate: .*\\S", "examples": ["approximate: concurrency budget"]},
            ],
        })
    }
}

/// The claims of one profile; what is not named is `none`.
pub type Claims = BTreeMap<Capability, Claim>;
