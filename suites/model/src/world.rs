//! The services of a case and the calls between them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Behaviour, Layered, LayeredError};

/// A call from one service to another, written `a->b`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// The service that calls.
    pub caller: String,
    /// The service that is called.
    pub callee: String,
}

/// A text that is no edge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a call: write it as `caller->callee`")]
pub struct EdgeError(String);

impl Edge {
    /// What stands for every call of a world, where a case gives all of them one policy.
    #[must_use]
    pub fn every() -> Self {
        Self {
            caller: "*".to_owned(),
            callee: "*".to_owned(),
        }
    }
}

impl FromStr for Edge {
    type Err = EdgeError;

    fn from_str(text: &str) -> Result<Self, EdgeError> {
        let wrong = || EdgeError(text.to_owned());
        let (caller, callee) = text.split_once("->").ok_or_else(wrong)?;
        let named = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if (caller, callee) != ("*", "*") && (!named(caller) || !named(callee)) {
            return Err(wrong());
        }
        Ok(Self {
            caller: caller.to_owned(),
            callee: callee.to_owned(),
        })
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}->{}", self.caller, self.callee)
    }
}

impl Serialize for Edge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Edge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for Edge {
    fn schema_name() -> Cow<'static, str> {
        "Edge".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A call from one service to another; as the key of a policy, `*->*` for every call that is not named.",
            "pattern": "^([a-z0-9-]+->[a-z0-9-]+|[*]->[*])$",
            "examples": ["a->b"],
        })
    }
}

/// What a case deploys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Written", into = "Written")]
pub struct World {
    /// The services by name, in the order they are shown.
    pub services: IndexMap<String, Service>,
    /// From what the services were made, where they were not named one by one.
    pub layered: Option<Layered>,
}

/// A world as it is written: its services one by one, or their number.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "World", rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    /// The services by name, in the order they are shown.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    services: IndexMap<String, Service>,
    /// Many services in layers, instead of `services`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layered: Option<Layered>,
}

impl From<Written> for World {
    fn from(written: Written) -> Self {
        let Written { services, layered } = written;
        let services = match &layered {
            // What is out of bounds is told by `validate`, as both forms at once are.
            Some(layered) if services.is_empty() && layered.flaw().is_none() => layered.services(),
            _ => services,
        };
        Self { services, layered }
    }
}

impl From<World> for Written {
    fn from(world: World) -> Self {
        let World { services, layered } = world;
        let services = match &layered {
            Some(layered) if layered.services() == services => IndexMap::new(),
            _ => services,
        };
        Self { services, layered }
    }
}

/// One service: how many replicas, whom it calls and how it behaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Service {
    /// The language stack it is written in.
    #[serde(skip_serializing_if = "Stack::is_default")]
    pub stack: Stack,
    /// What it is called by; its callers' sidecars and its own speak it too.
    #[serde(skip_serializing_if = "Protocol::is_default")]
    pub protocol: Protocol,
    /// How many replicas run; they are named `<service>-0`, `<service>-1` and so on.
    pub replicas: u32,
    /// The services it calls for each request, in this order, each awaited before the next.
    /// A call that fails makes it answer with that status (502 where there was none).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<String>,
    /// Those of `calls` whose failure it tolerates: still awaited, but the answer does not depend on them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub optional: Vec<String>,
    /// How it answers from the start.
    pub behaviour: Behaviour,
    /// Replicas that run but are not members of the mesh until a change admits them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<String>,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            stack: Stack::Rust,
            protocol: Protocol::Http1,
            replicas: 1,
            calls: Vec::new(),
            optional: Vec::new(),
            behaviour: Behaviour::default(),
            absent: Vec::new(),
        }
    }
}

/// The language stack of a sample service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Stack {
    /// tokio and hyper, with SQLite as its store.
    #[default]
    Rust,
}

impl Stack {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a service is called by. It has a data port for each.
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
#[serde(rename_all = "camelCase")]
pub enum Protocol {
    /// HTTP/1.1 (RFC 9112).
    #[default]
    Http1,
    /// HTTP/2 in clear text with prior knowledge (RFC 9113).
    Http2,
    /// gRPC over such HTTP/2.
    Grpc,
    /// Bytes over TCP.
    Tcp,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Self; 4] = [Self::Http1, Self::Http2, Self::Grpc, Self::Tcp];

