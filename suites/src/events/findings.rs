//! What checks found: how often, beyond doubt or not, and the first few that prove it.

use std::collections::VecDeque;

use meshproof_model::Nanos;
use meshproof_model::event_record::Identity;

use super::Anomaly;

/// So many examples of an anomaly are remembered.
const EXAMPLES: usize = 4;
/// So many suspicions wait at once for what may still clear them.
const WAITING: usize = 4096;

/// One occurrence of an anomaly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// The event, if it is about one.
    pub event: Identity,
    /// The other event that makes it wrong.
    pub other: Option<Identity>,
    /// At which subscription, by its number.
    pub subscription: Option<u32>,
    /// When it showed.
    pub at: Nanos,
    /// What exactly, where the anomaly has several forms.
    pub note: &'static str,
}

impl Example {
    /// An occurrence with one event.
    #[must_use]
    pub const fn of(event: Identity, at: Nanos) -> Self {
        Self {
            event,
            other: None,
            subscription: None,
            at,
            note: "",
        }
    }

    /// At a subscription.
    #[must_use]
    pub fn at(mut self, subscription: usize) -> Self {
        self.subscription = u32::try_from(subscription).ok();
        self
    }

    /// With the other event.
    #[must_use]
    pub const fn with(mut self, other: Identity) -> Self {
        self.other = Some(other);
        self
    }

    /// With words.
    #[must_use]
    pub const fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }
}

/// All that was found of one anomaly.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// How many are beyond doubt.
    pub proven: u64,
    /// How many are not.
    pub doubtful: u64,
    /// Why the first of those is not.
    pub cause: &'static str,
    /// The first few that are beyond doubt.
    pub examples: Vec<Example>,
    /// The first few that are not.
    pub doubts: Vec<Example>,
}

/// What all checks found.
#[derive(Debug)]
pub struct Findings {
    tallies: Vec<Tally>,
    waiting: VecDeque<Suspicion>,
}

#[derive(Debug)]
struct Suspicion {
    anomaly: Anomaly,
    until: Nanos,
    example: Example,
    /// Why it is in doubt, once it is.
    cleared: Option<&'static str>,
}

impl Default for Findings {
    fn default() -> Self {
        Self {
            tallies: vec![Tally::default(); Anomaly::ALL.len()],
            waiting: VecDeque::new(),
        }
    }
}

impl Findings {
    /// What was found of an anomaly.
    #[must_use]
    pub fn of(&self, anomaly: Anomaly) -> &Tally {
        &self.tallies[anomaly as usize]
    }

    /// The anomalies that are beyond doubt.
    pub fn proven(&self) -> impl Iterator<Item = Anomaly> {
        let all = Anomaly::ALL.iter().copied();
        all.filter(|anomaly| self.of(*anomaly).proven > 0)
    }

    /// An occurrence beyond doubt.
    pub(super) fn prove(&mut self, anomaly: Anomaly, example: Example) {
        let tally = &mut self.tallies[anomaly as usize];
        tally.proven += 1;
        if tally.examples.len() < EXAMPLES {
            tally.examples.push(example);
        }
    }

    /// An occurrence that the evidence does not suffice for.
    pub(super) fn doubt(&mut self, anomaly: Anomaly, cause: &'static str, example: Example) {
        let tally = &mut self.tallies[anomaly as usize];
        if tally.doubtful == 0 {
            tally.cause = cause;
        }
        tally.doubtful += 1;
        if tally.doubts.len() < EXAMPLES {
            tally.doubts.push(example);
        }
    }

    /// An occurrence that a record up to `until` may still clear.
    pub(super) fn suspect(&mut self, anomaly: Anomaly, until: Nanos, example: Example) {
        if self.waiting.len() >= WAITING {
            let cause = "more happened within the skew of the clocks than is remembered";
            self.doubt(anomaly, cause, example);
            return;
        }
        self.waiting.push_back(Suspicion {
            anomaly,
            until,
            example,
            cleared: None,
        });
    }

    /// Whether any suspicion waits.
    #[inline]
    pub(super) fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Leaves waiting suspicions in doubt that `which` picks.
    pub(super) fn clear(
        &mut self,
        anomaly: Anomaly,
        cause: &'static str,
        which: impl Fn(&Example) -> bool,
    ) {
        for suspicion in &mut self.waiting {
            if suspicion.anomaly == anomaly && which(&suspicion.example) {
                suspicion.cleared = Some(cause);
            }
        }
    }

    /// Time has come to `now`: what was not cleared by then is proven.
    pub(super) fn settle(&mut self, now: Nanos) {
        while let Some(first) = self.waiting.front()
            && first.until < now
        {
            let Some(suspicion) = self.waiting.pop_front() else {
                return;
            };
            match suspicion.cleared {
                None => self.prove(suspicion.anomaly, suspicion.example),
                Some(cause) => self.doubt(suspicion.anomaly, cause, suspicion.example),
            }
        }
    }

    /// Leaves everything in doubt that rests on what is not in the history.
    pub(super) fn distrust(&mut self, cause: &'static str) {
        for anomaly in Anomaly::ALL {
            let tally = &mut self.tallies[*anomaly as usize];
            if anomaly.rests_on_absence() && tally.proven > 0 {
                tally.doubtful += tally.proven;
                tally.proven = 0;
                tally.cause = cause;
                tally.doubts = std::mem::take(&mut tally.examples);
            }
        }
    }
}
