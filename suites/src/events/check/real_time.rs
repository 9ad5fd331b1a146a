//! `realTimeReorder`: an offset before one that was acknowledged before this publish was invoked.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;

use meshproof_model::Nanos;
use meshproof_model::event_record::{EventRecord, Identity, Quick};

use crate::events::ledger::Ledger;
use crate::events::{Anomaly, Example, Findings};

/// So many publishes are remembered until they are acknowledged.
const FLYING: usize = 1 << 14;
/// So many of a partition's last acknowledgements are remembered.
const ACKS: usize = 1 << 10;

/// Remembers when publishes were invoked, and how far each partition was acknowledged when.
#[derive(Debug, Default)]
pub(in crate::events) struct RealTime {
    flying: Vec<(u64, Nanos)>,
    partitions: HashMap<u32, VecDeque<Acked>, BuildHasherDefault<Quick>>,
    /// How many acknowledgements had an earlier one to be compared with.
    pub(in crate::events) compared: u64,
}

/// The highest offset acknowledged by a time.
#[derive(Debug, Clone, Copy)]
struct Acked {
    at: Nanos,
    offset: u64,
    event: Identity,
}

impl RealTime {
    #[inline]
    pub(in crate::events) fn invoked(&mut self, record: &EventRecord) {
        if self.flying.is_empty() {
            self.flying = vec![(u64::MAX, 0); FLYING];
        }
        let packed = record.event.packed();
        self.flying[place(packed)] = (packed, record.at);
    }

    pub(in crate::events) fn acknowledged(
        &mut self,
        record: &EventRecord,
        (partition, offset): (u32, u64),
        ledger: &Ledger,
        out: &mut Findings,
    ) {
        let packed = record.event.packed();
        let known = self.flying.get(place(packed));
        let invoked = known.filter(|(event, _)| *event == packed);
        let invoked = invoked.map(|(_, at)| *at);
        let acks = self.partitions.entry(partition).or_default();
        if let Some(highest) = acks.back().copied() {
            self.compared += 1;
            if offset < highest.offset {
                judge(acks, record, offset, invoked, ledger, out);
            }
        }
        if acks.back().is_none_or(|last| last.offset < offset) {
            if acks.len() == ACKS {
                acks.pop_front();
            }
            acks.push_back(Acked {
                at: record.at,
                offset,
                event: record.event,
            });
        }
    }
}

fn judge(
    acks: &VecDeque<Acked>,
    record: &EventRecord,
    offset: u64,
    invoked: Option<Nanos>,
    ledger: &Ledger,
    out: &mut Findings,
) {
    let example = Example::of(record.event, record.at);
    let Some(invoked) = invoked else {
        let cause = "when it was published is not recorded, or no longer remembered";
        out.doubt(Anomaly::RealTimeReorder, cause, example);
        return;
    };
    // The acknowledgements rise in time and offset: the first that lies higher is the oldest.
    let Some(higher) = acks.iter().find(|ack| ack.offset > offset) else {
        return;
    };
    let example = example.with(higher.event);
    if higher.at.saturating_add(ledger.skew) < invoked {
        out.prove(Anomaly::RealTimeReorder, example);
    } else if higher.at < invoked {
        let cause = "acknowledged and published within the skew of the clocks";
        out.doubt(Anomaly::RealTimeReorder, cause, example);
    }
}

fn place(packed: u64) -> usize {
    let spread = packed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    usize::try_from(spread).unwrap_or(0) % FLYING
}
