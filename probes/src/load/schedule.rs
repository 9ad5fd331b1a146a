//! When requests are to be sent.

use meshproof_model::{Arrival, Load, Nanos};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The intended sending times of a load as offsets from its start, in nanoseconds; never
/// decreasing, all below the load's length.
///
/// # Examples
/// ```
/// use meshproof_model::{Arrival, Load, units::{Duration, Rate}};
/// use meshproof_probes::Schedule;
///
/// let load = Load {
///     on: "a".to_owned(),
///     path: None,
///     rate: Rate::per_second(2),
///     length: Duration::from_millis(2000),
///     arrival: Arrival::Constant,
///     methods: Vec::new(),
///     body: None,
///     give_up: Duration::from_millis(5000),
/// };
/// let offsets: Vec<u64> = Schedule::new(&load, 42).collect();
/// assert_eq!(offsets, [0, 500_000_000, 1_000_000_000, 1_500_000_000]);
/// ```
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Nanoseconds between two requests, on average.
    gap: f64,
    length: Nanos,
    spacing: Spacing,
}

#[derive(Debug, Clone)]
enum Spacing {
    /// The k-th request is due k gaps after the start: no rounding error adds up.
    Constant { sent: u32 },
    /// Each gap is drawn anew.
    Poisson { at: f64, random: Box<ChaCha8Rng> },
}

impl Schedule {
    /// The times of `load`; Poisson arrivals are drawn from `seed`. A rate of nothing has none.
    #[must_use]
    pub fn new(load: &Load, seed: u64) -> Self {
        let gap = 1e9 / load.rate.hertz();
        let spacing = match load.arrival {
            Arrival::Constant => Spacing::Constant { sent: 0 },
            Arrival::Poisson => Spacing::Poisson {
                at: 0.0,
                random: Box::new(ChaCha8Rng::seed_from_u64(seed)),
            },
        };
        let length = if gap.is_finite() {
            load.length.as_nanos()
        } else {
            0
        };
        Self {
            gap,
            length,
            spacing,
        }
    }
}

impl Iterator for Schedule {
    type Item = Nanos;

    fn next(&mut self) -> Option<Nanos> {
        let at = match &mut self.spacing {
            Spacing::Constant { sent } => {
                let at = f64::from(*sent) * self.gap;
                *sent = sent.checked_add(1)?;
                at
            }
            Spacing::Poisson { at, random } => {
                // 1 - u lies in (0, 1], so that its logarithm is finite.
                *at -= (1.0 - random.random::<f64>()).ln() * self.gap;
                *at
            }
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "offsets are positive, and one beyond the range of u64 saturates: it is over"
        )]
        let at = at.round() as Nanos;
        (at < self.length).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use meshproof_model::units::{Duration, Rate};
    use proptest::prelude::*;

    use super::*;

    fn load(arrival: Arrival, rate: Rate, millis: u64) -> Load {
        Load {
            on: "a".to_owned(),
            path: None,
            rate,
            length: Duration::from_millis(millis),
            arrival,
            methods: Vec::new(),
            body: None,
            give_up: Duration::from_millis(1),
        }
    }

    fn arrival() -> impl Strategy<Value = Arrival> {
        prop_oneof![Just(Arrival::Constant), Just(Arrival::Poisson)]
    }

    proptest! {
        #[test]
        fn a_constant_load_holds_rate_times_length(rate in 1u32..5000, millis in 0u64..3000) {
            let load = load(Arrival::Constant, Rate::per_second(rate), millis);
            let wanted = (u64::from(rate) * millis).div_ceil(1000);
            prop_assert_eq!(Schedule::new(&load, 0).count() as u64, wanted);
        }

        #[test]
        fn a_poisson_load_holds_about_as_many(rate in 1u32..5000, seed: u64) {
            let load = load(Arrival::Poisson, Rate::per_second(rate), 10_000);
            let mean = f64::from(rate) * 10.0;
            let count = Schedule::new(&load, seed).count() as f64;
            // Seven standard deviations: once in 10^11 draws.
            prop_assert!((count - mean).abs() <= 7.0 * mean.sqrt() + 7.0, "{count} of {mean}");
        }

        #[test]
        fn offsets_never_decrease_and_stay_inside(
            arrival in arrival(), rate in 0u32..5000, millis in 0u64..2000, seed: u64,
        ) {
            let load = load(arrival, Rate::per_second(rate), millis);
            let offsets: Vec<_> = Schedule::new(&load, seed).collect();
            prop_assert!(offsets.is_sorted());
            prop_assert!(offsets.iter().all(|at| *at < load.length.as_nanos()));
        }

        #[test]
        fn the_same_seed_gives_the_same_times(arrival in arrival(), rate in 1u32..500, seed: u64) {
            let load = load(arrival, Rate::per_second(rate), 1000);
            let (one, two) = (Schedule::new(&load, seed), Schedule::new(&load, seed));
            prop_assert!(one.eq(two));
        }
    }

    #[test]
    fn another_seed_gives_other_poisson_times() {
        let load = load(Arrival::Poisson, Rate::per_second(100), 1000);
        assert!(!Schedule::new(&load, 1).eq(Schedule::new(&load, 2)));
    }

    #[test]
    fn slow_rates_are_exact() {
        let load = load(Arrival::Constant, "30/m".parse().unwrap(), 10_000);
        let offsets: Vec<_> = Schedule::new(&load, 0).collect();
        assert_eq!(offsets, [0, 2, 4, 6, 8].map(|s| s * 1_000_000_000));
    }
}
