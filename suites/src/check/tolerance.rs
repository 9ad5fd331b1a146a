//! How exact a time has to be.

use meshproof_model::Nanos;
use meshproof_model::units::Duration;

/// The tolerance around a bound: as the case says, else the greater of 25 ms and a tenth of it.
pub(super) fn tolerance(given: Option<Duration>, bound: Duration) -> Nanos {
    given.map_or_else(|| epsilon(bound), Duration::as_nanos)
}

/// The latest time that still keeps a bound.
pub(super) fn latest(bound: Duration, given: Option<Duration>) -> Nanos {
    bound.as_nanos().saturating_add(tolerance(given, bound))
}

/// The tolerance around a bound where no other is stated.
pub(super) fn epsilon(bound: Duration) -> Nanos {
    (bound.as_nanos() / 10).max(25_000_000)
}
