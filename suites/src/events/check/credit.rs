//! `overCredit`: more deliveries unsettled than their consumer allows.

use crate::events::ledger::{Delivery, Ledger};
use crate::events::{Anomaly, Example, Findings};

/// Holds the deliveries of each consumer to what it allows.
#[derive(Debug, Default)]
pub(in crate::events) struct Credit {
    /// Deliveries whose consumer has told what it allows.
    pub(in crate::events) bounded: u64,
    /// Leases that ended: whose deliveries they were is not told.
    pub(in crate::events) expired: u32,
}

impl Credit {
    pub(in crate::events) fn delivered(
        &mut self,
        seen: &Delivery<'_>,
        ledger: &mut Ledger,
        out: &mut Findings,
    ) {
        let prefetch = ledger.readings[seen.reading].prefetch;
        let consumer = ledger.consumer(seen.record.actor);
        let (unsettled, granted) = (consumer.unsettled, consumer.granted);
        if prefetch.is_none() && granted.is_none() {
            return;
        }
        self.bounded += 1;
        let example = Example::of(seen.record.event, seen.record.at).at(seen.reading);
        let beyond_grant = granted.is_some_and(|granted| consumer.delivered > granted);
        if beyond_grant {
            let note = "more were delivered than was asked for";
            out.prove(Anomaly::OverCredit, example.note(note));
        } else if let Some(prefetch) = prefetch
            && unsettled > prefetch
        {
            if unsettled > prefetch.saturating_add(self.expired) {
                let note = "more were unsettled than the prefetch allows";
                out.prove(Anomaly::OverCredit, example.note(note));
            } else {
                let cause = "leases had ended, and whose deliveries they were on is not recorded";
                out.doubt(Anomaly::OverCredit, cause, example);
            }
        }
    }
}
