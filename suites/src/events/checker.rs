//! Feeds every record to the ledger and to the checks that it concerns.

use meshproof_model::event_record::{
    EventHeader, EventKind, EventRecord, Names, SubscriptionKind, Vantage, flag,
};

use super::check::append::Append;
use super::check::causal::Causal;
use super::check::credit::Credit;
use super::check::dead_letter::DeadLetter;
use super::check::duplicate::Duplicate;
use super::check::false_ack::FalseAck;
use super::check::identity::Identities;
use super::check::order::Order;
use super::check::poison::Poison;
use super::check::real_time::RealTime;
use super::check::replica::Replicas;
use super::check::retention::Retention;
use super::check::stale::Stale;
use super::check::{effect, failed};
use super::ledger::{Delivery, Ledger, MANY, delivery, publish};
use super::plane::Slot;
use super::{Anomaly, Example, Findings};

mod control;
mod finish;

pub use finish::Checked;

/// Reads a history record by record; what it found is told by [`Checker::finish`].
#[derive(Debug)]
pub struct Checker {
    ledger: Ledger,
    out: Findings,
    identities: Identities,
    duplicate: Duplicate,
    append: Append,
    order: Order,
    real_time: RealTime,
    causal: Causal,
    stale: Stale,
    replicas: Replicas,
    false_ack: FalseAck,
    retention: Retention,
    poison: Poison,
    dead_letter: DeadLetter,
    credit: Credit,
    places: bool,
}

impl Checker {
    /// For a history with this header.
    #[must_use]
    pub fn new(header: &EventHeader) -> Self {
        let ledger = Ledger::new(header);
        Self {
            stale: Stale::new(&ledger),
            ledger,
            out: Findings::default(),
            identities: Identities::default(),
            duplicate: Duplicate::default(),
            append: Append::default(),
            order: Order::default(),
            real_time: RealTime::default(),
            causal: Causal::default(),
            replicas: Replicas::default(),
            false_ack: FalseAck::default(),
            retention: Retention::default(),
            poison: Poison::default(),
            dead_letter: DeadLetter::default(),
            credit: Credit::default(),
            places: header.limits.partitions > 0,
        }
    }

    /// The next record, which a [`Guard`](meshproof_model::event_record::Guard) has held to the rules.
    #[inline]
    pub fn see(&mut self, record: &EventRecord, names: &Names) {
        let ledger = &mut self.ledger;
        if ledger.figures.records == 0 {
            ledger.figures.from = record.at;
        }
        ledger.figures.records += 1;
        if record.at > ledger.now {
            ledger.now = record.at;
            if self.out.waits() {
                self.out.settle(record.at);
            }
        }
        if !record.kind.names_event() {
            self.control(record, names);
            return;
        }
        let Some(slot) = ledger.slot(record.event) else {
            self.beyond(record, names);
            return;
        };
        match record.kind {
            EventKind::Publish => self.publish(record, slot),
            EventKind::Published => self.published(record, slot),
            EventKind::PublishFailed => self.publish_failed(record, slot),
            EventKind::Deliver => self.deliver(record, slot, names),
            EventKind::Ack | EventKind::AckUnknown | EventKind::Nack | EventKind::Expire => {
                self.settle(record, slot, names);
            }
            EventKind::Effect => {
                let reading = ledger.reading(record.actor, names);
                let before = ledger.publishes.get(slot);
                self.identities
                    .seen(record, before, reading, ledger, &mut self.out);
                effect::stands(record, slot, reading, ledger, &mut self.out);
                self.dead_letter
                    .effect(record, slot, reading, &mut self.out);
                self.poison.ended(slot, reading);
            }
            EventKind::DeadLetter => {
                let reading = ledger.reading(record.actor, names);
                let failed = self.poison.ended(slot, reading);
                self.dead_letter.dead_lettered(
                    record,
                    slot,
                    reading,
                    failed,
                    ledger,
                    &mut self.out,
                );
                // The dead-letter queue holds it now: it is not lost.
                let delivered = &mut ledger.readings[reading].delivered;
                if delivered.get(slot) == delivery::NEVER {
                    delivered.set(slot, delivery::SETTLED);
                }
            }
            EventKind::Evict => self.retention.dropped(slot),
            EventKind::Append => {
                self.false_ack.answered(record, slot, ledger, &mut self.out);
                self.placed(record, slot);
            }
            EventKind::Answered => self.false_ack.answered(record, slot, ledger, &mut self.out),
            EventKind::Read => self.replicas.see(record, Some(slot)),
            _ => {}
        }
    }

    fn publish(&mut self, record: &EventRecord, slot: Slot) {
        let ledger = &mut self.ledger;
        let before = ledger.publishes.get(slot);
        if self.places && before == publish::NEVER {
            self.real_time.invoked(record);
        }
        if before != publish::OK {
            ledger.publishes.set(slot, publish::OPEN);
        }
        if before == publish::NEVER {
            ledger.publish(slot);
        } else if record.is(flag::RESEND) {
            resend(record, slot, ledger);
        }
        if before != publish::NEVER || record.is(flag::DETAIL) || self.out.waits() {
            self.identities
                .published(record, before, ledger, &mut self.out);
            self.causal.published(record);
        }
    }

