//! The load driver: one task a request, each released at its intended time.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::Full;
use meshproof_clock::{Timers, now};
use meshproof_model::{
    AttemptEnded, AttemptStarted, Load, LoadEnded, Method, Nanos, Outcome, Record, Side,
};
use meshproof_protocol::headers;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::exchange::{Seen, exchange, sha256};
use super::latency::Latency;
use super::pool::Pool;
use super::schedule::Schedule;
use super::segment::Segment;

/// How many requests may wait for their answers at a time.
pub const IN_FLIGHT: usize = 10_000;

/// What driving a load takes beside the load itself.
#[derive(Debug, Clone)]
pub struct DriveOptions {
    /// The seed of sending times and body.
    pub seed: u64,
    /// The segment to which the prober's records are appended.
    pub records: PathBuf,
    /// Exact timers that somebody drives.
    pub timers: Timers,
    /// Ends the load at once, without a result.
    pub cancel: CancellationToken,
    /// The moment from which offsets count.
    pub started: Nanos,
    /// Counts as the load goes on.
    pub progress: Arc<Progress>,
}

/// How far a load has come.
#[derive(Debug, Default)]
pub struct Progress {
    sent: AtomicU64,
    settled: AtomicU64,
}

impl Progress {
    /// How many requests were sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How many of them were answered, broke or were given up.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.settled.load(Ordering::Relaxed)
    }
}

/// Why a load came to no result.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is nothing to call.
    #[error("the load on `{service}` has no entry to call")]
    NoEntry {
        /// The service that the load is on.
        service: String,
    },
    /// A record could not be written: what is not recorded must not be sent.
    #[error("{}: the prober's records cannot be written", path.display())]
    Records {
        /// The segment.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Too many requests wait for their answers.
    #[error("{limit} requests wait for an answer at a time: lower the load's `rate` or `giveUp`")]
    Crowded {
        /// How many may.
        limit: usize,
    },
    /// Our own side has no means for another connection.
    #[error(
        "{entry}: no means left on our side for another connection: raise `ulimit -n`, or lower the load's `rate`"
    )]
    Shortage {
        /// The entry that was to be called.
        entry: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The load was cancelled.
    #[error("the load was cancelled")]
    Cancelled,
}

/// Sends the requests of `load` at their intended times to `entries` in turn, and waits until each
/// is answered or given up. Every attempt is recorded: see [`DriveOptions::records`].
///
/// A request makes one attempt on the wire, over a connection of its own for that time. Its
/// patience counts from the actual sending. What is still under way when the load is cancelled
/// stays open in the records.
///
/// # Errors
/// When the load itself cannot be driven; what the called service does is no error.
pub async fn drive(
    load: &Load,
    entries: &[SocketAddr],
    run: DriveOptions,
) -> Result<LoadEnded, LoadError> {
    let cancel = run.cancel.clone();
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(LoadError::Cancelled),
        ended = send(load, entries, run, IN_FLIGHT) => ended,
    }
}

async fn send(
    load: &Load,
    entries: &[SocketAddr],
    run: DriveOptions,
    limit: usize,
) -> Result<LoadEnded, LoadError> {
    let (started, timers) = (run.started, run.timers.clone());
    let schedule = Schedule::new(load, run.seed);
    let caller = Arc::new(Caller::new(load, entries, run)?);
    let mut tasks = JoinSet::new();
    let mut result = Totals::new();
    for (number, offset) in (0..).zip(schedule) {
        let intended = started.saturating_add(offset);
        timers.until(intended).await;
        while let Some(done) = tasks.try_join_next() {
            result.add(joined(done)?);
        }
        if tasks.len() >= limit {
            return Err(LoadError::Crowded { limit });
        }
        let caller = caller.clone();
        tasks.spawn(async move { caller.call(number, intended).await });
        result.scheduled += 1;
        // A schedule that is behind is never waited for: others have to get their turn here.
        tokio::task::coop::consume_budget().await;
    }
    while let Some(done) = tasks.join_next().await {
        result.add(joined(done)?);
    }
    Ok(result.ended())
}

