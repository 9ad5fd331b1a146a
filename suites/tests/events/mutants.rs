//! Correct histories with one thing done to them each. A mutant declares the exact set of anomalies
//! that it must produce: the primary one and what that implies.

use meshproof_model::event_record::{EventKind as Kind, EventRecord, Identity, flag};
use meshproof_suites::events::Anomaly::{
    self, AckBeforeDurable, CausalReorder, DeadLetterWrong, DuplicateAppend, DuplicateDelivery,
    DuplicateEffect, FailedYetVisible, FalseAck, HeadOfLine, IdentityReused, InconsistentOffset,
    KeyReorder, LostAcknowledged, LostEffect, OverCredit, Phantom, PoisonLoss, RealTimeReorder,
    ReplicaDivergence, RetentionLoss, Rewind, Skip, Stale, SwappedPayload,
};
use proptest::prelude::*;

use crate::broker::{self, BROKER, PREFETCH, PRODUCERS, Random, Trouble};
use crate::story::Story;

mod play;
mod table;

use play::Play;
use table::MUTANTS;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Base {
    Queue,
    Log,
    Webhooks,
}

/// A name, what it is done to, what is done, what must be found.
type Mutant = (&'static str, Base, fn(&mut Play), &'static [Anomaly]);

fn base(base: Base, seed: u64) -> Story {
    let calm = Trouble { rough: false };
    match base {
        Base::Queue => broker::queue(seed, calm),
        Base::Log => broker::log(seed, calm),
        Base::Webhooks => broker::webhooks(seed),
    }
}

/// The events that were delivered once and nothing else was done to.
fn plain(story: &Story, base: Base) -> Vec<Identity> {
    let count = |event, kind| {
        let records = story.records.iter();
        records
            .filter(|record| record.event == event && record.kind == kind)
            .count()
    };
    let published = story
        .records
        .iter()
        .filter(|record| record.kind == Kind::Published);
    published
        .map(|record| record.event)
        .filter(|event| count(*event, Kind::Deliver) == 1)
        .filter(|event| base == Base::Log || count(*event, Kind::Ack) == 1)
        .collect()
}

fn check(mutant: &Mutant, seed: u64) {
    let (name, kind, change, expected) = mutant;
    let story = base(*kind, seed);
    assert_eq!(story.proven(), [], "{name}: the base is correct");
    let plain = plain(&story, *kind);
    let mut play = Play { story, plain };
    change(&mut play);
    let slow = expected.contains(&HeadOfLine);
    let mut story = play.story.retimed();
    if slow {
        let late = story
            .records
            .iter()
            .position(|record| record.age_us == 10_000_000)
            .unwrap();
        for record in &mut story.records[late..] {
            record.at += 10_000_000_000;
        }
    }
    let mut expected = expected.to_vec();
    expected.sort();
    let proven = story.proven();
    assert_eq!(proven, expected, "{name}, seed {seed}\n{}", story.told());
}

#[test]
fn every_mutant_is_told_as_exactly_what_it_is() {
    for mutant in MUTANTS {
        check(mutant, Random::new(7).below(1000).into());
    }
}

#[test]
fn every_anomaly_has_its_mutant() {
    for anomaly in Anomaly::ALL {
        assert!(
            MUTANTS
                .iter()
                .any(|(_, _, _, expected)| expected.contains(anomaly)),
            "{anomaly} has none"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutant_is_caught_under_every_schedule(seed in any::<u64>(), which in 0..MUTANTS.len()) {
        check(&MUTANTS[which], seed);
    }
}
