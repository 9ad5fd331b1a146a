//! The ledgers of all edges of a world, of which each record reaches its own alone.

use std::collections::HashMap;

use meshproof_model::{Record, Side};

use crate::Case;
use crate::calls::Calls;
use crate::lives::Lives;
use crate::scene::{load_start, service_of};

/// A fold over a history that keeps the load's calls over every edge of a world.
#[derive(Debug)]
pub(crate) struct Estate {
    ledgers: Vec<Calls>,
    /// The ledger of each edge: by its caller, then its callee.
    by_edge: HashMap<String, HashMap<String, usize>>,
    by_call: HashMap<String, usize>,
    open: HashMap<(String, Side, u64), usize>,
    lives: Lives,
}

impl Estate {
    /// Begins the ledgers of a case's world.
    pub(crate) fn of(case: &Case) -> Self {
        let mut by_edge: HashMap<String, HashMap<String, usize>> = HashMap::new();
        let ledger = |(nth, edge): (usize, meshproof_model::Edge)| {
            let callees = by_edge.entry(edge.caller.clone()).or_default();
            callees.insert(edge.callee.clone(), nth);
            Calls::of(edge)
        };
        Self {
            ledgers: case.world.edges().enumerate().map(ledger).collect(),
            by_edge,
            by_call: HashMap::new(),
            open: HashMap::new(),
            lives: Lives::default(),
        }
    }

    /// Takes the next record, in time order.
    pub(crate) fn see(&mut self, record: &Record) {
        self.lives.see(record);
        if let Some(ledger) = self.ledger_of(record) {
            self.ledgers[ledger].see(record);
        }
    }

    /// The ledger of each edge, in the order of the world.
    pub(crate) fn ledgers(&self) -> &[Calls] {
        &self.ledgers
    }

    /// When faults and changes came and went.
    pub(crate) fn lives(&self) -> &Lives {
        &self.lives
    }

    fn ledger_of(&mut self, record: &Record) -> Option<usize> {
        if let Record::AttemptEnded(end) = record {
            return self.open.remove(&(end.replica.clone(), end.side, end.id));
        }
        let start = load_start(record)?;
        let ledger = match start.side {
            Side::Callee => *self.by_call.get(&start.call)?,
            Side::Caller => {
                let callees = self.by_edge.get(service_of(&start.replica))?;
                let ledger = *callees.get(&start.peer)?;
                self.by_call.insert(start.call.clone(), ledger);
                ledger
            }
        };
        self.open
            .insert((start.replica.clone(), start.side, start.id), ledger);
        Some(ledger)
    }
}