fn joined(
    done: Result<Result<Settled, LoadError>, tokio::task::JoinError>,
) -> Result<Settled, LoadError> {
    match done {
        Ok(settled) => settled,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Everything that the requests of a load have in common.
struct Caller {
    pools: Vec<Pool>,
    segment: Segment,
    records: PathBuf,
    timers: Timers,
    progress: Arc<Progress>,
    service: String,
    path: String,
    methods: Vec<Method>,
    give_up: Nanos,
    body: Bytes,
    digest: Option<String>,
}

impl Caller {
    fn new(load: &Load, entries: &[SocketAddr], run: DriveOptions) -> Result<Self, LoadError> {
        if entries.is_empty() {
            let service = load.on.clone();
            return Err(LoadError::NoEntry { service });
        }
        let segment = match Segment::open(&run.records) {
            Ok(segment) => segment,
            Err(source) => {
                let path = run.records;
                return Err(LoadError::Records { path, source });
            }
        };
        let body = body(load, run.seed);
        Ok(Self {
            pools: entries.iter().copied().map(Pool::new).collect(),
            segment,
            records: run.records,
            timers: run.timers,
            progress: run.progress,
            service: load.on.clone(),
            path: load.path.clone().unwrap_or_else(|| "/".to_owned()),
            methods: match load.methods.as_slice() {
                [] => vec![Method::Get],
                methods => methods.to_vec(),
            },
            give_up: load.give_up.as_nanos(),
            digest: sha256(&body),
            body,
        })
    }

    async fn call(&self, number: u64, intended: Nanos) -> Result<Settled, LoadError> {
        let pool = in_turn(&self.pools, number);
        let method = *in_turn(&self.methods, number);
        let name = format!("load.{number}");
        let request = self.request(method, &name, pool.entry());
        let sent = self.record(|at| {
            Record::AttemptStarted(AttemptStarted {
                at,
                id: number,
                replica: "prober".to_owned(),
                side: Side::Caller,
                peer: self.service.clone(),
                call: name.clone(),
                trace: name,
                method,
                intended: Some(intended),
            })
        })?;
        self.progress.sent.fetch_add(1, Ordering::Relaxed);
        let seen = tokio::select! {
            biased;
            seen = exchange(pool, request) => seen.map_err(|source| LoadError::Shortage {
                entry: pool.entry(),
                source,
            })?,
            () = self.timers.until(sent.saturating_add(self.give_up)) => Seen {
                outcome: Outcome::GaveUp,
                received: None,
            },
        };
        let whole = matches!(seen.outcome, Outcome::Answered { .. });
        let ended = self.record(|at| {
            Record::AttemptEnded(AttemptEnded {
                at,
                id: number,
                replica: "prober".to_owned(),
                side: Side::Caller,
                outcome: seen.outcome,
                sent: self.digest.clone().filter(|_| whole),
                received: seen.received,
            })
        })?;
        self.progress.settled.fetch_add(1, Ordering::Relaxed);
        Ok(Settled {
            intended,
            sent,
            ended,
        })
    }

    fn request(&self, method: Method, name: &str, entry: SocketAddr) -> Request<Full<Bytes>> {
        let value = |text: &str| {
            HeaderValue::from_str(text).expect("letters, digits, dots and colons make a header")
        };
        let name = value(name);
        Request::builder()
            .method(method.name())
            .uri(self.path.as_str())
            .header(header::HOST, value(&entry.to_string()))
            .header(headers::TRACE, name.clone())
            .header(headers::CALL, name)
            .body(Full::new(self.body.clone()))
            .expect("each part is valid by itself")
    }

    fn record(&self, record: impl FnOnce(Nanos) -> Record) -> Result<Nanos, LoadError> {
        self.segment
            .write(record)
            .map_err(|source| LoadError::Records {
                path: self.records.clone(),
                source,
            })
    }
}

fn in_turn<T>(all: &[T], number: u64) -> &T {
    let count = all.len() as u64;
    let index = usize::try_from(number % count).expect("below a length");
    &all[index]
}

fn body(load: &Load, seed: u64) -> Bytes {
    let size = load.body.map_or(0, |size| size.get());
    let mut body = vec![0; usize::try_from(size).expect("usize has 64 bits")];
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    // Stream 0 is the schedule's.
    random.set_stream(1);
    random.fill_bytes(&mut body);
    body.into()
}

/// The times of one request.
#[derive(Debug, Clone, Copy)]
struct Settled {
    intended: Nanos,
    sent: Nanos,
    ended: Nanos,
}

struct Totals {
    scheduled: u64,
    sent: u64,
    last: Option<Nanos>,
    max_lag: Nanos,
    intended: Latency,
    actual: Latency,
}

impl Totals {
    fn new() -> Self {
        Self {
            scheduled: 0,
            sent: 0,
            last: None,
            max_lag: 0,
            intended: Latency::new(),
            actual: Latency::new(),
        }
    }

    fn add(&mut self, request: Settled) {
        self.sent += 1;
        self.last = self.last.max(Some(request.ended));
        self.max_lag = self
            .max_lag
            .max(request.sent.saturating_sub(request.intended));
        self.intended
            .record(request.ended.saturating_sub(request.intended));
        self.actual.record(request.ended - request.sent);
    }

    fn ended(self) -> LoadEnded {
        LoadEnded {
            at: self.last.unwrap_or_else(now),
            scheduled: self.scheduled,
            sent: self.sent,
            max_lag: self.max_lag,
            intended: self.intended.export(),
            actual: self.actual.export(),
        }
    }
}

#[cfg(test)]
mod tests;
