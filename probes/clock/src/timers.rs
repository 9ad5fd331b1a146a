//! Many deadlines on one timerfd.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::now;

/// Exact timers: a heap of deadlines over one timerfd. Clones share it.
///
/// Nothing fires unless somebody drives [`Timers::run`].
///
/// # Examples
/// ```
/// # async fn example() -> std::io::Result<()> {
/// use std::time::Duration;
/// let timers = meshproof_clock::Timers::new()?;
/// tokio::select! {
///     () = timers.run() => {}
///     () = timers.after(Duration::from_micros(250)) => {}
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Timers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    timerfd: AsyncFd<OwnedFd>,
    queue: Mutex<Queue>,
}

#[derive(Debug)]
struct Queue {
    /// Who waits for what, earliest first; the second half of the key tells equal deadlines apart.
    waiting: BTreeMap<(u64, u64), Waker>,
    next: u64,
    /// When the timerfd fires; `u64::MAX` while it is disarmed or has fired.
    armed: u64,
}

impl Timers {
    /// Timers of the current runtime.
    ///
    /// # Errors
    /// When the kernel has no descriptor left for the timerfd.
    ///
    /// # Panics
    /// Outside of a tokio runtime with its IO driver enabled.
    #[expect(
        deprecated,
        reason = "its successor is unsafe for the sake of types that may change their descriptor; an OwnedFd cannot"
    )]
    pub fn new() -> io::Result<Self> {
        let timerfd = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
        )?;
        Ok(Self(Arc::new(Shared {
            timerfd: AsyncFd::with_interest(timerfd, Interest::READABLE)?,
            queue: Mutex::new(Queue {
                waiting: BTreeMap::new(),
                next: 0,
                armed: u64::MAX,
            }),
        })))
    }

    /// Waits until the monotonic clock reads `at` nanoseconds; a time gone by is ready at once.
    ///
    /// # Cancel safety
    /// Dropping the future removes the deadline.
    pub fn until(&self, at: u64) -> Until {
        Until {
            timers: self.clone(),
            at,
            number: None,
        }
    }

    /// Waits for `wait`, counted from this call (not from the first poll).
    ///
    /// # Cancel safety
    /// Dropping the future removes the deadline.
    pub fn after(&self, wait: Duration) -> Until {
        let wait = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        self.until(now().saturating_add(wait))
    }

    /// Drives the timers; never returns. One driver is enough, more do no harm.
    pub async fn run(&self) {
        loop {
            let mut ready = self
                .0
                .timerfd
                .readable()
                .await
                .expect("the IO driver lives as long as the runtime that polls us");
            let mut count = [0; 8];
            // An error means that the timer was set anew since it fired: nothing to read.
            let _ = ready.try_io(|timerfd| Ok(rustix::io::read(timerfd.get_ref(), &mut count)?));
            for waker in self.0.release(now()) {
                waker.wake();
            }
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue
            .lock()
            .expect("no code panics while it holds the queue")
    }

    /// Takes all that is due out of the queue and arms the timerfd for the next.
    fn release(&self, time: u64) -> Vec<Waker> {
        let mut queue = self.queue();
        let mut due = Vec::new();
        while let Some(first) = queue.waiting.first_entry()
            && first.key().0 <= time
        {
            due.push(first.remove());
        }
        queue.armed = u64::MAX;
        if let Some(&(at, _)) = queue.waiting.keys().next() {
            self.arm(&mut queue, at);
        }
        due
    }

    fn arm(&self, queue: &mut Queue, at: u64) {
        let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        // A zero would disarm the timer; one nanosecond after boot is as good as zero.
        let at = at.max(1);
        let value = Itimerspec {
            it_interval: Timespec::default(),
            it_value: Timespec {
                tv_sec: signed(at / 1_000_000_000),
                tv_nsec: signed(at % 1_000_000_000),
            },
        };
        timerfd_settime(self.timerfd.get_ref(), TimerfdTimerFlags::ABSTIME, &value)
            .expect("an absolute time with less than a second of nanoseconds is valid");
        queue.armed = at;
    }
}

