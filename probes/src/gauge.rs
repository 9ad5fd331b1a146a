//! The noise gauge: was the machine quiet enough to judge by?

mod cpu;
mod pressure;

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use meshproof_clock::now;
use meshproof_model::{Nanos, Noise};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use cpu::{Usage, Watched};

const MILLISECOND: Nanos = 1_000_000;
/// How often the thread wants to wake up.
const PERIOD: Nanos = 2 * MILLISECOND;
/// How long one reading covers.
const INTERVAL: Nanos = 100 * MILLISECOND;
/// Ten minutes.
const KEPT: usize = 6000;

/// Measures without a pause how late a ready thread of ours runs and who else uses the CPU.
///
/// The shares come from `/proc`, whose counters move in ticks of 10 ms: one reading is coarse,
/// the mean of many is not. Dropping the gauge stops its thread.
#[derive(Debug)]
pub struct Gauge {
    shared: Arc<Mutex<Shared>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    readings: VecDeque<Noise>,
    ours: Watched,
    stop: bool,
}

impl Gauge {
    /// Starts the gauge; the calling process is watched already.
    ///
    /// # Errors
    /// When the kernel gives no timer, thread or `/proc/stat`.
    pub fn start() -> io::Result<Self> {
        let usage = cpu::usage()?;
        let started = now();
        let timer = timer(started + PERIOD)?;
        let mut ours = Watched::default();
        ours.watch(std::process::id());
        let shared = Arc::new(Mutex::new(Shared {
            ours,
            ..Shared::default()
        }));
        let theirs = shared.clone();
        let thread = std::thread::Builder::new()
            .name("noise gauge".to_owned())
            .spawn(move || measure(&timer, started, usage, &theirs))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Counts what this process uses from now on, all its threads, as ours.
    pub fn watch(&self, pid: u32) {
        lock(&self.shared).ours.watch(pid);
    }

    /// Counts what this process uses as foreign again. A process that is gone needs no such call.
    pub fn unwatch(&self, pid: u32) {
        lock(&self.shared).ours.unwatch(pid);
    }

    /// The readings whose interval overlaps the time between two moments, in order. Only those of
    /// the last ten minutes are kept.
    #[must_use]
    pub fn between(&self, from: Nanos, to: Nanos) -> Vec<Noise> {
        let shared = lock(&self.shared);
        let overlaps = |noise: &&Noise| noise.at >= from && noise.at.saturating_sub(INTERVAL) <= to;
        shared.readings.iter().filter(overlaps).cloned().collect()
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        lock(&self.shared).stop = true;
        if let Some(thread) = self.thread.take() {
            // It looks at `stop` each period; that it panicked was told on stderr already.
            let _ = thread.join();
        }
    }
}

/// A reading is whole or not there, so a panic elsewhere leaves nothing half done.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn timer(first: Nanos) -> io::Result<OwnedFd> {
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
    let time = |nanos: Nanos| Timespec {
        tv_sec: (nanos / 1_000_000_000).cast_signed(),
        tv_nsec: (nanos % 1_000_000_000).cast_signed(),
    };
    let schedule = Itimerspec {
        it_interval: time(PERIOD),
        it_value: time(first),
    };
    timerfd_settime(&timer, TimerfdTimerFlags::ABSTIME, &schedule)?;
    Ok(timer)
}

/// The gauge's thread. `started` is one period before the timer first fires.
fn measure(timer: &OwnedFd, started: Nanos, mut usage: Usage, shared: &Mutex<Shared>) {
    let mut due = started + PERIOD;
    let mut next_reading = started + INTERVAL;
    let mut lag = 0;
    let mut busy_until = 0;
    let mut waited = (started, pressure::waited());
    loop {
        let mut fired = [0; 8];
        match rustix::io::read(timer, &mut fired) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => panic!("a timerfd that blocks cannot fail to be read: {error}"),
        }
        let at = now();
        // The earliest of the periods that this wake-up answers is the one that waited longest;
        // while we took a reading, we were not waiting at all.
        lag = lag.max(at.saturating_sub(due.max(busy_until)));
        due += PERIOD * u64::from_ne_bytes(fired);
        let mut shared = lock(shared);
        if shared.stop {
            return;
        }
        if at < next_reading {
            continue;
        }
        let (steal, foreign) = shares(&mut usage, &mut shared.ours);
        let pressure = pressure_since(&mut waited, at);
        if shared.readings.len() == KEPT {
            shared.readings.pop_front();
        }
        shared.readings.push_back(Noise {
            at,
            lag,
            steal,
            foreign,
            pressure,
        });
        lag = 0;
        next_reading = at + INTERVAL;
        busy_until = now();
    }
}

/// The share of the time since the last reading in which something waited for a core.
fn pressure_since(last: &mut (Nanos, Option<u64>), at: Nanos) -> Option<f64> {
    let (then, before) = std::mem::replace(last, (at, pressure::waited()));
    let waited = last.1?.saturating_sub(before?) * 1000;
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of one interval")]
    let share = waited as f64 / at.saturating_sub(then).max(1) as f64;
    Some(share.min(1.0))
}

/// The shares of CPU time stolen and used by others since the last reading.
fn shares(last: &mut Usage, ours: &mut Watched) -> (f64, f64) {
    let used = ours.used();
    let Ok(usage) = cpu::usage() else {
        // What cannot be read must not look quiet.
        return (0.0, 1.0);
    };
    let since = usage.since(last);
    *last = usage;
    let share = |ticks: u64| {
        #[expect(clippy::cast_precision_loss, reason = "a few ticks of one interval")]
        let share = ticks as f64 / since.all.max(1) as f64;
        share.min(1.0)
    };
    // Processes and machine are read one after the other, so a tick may fall between them.
    (share(since.steal), share(since.busy.saturating_sub(used)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Waits until there are so many readings, and gives all of them.
    async fn readings(gauge: &Gauge, count: usize) -> Vec<Noise> {
        let (bound, every) = (Duration::from_secs(60), Duration::from_millis(20));
        meshproof_clock::poll(bound, every, "readings", async || {
            Some(gauge.between(0, u64::MAX)).filter(|all| all.len() >= count)
        })
        .await
        .unwrap()
    }

    #[tokio::test]
    async fn readings_come_in_order_and_are_shares() {
        let gauge = Gauge::start().unwrap();
        let all = readings(&gauge, 3).await;
        assert!(all.is_sorted_by_key(|noise| noise.at));
        for noise in all {
            assert!((0.0..=1.0).contains(&noise.steal), "{noise:?}");
            assert!((0.0..=1.0).contains(&noise.foreign), "{noise:?}");
        }
    }

    #[tokio::test]
    async fn a_window_holds_the_readings_that_overlap_it() {
        let gauge = Gauge::start().unwrap();
        let all = readings(&gauge, 3).await;
        let middle = all[1].at;
        let window = gauge.between(middle, middle);
        assert!(window.contains(&all[1]));
        assert!(!window.contains(&all[0]));
        assert_eq!(gauge.between(0, all[0].at - 2 * INTERVAL), []);
    }

    #[tokio::test]
    async fn processes_may_come_and_go() {
        let gauge = Gauge::start().unwrap();
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        gauge.watch(child.id());
        readings(&gauge, 1).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let seen = readings(&gauge, 2).await.len();
        gauge.unwatch(child.id());
        readings(&gauge, seen + 1).await;
    }

    #[test]
    fn dropping_the_gauge_ends_its_thread() {
        let gauge = Gauge::start().unwrap();
        let shared = Arc::downgrade(&gauge.shared);
        drop(gauge);
        assert!(shared.upgrade().is_none());
    }
}
