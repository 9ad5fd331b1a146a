//! `phantom`, `swappedPayload` and `identityReused`: whether an event is what it says it is.

use meshproof_model::event_record::{EventRecord, flag};

use crate::events::ledger::{Ledger, MANY, QuickMap, publish};
use crate::events::{Anomaly, Example, Findings};

/// Remembers payloads by the digests that publishers recorded.
#[derive(Debug, Default)]
pub(in crate::events) struct Identities {
    digests: QuickMap<u64>,
    /// More digests than are kept.
    pub(in crate::events) full: bool,
}

impl Identities {
    /// An event is published, once more if `before` says so.
    pub(in crate::events) fn published(
        &mut self,
        record: &EventRecord,
        before: u8,
        ledger: &Ledger,
        out: &mut Findings,
    ) {
        let example = Example::of(record.event, record.at);
        if before == publish::NEVER {
            let cause = "it was published within the skew of the clocks";
            out.clear(Anomaly::Phantom, cause, |waiting| {
                ledger.skew > 0 && waiting.event == record.event
            });
        } else if !record.is(flag::RESEND) {
            out.prove(Anomaly::IdentityReused, example);
            return;
        }
        let Some(digest) = record.detail.digest else {
            return;
        };
        if self.digests.len() >= MANY {
            self.full = true;
        } else if let Some(known) = self.digests.insert(record.event.packed(), digest)
            && known != digest
        {
            let note = "resent with another payload";
            out.prove(Anomaly::IdentityReused, example.note(note));
        }
    }

    /// An event or its effect is seen at a consumer: `before` is what became of its publish.
    #[inline]
    pub(in crate::events) fn seen(
        &self,
        record: &EventRecord,
        before: u8,
        reading: usize,
        ledger: &Ledger,
        out: &mut Findings,
    ) {
        let example = Example::of(record.event, record.at).at(reading);
        if before == publish::NEVER {
            let until = ledger.now.saturating_add(ledger.skew);
            out.suspect(Anomaly::Phantom, until, example);
        }
        if record.is(flag::FORGED) {
            let note = "the payload's own token is another event's";
            out.prove(Anomaly::SwappedPayload, example.note(note));
        } else if record.is(flag::DETAIL)
            && let Some(digest) = record.detail.digest
            && let Some(published) = self.digests.get(&record.event.packed())
            && *published != digest
        {
            let note = "its digest is not that of the published payload";
            out.prove(Anomaly::SwappedPayload, example.note(note));
        }
    }

    /// An event that cannot be one: far beyond what its producer has published.
    pub(in crate::events) fn impossible(record: &EventRecord, reading: usize, out: &mut Findings) {
        out.prove(
            Anomaly::Phantom,
            Example::of(record.event, record.at).at(reading),
        );
    }
}
