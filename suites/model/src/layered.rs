//! Many services at once: layers of them, each calling some of the next layer.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Behaviour, Service};

/// The most services that layers may hold together.
const MOST: u32 = 1000;

/// A layered call graph. Service `nn` of layer `n` is named `l<n>-s<nn>`: `l0-s00` is the first of
/// the top layer. Each service calls `fanout` of the next layer, and is called by as many.
///
/// # Examples
/// ```
/// use meshproof_model::{Behaviour, Layered};
///
/// let layered = Layered { layers: 3, width: 3, fanout: 2, behaviour: Behaviour::default() };
/// let services = layered.services();
/// assert_eq!(services.len(), 9);
/// assert_eq!(services["l0-s01"].calls, ["l1-s02", "l1-s00"]);
/// assert!(services["l2-s01"].calls.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Layered {
    /// How many layers, at least 2.
    #[schemars(range(min = 2, max = 100))]
    pub layers: u32,
    /// How many services each layer has.
    #[schemars(range(min = 1, max = 100))]
    pub width: u32,
    /// How many services of the next layer each service calls, at most `width`.
    #[schemars(range(min = 1, max = 100))]
    pub fanout: u32,
    /// How each of them answers from the start.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub behaviour: Behaviour,
}

fn is_plain(behaviour: &Behaviour) -> bool {
    *behaviour == Behaviour::default()
}

/// Why layers cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayeredError {
    /// One layer calls nobody, and more than a hundred have no names.
    #[error("{0} layers: at least 2, at most 100")]
    Layers(u32),
    /// A layer has services, and they have two digits.
    #[error("layers of {0} services: at least 1, at most 100")]
    Width(u32),
    /// Nobody can call more services than there are.
    #[error(
        "each service calls {fanout} of the {width} of the next layer: at least 1, at most {width}"
    )]
    Fanout {
        /// How many are to be called.
        fanout: u32,
        /// How many there are.
        width: u32,
    },
    /// No machine holds so many.
    #[error("{0} services: at most {MOST}")]
    Many(u32),
}

impl LayeredError {
    /// The field that is wrong.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Layers(_) => "layers",
            Self::Width(_) => "width",
            Self::Fanout { .. } => "fanout",
            Self::Many(_) => "layered",
        }
    }
}

impl Layered {
    /// What keeps these layers from being built.
    #[must_use]
    pub fn flaw(&self) -> Option<LayeredError> {
        let &Self {
            layers,
            width,
            fanout,
            ..
        } = self;
        if !(2..=100).contains(&layers) {
            return Some(LayeredError::Layers(layers));
        }
        if !(1..=100).contains(&width) {
            return Some(LayeredError::Width(width));
        }
        if !(1..=width).contains(&fanout) {
            return Some(LayeredError::Fanout { fanout, width });
        }
        (layers * width > MOST).then_some(LayeredError::Many(layers * width))
    }

    /// The services, a layer after the other.
    #[must_use]
    pub fn services(&self) -> IndexMap<String, Service> {
        let places = (0..self.layers).flat_map(|layer| (0..self.width).map(move |at| (layer, at)));
        let service = |(layer, at)| {
            let calls = match layer + 1 < self.layers {
                true => self.callees(at).map(|at| name(layer + 1, at)).collect(),
                false => Vec::new(),
            };
            let service = Service {
                calls,
                behaviour: self.behaviour.clone(),
                ..Service::default()
            };
            (name(layer, at), service)
        };
        places.map(service).collect()
    }

    /// The places in the next layer that the service at this place calls. All of a layer together
    /// go `fanout` times round the next one, so that each there is called by equally many.
    fn callees(&self, at: u32) -> impl Iterator<Item = u32> {
        let (fanout, width) = (self.fanout, self.width);
        (0..fanout).map(move |nth| (at * fanout + nth) % width)
    }
}

fn name(layer: u32, at: u32) -> String {
    format!("l{layer}-s{at:02}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::World;

    fn layered(layers: u32, width: u32, fanout: u32) -> Layered {
        Layered {
            layers,
            width,
            fanout,
            behaviour: Behaviour::default(),
        }
    }

    fn world(text: &str) -> World {
        serde_json::from_str(text).unwrap()
    }

    proptest! {
        #[test]
        fn every_service_below_the_top_is_called_by_as_many_as_it_would_call(
            layers in 2u32..8, width in 1u32..40, fanout in 1u32..40,
        ) {
            let fanout = fanout.min(width);
            let layered = layered(layers, width, fanout);
            prop_assert_eq!(layered.flaw(), None);
            let world = World { services: layered.services(), layered: Some(layered) };
            prop_assert_eq!(world.validate(), Ok(()));
            let mut called: BTreeMap<_, u32> = BTreeMap::new();
            let mut edges: Vec<_> = world.edges().collect();
            edges.iter().for_each(|edge| *called.entry(edge.callee.clone()).or_default() += 1);
            prop_assert!(called.values().all(|times| *times == fanout));
            prop_assert_eq!(called.len() as u32, (layers - 1) * width);
            edges.sort();
            edges.dedup();
            prop_assert_eq!(edges.len() as u32, (layers - 1) * width * fanout);
        }
    }

    #[test]
    fn three_hundred_services_have_810_calls() {
        let world = world(r#"{"layered": {"layers": 10, "width": 30, "fanout": 3}}"#);
        assert_eq!((world.services.len(), world.edges().count()), (300, 810));
        assert_eq!(world.validate(), Ok(()));
    }

    #[test]
    fn a_layered_world_is_written_as_it_was_read() {
        for text in [
            r#"{"layered":{"layers":3,"width":3,"fanout":2}}"#,
            r#"{"layered":{"layers":1,"width":3,"fanout":2}}"#,
            r#"{"layered":{"layers":2,"width":3,"fanout":2,"behaviour":{"delay":"5ms"}}}"#,
        ] {
            assert_eq!(serde_json::to_string(&world(text)).unwrap(), text);
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_told() {
        let told = |text: &str| world(text).validate().unwrap_err().to_string();
        let rows = [
            ((1, 3, 2), "1 layers: at least 2, at most 100"),
            ((2, 0, 1), "layers of 0 services: at least 1, at most 100"),
            (
                (2, 3, 4),
                "each service calls 4 of the 3 of the next layer: at least 1, at most 3",
            ),
            ((100, 100, 1), "10000 services: at most 1000"),
        ];
        for ((layers, width, fanout), expected) in rows {
            let flaw = layered(layers, width, fanout).flaw().unwrap();
            assert_eq!(flaw.to_string(), expected);
        }
        let both = r#"{"layered": {"layers": 2, "width": 1, "fanout": 1}, "services": {"a": {}}}"#;
        assert_eq!(
            told(both),
            "the world has `layered` and `services`: write one of the two"
        );
        assert_eq!(told("{}"), "the world has no services");
    }
}
