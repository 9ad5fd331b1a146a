//! `replicaDivergence`: visible at one node of the broker and not at another.

use std::collections::BTreeMap;

use meshproof_model::event_record::{EventKind, EventRecord};

use crate::events::ledger::Ledger;
use crate::events::plane::{Plane, Slot, unmatched};
use crate::events::{Anomaly, Example, Findings};

/// What was read back from each node.
#[derive(Debug, Default)]
pub(in crate::events) struct Replicas {
    nodes: BTreeMap<u16, Node>,
    /// Anything at all, from any of them.
    union: Plane,
}

#[derive(Debug, Default)]
struct Node {
    events: Plane,
    count: u64,
    ended: bool,
    failed: bool,
}

impl Node {
    fn whole(&self) -> bool {
        self.ended && !self.failed && self.count > 0
    }
}

impl Replicas {
    pub(in crate::events) fn see(&mut self, record: &EventRecord, slot: Option<Slot>) {
        let number = record.detail.node.unwrap_or(u16::MAX);
        let node = self.nodes.entry(number).or_default();
        match (record.kind, slot) {
            (EventKind::Read, Some(slot)) => {
                node.events.set(slot, 1);
                node.count += 1;
                self.union.set(slot, 1);
            }
            (EventKind::ReadEnd, _) => node.ended = true,
            (EventKind::ReadFailed, _) => node.failed = true,
            _ => {}
        }
    }

    /// How many nodes were read in full.
    pub(in crate::events) fn whole(&self) -> usize {
        self.nodes.values().filter(|node| node.whole()).count()
    }

    pub(in crate::events) fn finish(&self, ledger: &Ledger, out: &mut Findings) {
        if self.nodes.len() < 2 {
            return;
        }
        for node in self.nodes.values() {
            unmatched(&self.union, 1, &node.events, |slot| {
                let example = Example::of(ledger.identity(slot), ledger.now);
                if node.whole() && self.whole() >= 2 {
                    out.prove(Anomaly::ReplicaDivergence, example);
                } else {
                    let cause = "reading a node failed, did not end, or returned nothing";
                    out.doubt(Anomaly::ReplicaDivergence, cause, example);
                }
            });
        }
    }
}
