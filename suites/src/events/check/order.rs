//! `keyReorder`: a later event of a producer and key was started before an earlier one.

use std::collections::VecDeque;

use meshproof_model::Nanos;
use meshproof_model::event_record::{NONE, flag};

use crate::events::ledger::{Delivery, Ledger};
use crate::events::{Anomaly, Example, Findings};

/// So many comparisons prove that there was something to compare.
const ENOUGH: u64 = 1 << 10;
/// Keys are kept in pages of so many.
const PAGE: u32 = 64;
/// By page of keys, where it lies in the store, from 1; 0: nowhere yet.
type Pages = Vec<u32>;
/// Pages lie in chunks of so many.
const CHUNK: usize = 1 << 10;

/// The highest sequence started, by subscription, lane and key.
#[derive(Debug, Default)]
pub(in crate::events) struct Order {
    marks: Vec<Vec<Pages>>,
    store: Vec<Box<[[u32; PAGE as usize]]>>,
    pages: usize,
    /// Starts within the skew of the clocks, where there is one.
    recent: VecDeque<(Nanos, u32, u32, u32)>,
    /// The highest sequence started, by subscription and lane, whatever the key; from 1.
    highest: Vec<Vec<u32>>,
    /// How many starts had an earlier one to be compared with; not counted on beyond [`ENOUGH`].
    pub(in crate::events) compared: u64,
}

impl Order {
    pub(in crate::events) fn delivered(
        &mut self,
        seen: &Delivery<'_>,
        zombie: bool,
        ledger: &Ledger,
        out: &mut Findings,
    ) {
        let record = seen.record;
        if record.key == NONE || !seen.first() || zombie || record.is(flag::REPLAY) {
            return;
        }
        if !ledger.resent.is_empty() && ledger.resent.contains_key(&seen.slot.packed()) {
            return;
        }
        let (lane, next) = (seen.slot.lane, seen.slot.sequence.saturating_add(1));
        let newest = self.raise(seen.reading, lane, next);
        // Where nothing later of its producer was started, nothing later of its key was: there is
        // nothing to read then, and writing waits for no memory.
        let before = if newest && self.compared >= ENOUGH {
            *self.mark(seen.reading, lane, record.key) = next;
            0
        } else {
            self.compare(seen, next)
        };
        let mut later = (before > next).then(|| (lane, before - 1));
        if later.is_none() {
            for epoch in ledger.later_epochs(record.event) {
                let started = *self.mark(seen.reading, epoch, record.key);
                later = later.or((started > 0).then(|| (epoch, started - 1)));
            }
        }
        if let Some((lane, sequence)) = later {
            let slot = crate::events::plane::Slot { lane, sequence };
            let example = Example::of(record.event, record.at)
                .with(ledger.identity(slot))
                .at(seen.reading);
            let near = self
                .recent
                .iter()
                .any(|(_, actor, l, s)| *actor != record.actor && (*l, *s) == (lane, sequence));
            if near {
                let cause = "both were started within the skew of two processes' clocks";
                out.doubt(Anomaly::KeyReorder, cause, example);
            } else {
                out.prove(Anomaly::KeyReorder, example);
            }
        }
        if ledger.skew > 0 {
            self.remember(seen, ledger);
        }
    }

    fn remember(&mut self, seen: &Delivery<'_>, ledger: &Ledger) {
        let old = ledger.now.saturating_sub(ledger.skew);
        while self.recent.front().is_some_and(|(at, ..)| *at < old) || self.recent.len() > 1 << 16 {
            self.recent.pop_front();
        }
        let (record, slot) = (seen.record, seen.slot);
        self.recent
            .push_back((record.at, record.actor, slot.lane, slot.sequence));
    }

    /// The highest sequence of the key that was started before, from 1.
    #[cold]
    #[inline(never)]
    fn compare(&mut self, seen: &Delivery<'_>, next: u32) -> u32 {
        let mark = self.mark(seen.reading, seen.slot.lane, seen.record.key);
        let before = *mark;
        *mark = before.max(next);
        self.compared += u64::from(before > 0);
        before
    }

    /// Whether this is the latest of its lane that was started so far.
    #[inline]
    fn raise(&mut self, reading: usize, lane: u32, next: u32) -> bool {
        if reading >= self.highest.len() {
            self.highest.resize_with(reading + 1, Vec::new);
        }
        let lanes = &mut self.highest[reading];
        let lane = lane as usize;
        if lane >= lanes.len() {
            lanes.resize(lane + 1, 0);
        }
        let newest = next > lanes[lane];
        lanes[lane] = lanes[lane].max(next);
        newest
    }

    #[inline]
    fn mark(&mut self, reading: usize, lane: u32, key: u32) -> &mut u32 {
        if reading >= self.marks.len() {
            self.marks.resize_with(reading + 1, Vec::new);
        }
        let lanes = &mut self.marks[reading];
        let lane = lane as usize;
        if lane >= lanes.len() {
            lanes.resize_with(lane + 1, Vec::new);
        }
        let pages = &mut lanes[lane];
        let page = (key / PAGE) as usize;
        if page >= pages.len() {
            pages.resize(page + 1, 0);
        }
        if pages[page] == 0 {
            if self.pages.is_multiple_of(CHUNK) {
                let chunk = vec![[0; PAGE as usize]; CHUNK];
                self.store.push(chunk.into_boxed_slice());
            }
            self.pages += 1;
            pages[page] = u32::try_from(self.pages).unwrap_or(u32::MAX);
        }
        let at = pages[page] as usize - 1;
        &mut self.store[at / CHUNK][at % CHUNK][(key % PAGE) as usize]
    }
}