    fn published(&mut self, record: &EventRecord, slot: Slot) {
        let ledger = &mut self.ledger;
        let before = ledger.publishes.set(slot, publish::OK);
        if before == publish::NEVER {
            ledger.publish(slot);
        }
        if before != publish::OK {
            ledger.figures.acknowledged += 1;
            ledger.acknowledge(slot);
            self.false_ack
                .acknowledged(record, slot, ledger, &mut self.out);
        }
        if record.is(flag::DETAIL)
            && let Some(place) = record.place()
        {
            self.real_time
                .acknowledged(record, place, ledger, &mut self.out);
            self.placed(record, slot);
        }
    }

    fn publish_failed(&mut self, record: &EventRecord, slot: Slot) {
        let ledger = &mut self.ledger;
        ledger.figures.failed += 1;
        // What was sent more than once may have taken effect before.
        let once = !ledger.resent.contains_key(&slot.packed());
        if once && ledger.publishes.get(slot) != publish::OK {
            ledger.publishes.set(slot, publish::FAILED);
            failed::publish_failed(record, slot, ledger, &mut self.out);
        }
    }

    /// An event is known to stand in the log.
    fn placed(&mut self, record: &EventRecord, slot: Slot) {
        let Some(place) = record.place() else {
            return;
        };
        let ledger = &mut self.ledger;
        self.append
            .see(place, slot, record.at, ledger, &mut self.out);
        for reading in &mut ledger.readings {
            if reading.kind != SubscriptionKind::Queue {
                let delivered = reading.delivered.get(slot) != delivery::NEVER;
                reading.partitions.appended(place, slot, delivered);
            }
        }
    }

    #[inline]
    fn deliver(&mut self, record: &EventRecord, slot: Slot, names: &Names) {
        if record.vantage != Vantage::Handler {
            return;
        }
        let ledger = &mut self.ledger;
        ledger.figures.delivered += 1;
        let reading = ledger.reading(record.actor, names);
        let published = ledger.publishes.get(slot);
        let before = ledger.deliver(slot, record.actor, reading);
        let out = &mut self.out;
        if published == publish::NEVER || record.flags & (flag::FORGED | flag::DETAIL) != 0 {
            self.identities
                .seen(record, published, reading, ledger, out);
        }
        let seen = Delivery {
            record,
            slot,
            reading,
            published,
            before,
        };
        let mut step = None;
        if record.is(flag::DETAIL) {
            let at = &mut ledger.readings[reading];
            if at.kind != SubscriptionKind::Queue {
                step = at.partitions.step(at.kind, record);
            }
            if let Some(place) = record.place() {
                self.append.see(place, slot, record.at, ledger, out);
            }
        }
        if let Some(step) = step {
            let example = Example::of(record.event, record.at).at(reading);
            if step.back {
                out.prove(Anomaly::Rewind, example);
            }
            if let Some(over) = step.over {
                let skipped = Example::of(ledger.identity(over), record.at).at(reading);
                out.prove(Anomaly::Skip, skipped.with(record.event));
            }
        }
        if published == publish::FAILED {
            failed::delivered(&seen, out);
        }
        if !seen.first() || record.is(flag::DETAIL) {
            let dead = self.dead_letter.has(slot, reading);
            self.duplicate.delivered(&seen, step, dead, ledger, out);
        }
        let zombie = step.is_some_and(|step| step.zombie);
        self.order.delivered(&seen, zombie, ledger, out);
        self.causal.delivered(&seen, ledger, out);
        self.stale.delivered(&seen, out);
        self.poison.delivered(&seen, ledger, out);
        self.credit.delivered(&seen, ledger, out);
    }

    fn settle(&mut self, record: &EventRecord, slot: Slot, names: &Names) {
        let ledger = &mut self.ledger;
        self.false_ack.answered(record, slot, ledger, &mut self.out);
        if record.vantage != Vantage::Handler {
            return;
        }
        let reading = ledger.reading(record.actor, names);
        let to = if record.kind == EventKind::Ack {
            delivery::SETTLED
        } else {
            delivery::EXCUSED
        };
        if record.kind == EventKind::Expire {
            self.credit.expired = self.credit.expired.saturating_add(1);
        }
        ledger.settle(slot, record.actor, reading, to);
        self.duplicate.settled(slot.packed(), reading);
        match record.kind {
            EventKind::Nack => self.poison.refused(record, slot, reading),
            EventKind::Ack => {
                self.poison.ended(slot, reading);
            }
            _ => {}
        }
        if to == delivery::EXCUSED && self.out.waits() {
            let cause = "its cause came within the skew of the clocks";
            self.out
                .clear(Anomaly::DuplicateDelivery, cause, |waiting| {
                    waiting.event == record.event
                });
        }
    }
}

/// A resend allows one more delivery, unless the broker claims to recognise it.
fn resend(record: &EventRecord, slot: Slot, ledger: &mut Ledger) {
    use meshproof_model::event_record::NONE;
    let window = ledger
        .header
        .deduplication
        .map(|window| window.as_nanos() / 1_000);
    let known = record.age_us != NONE;
    let recognised = window.is_some_and(|window| known && u64::from(record.age_us) <= window);
    if ledger.resent.len() >= MANY {
        return;
    }
    let entry = ledger.resent.entry(slot.packed()).or_default();
    if !recognised {
        entry.0 = entry.0.saturating_add(1);
        entry.1 |= window.is_some() && !known;
    }
}