    /// Its name in worlds, templates and upstream addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http1 => "http1",
            Self::Http2 => "http2",
            Self::Grpc => "grpc",
            Self::Tcp => "tcp",
        }
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Why a world cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// There is no service in it.
    #[error("the world has no services")]
    Empty,
    /// Its layers cannot be built.
    #[error(transparent)]
    Layered(#[from] LayeredError),
    /// Services one by one beside layers of them.
    #[error("the world has `layered` and `services`: write one of the two")]
    Both,
    /// A service's name would not survive in addresses and file names.
    #[error("service name `{0}`: use lower-case letters, digits and `-`")]
    Name(String),
    /// A service with no replica answers nobody.
    #[error("service `{0}` has no replicas: at least 1, at most 64")]
    Replicas(String),
    /// A call to a service that is not there.
    #[error("service `{caller}` calls `{callee}`, which is not in the world")]
    UnknownCallee {
        /// The service that calls.
        caller: String,
        /// The name that no service has.
        callee: String,
    },
    /// A tolerated call that is not a call.
    #[error("service `{caller}`: `{callee}` is optional but not among its calls")]
    OptionalNotCalled {
        /// The service that calls.
        caller: String,
        /// The name that is not in `calls`.
        callee: String,
    },
    /// A call that comes back to its caller would never end.
    #[error("the calls form a cycle: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
}

impl World {
    /// Every call, callers in the order of the services.
    pub fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        self.services.iter().flat_map(|(caller, service)| {
            service.calls.iter().map(move |callee| Edge {
                caller: caller.clone(),
                callee: callee.clone(),
            })
        })
    }

    /// The replicas that are not members at first.
    #[must_use]
    pub fn absent(&self) -> BTreeSet<String> {
        let absent = self.services.values().flat_map(|service| &service.absent);
        absent.cloned().collect()
    }

    /// Finds what would keep this world from being built.
    ///
    /// # Errors
    /// The first flaw found: names, replicas, unknown callees, then cycles.
    pub fn validate(&self) -> Result<(), WorldError> {
        if let Some(layered) = &self.layered {
            layered.flaw().map_or(Ok(()), Err)?;
            if self.services != layered.services() {
                return Err(WorldError::Both);
            }
        }
        if self.services.is_empty() {
            return Err(WorldError::Empty);
        }
        for (name, service) in &self.services {
            if name == "*" || format!("{name}->{name}").parse::<Edge>().is_err() {
                return Err(WorldError::Name(name.clone()));
            }
            if service.replicas == 0 || service.replicas > 64 {
                return Err(WorldError::Replicas(name.clone()));
            }
            for callee in &service.calls {
                if !self.services.contains_key(callee) {
                    return Err(WorldError::UnknownCallee {
                        caller: name.clone(),
                        callee: callee.clone(),
                    });
                }
            }
            for callee in &service.optional {
                if !service.calls.contains(callee) {
                    return Err(WorldError::OptionalNotCalled {
                        caller: name.clone(),
                        callee: callee.clone(),
                    });
                }
            }
        }
        let mut sound = BTreeSet::new();
        self.services
            .keys()
            .try_for_each(|name| self.walk(name, &mut Vec::new(), &mut sound))
    }

    /// Follows the calls of a service; below those that are `sound` there is no cycle.
    fn walk<'a>(
        &'a self,
        name: &'a str,
        path: &mut Vec<&'a str>,
        sound: &mut BTreeSet<&'a str>,
    ) -> Result<(), WorldError> {
        if sound.contains(name) {
            return Ok(());
        }
        let seen = path.iter().position(|step| *step == name);
        path.push(name);
        if let Some(from) = seen {
            let cycle = path[from..].iter().map(|step| (*step).to_owned());
            return Err(WorldError::Cycle(cycle.collect()));
        }
        for callee in &self.services[name].calls {
            self.walk(callee, path, sound)?;
        }
        path.pop();
        sound.insert(name);
        Ok(())
    }
}
