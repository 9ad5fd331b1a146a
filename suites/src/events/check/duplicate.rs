//! `duplicateDelivery`: a further delivery at a subscription that nothing makes legal.

use meshproof_model::event_record::{SubscriptionKind, flag};

use crate::events::ledger::{Delivery, Ledger, MANY, QuickMap, delivery};
use crate::events::partitions::{Again, Step};
use crate::events::{Anomaly, Example, Findings};

/// Holds every further delivery to its cause.
#[derive(Debug, Default)]
pub(in crate::events) struct Duplicate {
    /// Until when a consumer holds an event.
    leases: QuickMap<u64>,
}

impl Duplicate {
    pub(in crate::events) fn delivered(
        &mut self,
        seen: &Delivery<'_>,
        step: Option<Step>,
        dead_lettered: bool,
        ledger: &mut Ledger,
        out: &mut Findings,
    ) {
        let record = seen.record;
        let packed = seen.slot.packed();
        let lease = if record.is(flag::DETAIL) || !self.leases.is_empty() {
            self.lease(seen)
        } else {
            None
        };
        let reading = &ledger.readings[seen.reading];
        if seen.first() || seen.before == delivery::EXCUSED {
            return;
        }
        let example = Example::of(record.event, record.at).at(seen.reading);
        let doubt =
            |out: &mut Findings, cause| out.doubt(Anomaly::DuplicateDelivery, cause, example);
        if reading.kind == SubscriptionKind::Readers {
            let cause = "readers have cursors of their own, so each may read it";
            return doubt(out, cause);
        }
        if let Some((left, doubtful)) = ledger.resent.get_mut(&packed)
            && *left > 0
        {
            *left -= 1;
            if *doubtful {
                doubt(
                    out,
                    "it was resent, so that it may stand in the queue twice",
                );
            }
            return;
        }
        if let (SubscriptionKind::Log, Some(step)) = (reading.kind, step) {
            match step.again {
                Again::Legal => return,
                Again::Doubtful(cause) => return doubt(out, cause),
                Again::Wrong => {}
            }
        }
        if record.is(flag::REPLAY) && dead_lettered {
            return;
        }
        if seen.before == delivery::OPEN {
            if lease.is_some_and(|lease| lease < record.at) {
                return;
            }
            if reading.forgotten {
                return doubt(
                    out,
                    "more was in flight at the end of a connection than is remembered",
                );
            }
            if record.is(flag::REDELIVERED) || record.is(flag::REPLAY) || record.attempt > 1 {
                return doubt(
                    out,
                    "the broker calls it a redelivery, and no cause was recorded",
                );
            }
        }
        let until = ledger.now.saturating_add(ledger.skew);
        out.suspect(Anomaly::DuplicateDelivery, until, example);
    }

    /// The lease of the delivery before; remembers that of this one.
    fn lease(&mut self, seen: &Delivery<'_>) -> Option<u64> {
        let packed = seen.slot.packed() | (seen.reading as u64) << 56;
        let before = self.leases.get(&packed).copied();
        match seen.record.detail.lease {
            Some(lease) if self.leases.len() < MANY => {
                self.leases.insert(packed, lease);
            }
            _ => {
                self.leases.remove(&packed);
            }
        }
        before
    }

    /// An event was settled: its lease does not matter any more.
    pub(in crate::events) fn settled(&mut self, packed: u64, reading: usize) {
        if !self.leases.is_empty() {
            self.leases.remove(&(packed | (reading as u64) << 56));
        }
    }
}
