//! What a world takes of the machine.

use std::fs;
use std::time::{Duration, Instant};

use meshproof_model::Resources;
use meshproof_model::units::Bytes;

use super::readable;

/// What a world took, as far as it is known while it runs.
pub(super) struct Held {
    processes: u32,
    up: Duration,
    memory: Option<Bytes>,
}

/// Looks at the processes of a world that took `up` to be ready.
pub(super) async fn look(pids: Vec<u32>, up: Duration) -> Held {
    let processes = u32::try_from(pids.len()).unwrap_or(u32::MAX);
    let memory = tokio::task::spawn_blocking(move || memory(&pids));
    Held {
        processes,
        up,
        memory: memory.await.ok().flatten(),
    }
}

impl Held {
    /// Adds how long the world, whose end was begun at this moment, took to be gone.
    pub(super) fn gone(self, begun: Instant) -> Resources {
        Resources {
            processes: self.processes,
            up: readable(self.up.into()),
            down: readable(begun.elapsed().into()),
            memory: self.memory,
        }
    }
}

/// The sum over all that still run: proc(5), `smaps_rollup`.
fn memory(pids: &[u32]) -> Option<Bytes> {
    let of = |pid: &u32| share(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?);
    let shares: Vec<u64> = pids.iter().filter_map(of).collect();
    let kib: u64 = shares.iter().sum();
    (!shares.is_empty()).then(|| Bytes::new(kib * 1024))
}

/// The proportional share of a process, in KiB.
fn share(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proportional_share_is_read() {
        let rollup = "55d0-7ffd ---p 00000000 00:00 0    [rollup]\nRss:     9840 kB\nPss:      861 kB\nPss_Anon: 790 kB\n";
        assert_eq!(share(rollup), Some(861));
        assert_eq!(share(""), None);
        assert!(memory(&[std::process::id()]).is_some_and(|bytes| bytes.get() > 0));
    }
}
