//! CPU time as `/proc` tells it, in clock ticks (proc(5)).

use std::collections::BTreeMap;
use std::io;

/// What all CPUs did since the machine started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Usage {
    /// Everything, idle time included.
    pub(super) all: u64,
    /// Used by processes and the kernel.
    pub(super) busy: u64,
    /// Taken by the hypervisor.
    pub(super) steal: u64,
}

impl Usage {
    pub(super) fn since(&self, earlier: &Self) -> Self {
        Self {
            all: self.all.saturating_sub(earlier.all),
            busy: self.busy.saturating_sub(earlier.busy),
            steal: self.steal.saturating_sub(earlier.steal),
        }
    }
}

/// Reads `/proc/stat`.
pub(super) fn usage() -> io::Result<Usage> {
    let text = std::fs::read_to_string("/proc/stat")?;
    parse_usage(&text).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "/proc/stat has no line of all CPUs",
        )
    })
}

fn parse_usage(text: &str) -> Option<Usage> {
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = line
        .split_whitespace()
        .map(|number| number.parse().ok())
        .collect::<Option<_>>()?;
    // Guest time, which follows, is counted in user time already.
    let &[user, nice, system, idle, iowait, irq, softirq, steal, ..] = ticks.as_slice() else {
        return None;
    };
    let busy = user + nice + system + irq + softirq;
    Some(Usage {
        all: busy + idle + iowait + steal,
        busy,
        steal,
    })
}

/// Processes whose CPU time is ours.
#[derive(Debug, Default)]
pub(super) struct Watched {
    last: BTreeMap<u32, Process>,
}

impl Watched {
    /// Counts what the process uses from now on. One that is gone already is ignored.
    pub(super) fn watch(&mut self, pid: u32) {
        if let Some(process) = process(pid) {
            self.last.insert(pid, process);
        }
    }

    pub(super) fn unwatch(&mut self, pid: u32) {
        self.last.remove(&pid);
    }

    /// The ticks used since the last call. Processes that are gone, or whose number another
    /// process has by now, are forgotten.
    pub(super) fn used(&mut self) -> u64 {
        let mut used = 0;
        self.last.retain(|pid, last| match process(*pid) {
            Some(process) if process.start == last.start => {
                used += process.used.saturating_sub(last.used);
                *last = process;
                true
            }
            _ => false,
        });
        used
    }
}

/// The CPU time of one process with all its threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    used: u64,
    /// Tells processes apart that had the same number one after the other.
    start: u64,
}

fn process(pid: u32) -> Option<Process> {
    parse_process(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_process(text: &str) -> Option<Process> {
    // The name, field 2, is in parentheses and may hold anything, parentheses too.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(Process {
        used: field(14)? + field(15)?,
        start: field(22)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_s_counters_are_read() {
        let text = "cpu  10 1 20 300 5 2 3 7 4 0\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 5\n";
        let wanted = Usage {
            all: 348,
            busy: 36,
            steal: 7,
        };
        assert_eq!(parse_usage(text), Some(wanted));
        for text in ["", "cpu0 1 2 3", "cpu  1 2 3\n", "cpu  a b c d e f g h\n"] {
            assert_eq!(parse_usage(text), None, "{text}");
        }
    }

    #[test]
    fn a_process_with_a_wild_name_is_read() {
        let text = "77 (a) S (b) R 1 77 77 0 -1 4194560 1 2 3 4 500 60 7 8 20 0 1 0 9000 1 2\n";
        let wanted = Process {
            used: 560,
            start: 9000,
        };
        assert_eq!(parse_process(text), Some(wanted));
        assert_eq!(parse_process("77 (a) S 1"), None);
        assert_eq!(parse_process(""), None);
    }

    #[test]
    fn only_what_is_used_while_watched_counts() {
        let mut watched = Watched::default();
        watched.watch(std::process::id());
        watched.watch(u32::MAX);
        assert_eq!(watched.last.len(), 1);
        let first = watched.used();
        let last = watched.last[&std::process::id()].used;
        assert!(first <= last);
        watched.unwatch(std::process::id());
        assert_eq!(watched.used(), 0);
    }

    #[test]
    fn a_process_number_used_anew_is_not_ours() {
        let mut watched = Watched::default();
        watched.watch(std::process::id());
        watched
            .last
            .values_mut()
            .for_each(|process| process.start += 1);
        assert_eq!(watched.used(), 0);
        assert!(watched.last.is_empty());
    }
}