/// A wait for a moment, made by [`Timers::until`] and [`Timers::after`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Until {
    timers: Timers,
    at: u64,
    /// Our place among equal deadlines, once we are in the queue.
    number: Option<u64>,
}

impl Until {
    /// The moment waited for, in monotonic nanoseconds.
    #[must_use]
    pub const fn at(&self) -> u64 {
        self.at
    }
}

impl Future for Until {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if now() >= self.at {
            return Poll::Ready(());
        }
        let shared = self.timers.0.clone();
        let mut queue = shared.queue();
        let number = self.number.unwrap_or(queue.next);
        if self.number.replace(number).is_none() {
            queue.next += 1;
        }
        let waker = queue
            .waiting
            .entry((self.at, number))
            .or_insert_with(|| context.waker().clone());
        waker.clone_from(context.waker());
        if self.at < queue.armed {
            shared.arm(&mut queue, self.at);
        }
        Poll::Pending
    }
}

impl Drop for Until {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.timers.0.queue().waiting.remove(&(self.at, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;

    use tokio::task::JoinSet;

    use super::*;

    const MILLISECOND: u64 = 1_000_000;

    fn driven() -> (Timers, JoinSet<()>) {
        let timers = Timers::new().unwrap();
        let mut tasks = JoinSet::new();
        let driver = timers.clone();
        tasks.spawn(async move { driver.run().await });
        (timers, tasks)
    }

    #[tokio::test]
    async fn never_fires_early_and_fires_in_order() {
        let (timers, mut tasks) = driven();
        let order = Arc::new(StdMutex::new(Vec::new()));
        let start = now();
        for step in [5, 1, 4, 2, 3] {
            let (timers, order) = (timers.clone(), order.clone());
            tasks.spawn(async move {
                let at = start + step * MILLISECOND;
                timers.until(at).await;
                assert!(now() >= at, "early");
                order.lock().unwrap().push(step);
            });
        }
        for _ in 0..5 {
            tasks.join_next().await.unwrap().unwrap();
        }
        // A stalled thread may find several due at once; each is still no earlier than its time.
        let mut seen = order.lock().unwrap().clone();
        seen.sort_unstable();
        assert_eq!(seen, [1, 2, 3, 4, 5]);
    }

    #[tokio::test]
    async fn a_time_gone_by_is_ready_without_a_driver() {
        let timers = Timers::new().unwrap();
        timers.until(0).await;
        timers.until(now()).await;
    }

    #[tokio::test]
    async fn an_earlier_deadline_overtakes_an_armed_later_one() {
        let (timers, _tasks) = driven();
        let mut later = Box::pin(timers.after(Duration::from_secs(3600)));
        assert!(futures_poll(later.as_mut()).is_pending());
        timers.after(Duration::from_millis(1)).await;
        assert!(futures_poll(later.as_mut()).is_pending());
    }

    #[tokio::test]
    async fn dropping_a_wait_removes_its_deadline() {
        let (timers, _tasks) = driven();
        let mut dropped = Box::pin(timers.after(Duration::from_secs(3600)));
        assert!(futures_poll(dropped.as_mut()).is_pending());
        assert_eq!(timers.0.queue().waiting.len(), 1);
        drop(dropped);
        assert_eq!(timers.0.queue().waiting.len(), 0);
        // The timerfd is still armed for it; what comes next must fire all the same.
        timers.after(Duration::from_millis(1)).await;
    }

    #[tokio::test]
    async fn a_wait_that_moves_to_another_task_wakes_that_one() {
        let (timers, mut tasks) = driven();
        let mut wait = Box::pin(timers.after(Duration::from_millis(2)));
        assert!(futures_poll(wait.as_mut()).is_pending());
        tasks.spawn(wait);
        tasks.join_next().await.unwrap().unwrap();
    }

    fn futures_poll(wait: Pin<&mut Until>) -> Poll<()> {
        wait.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn timers_may_cross_threads() {
        fn check<T: Send + Sync>() {}
        check::<Timers>();
        check::<Until>();
    }
}
