//! `stale`: older than the deadline when its handler first started; and how old events were.

use meshproof_model::event_record::NONE;

use crate::events::ledger::{Delivery, Ledger};
use crate::events::{Anomaly, Example, Findings};

/// Ages are counted in steps of an eighth of their power of two.
const STEPS: usize = 33 * 8;

/// The ages of events at their first start.
#[derive(Debug)]
pub(in crate::events) struct Stale {
    ages: [u64; STEPS],
    deadline: Option<u64>,
}

impl Stale {
    pub(in crate::events) fn new(ledger: &Ledger) -> Self {
        let deadline = ledger.header.deadline;
        Self {
            ages: [0; STEPS],
            deadline: deadline.map(|deadline| deadline.as_nanos() / 1_000),
        }
    }

    #[inline]
    pub(in crate::events) fn delivered(&mut self, seen: &Delivery<'_>, out: &mut Findings) {
        let age = seen.record.age_us;
        if age == NONE || !seen.first() {
            return;
        }
        self.ages[step(age)] += 1;
        if self
            .deadline
            .is_some_and(|deadline| u64::from(age) > deadline)
        {
            let example = Example::of(seen.record.event, seen.record.at).at(seen.reading);
            out.prove(Anomaly::Stale, example);
        }
    }

    /// How many ages are known.
    pub(in crate::events) fn count(&self) -> u64 {
        self.ages.iter().sum()
    }

    /// The age in microseconds that so many of a thousand did not exceed, rounded up by an eighth at most.
    pub(in crate::events) fn quantile(&self, per_mille: u64) -> Option<u64> {
        let wanted = (self.count() * per_mille).div_ceil(1_000);
        let mut sum = 0;
        let found = self.ages.iter().position(|count| {
            sum += count;
            sum >= wanted && sum > 0
        });
        found.map(upper)
    }
}

fn step(age: u32) -> usize {
    if age < 8 {
        return age as usize;
    }
    let power = age.ilog2();
    let eighth = (age >> (power - 3)) & 7;
    (power * 8 + eighth) as usize - 16
}

fn upper(step: usize) -> u64 {
    if step < 8 {
        return step as u64;
    }
    let (power, eighth) = ((step + 16) / 8, (step + 16) % 8);
    ((9 + eighth as u64) << (power - 3)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_reaches_at_most_an_eighth_above_what_it_counts() {
        for age in (0..100_000).chain([1 << 20, u32::MAX - 1]) {
            let upper = upper(step(age));
            assert!(upper >= u64::from(age), "{age} {upper}");
            assert!(
                upper <= u64::from(age) + u64::from(age) / 8,
                "{age} {upper}"
            );
        }
    }
}
