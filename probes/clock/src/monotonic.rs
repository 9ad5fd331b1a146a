use rustix::time::{ClockId, clock_gettime};

/// The host's monotonic clock (`CLOCK_MONOTONIC`) in nanoseconds.
///
/// It is read without libc, so that a preloaded library which fakes time for an application does
/// not reach our records.
#[must_use]
pub fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let part = |value: i64| u64::try_from(value).expect("the monotonic clock starts at zero");
    part(time.tv_sec) * 1_000_000_000 + part(time.tv_nsec)
}

#[cfg(test)]
mod tests {
    use super::now;

    #[test]
    fn never_runs_backwards() {
        let mut last = now();
        for _ in 0..10_000 {
            let next = now();
            assert!(next >= last, "{next} after {last}");
            last = next;
        }
    }
}
