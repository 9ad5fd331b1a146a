//! A run: many cases side by side, one event stream out.

mod folder;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use meshproof_clock::Timers;
use meshproof_fixtures::Processes;
use meshproof_model::{Event, Level, RunEnded, RunStarted, VerdictKind};
use meshproof_probes::Gauge;
use meshproof_reports::{Exit, Facts, Report, Tally};
use rustix::process::{Resource, getrlimit, setrlimit};
use sha2::{Digest, Sha256};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) use folder::{Folders, runs_folder, scratch};

use crate::case::{self, CaseError, Shared};
use crate::plan::{Plan, Planned};

/// The keeper ends the world when it has heard nothing from us for so long.
pub(crate) const LEASE: Duration = Duration::from_secs(20);
/// As shells report a program that SIGINT ended.
const INTERRUPTED: u8 = 130;

/// How a run is carried out.
#[derive(Debug)]
pub(crate) struct Manner {
    pub(crate) jobs: u32,
    pub(crate) strict: bool,
    pub(crate) keep: bool,
    /// The command that runs the same again.
    pub(crate) reproduce: String,
}

/// Why a run could not even begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error("this program cannot find itself on disk")]
    Exe(#[source] io::Error),
    #[error(transparent)]
    Platform(#[from] meshproof_fixtures::PlatformError),
    #[error("the noise gauge does not start")]
    Gauge(#[source] io::Error),
    #[error("no timer can be made")]
    Timers(#[source] io::Error),
    #[error("a report cannot be written")]
    Report(#[source] io::Error),
}

/// Carries out a plan, tells it to the reports, and returns the exit code.
pub(crate) async fn run(
    plan: Plan,
    manner: Manner,
    folders: &Folders,
    mut reports: Vec<Box<dyn Report>>,
) -> Result<u8, RunError> {
    let began = Instant::now();
    // One for the whole run: what is made anew with every event misses what comes in between.
    let mut interruption = pin!(interruption());
    raise_descriptors();
    let exe = std::env::current_exe().map_err(RunError::Exe)?;
    let started = started(&plan, &manner, folders, &exe)?;
    let mut latest = Latest::default();
    // A run that is told of has a keeper, which ends it whatever becomes of this process.
    let (processes, listen) = Processes::start(&exe, &folders.state, LEASE)?;
    tell(&mut reports, &Event::RunStarted(started))?;

    let cancel = CancellationToken::new();
    let (events, mut heard) = mpsc::unbounded_channel();
    let timers = Timers::new().map_err(RunError::Timers)?;
    let facts = Facts {
        planned: u32::try_from(plan.cases.len()).unwrap_or(u32::MAX),
        strict: manner.strict,
        broken: false,
    };
    let shared = Arc::new(Shared {
        processes: Arc::clone(&processes),
        gauge: Arc::new(Gauge::start().map_err(RunError::Gauge)?),
        timers: timers.clone(),
        events,
        cancel: cancel.clone(),
        mesh: plan.mesh,
        bare: plan.bare,
        sabotage: plan.sabotage,
        out: folders.out.clone(),
        keep: manner.keep,
    });
    let mut work = JoinSet::new();
    work.spawn(async move {
        tokio::select! {
            () = timers.run() => Ok(()),
            broken = schedule(shared, plan.cases, manner.jobs) => broken,
            () = listen => Err(CaseError::KeeperGone),
        }
    });
    let mut broken = None;
    let mut interrupted = false;
    loop {
        tokio::select! {
            biased;
            Some(event) = heard.recv() => {
                latest.see(&event);
                tell(&mut reports, &event)?;
            }
            Some(done) = work.join_next() => {
                match done {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => broken = Some(explain(&error)),
                    Err(panic) => broken = Some(format!("a defect of meshproof itself: {panic}")),
                }
                break;
            }
            () = &mut interruption, if !interrupted => {
                interrupted = true;
                cancel.cancel();
            }
        }
    }
    while let Ok(event) = heard.try_recv() {
        latest.see(&event);
        tell(&mut reports, &event)?;
    }
    // A keeper that is gone took everything with it; one that is there removes the run's state.
    if let Err(error) = processes.shutdown()
        && broken.is_none()
    {
        broken = Some(explain(&error));
    }
    let exit = match (interrupted, &broken) {
        (true, _) => INTERRUPTED,
        (false, broken) => {
            let facts = Facts {
                broken: broken.is_some(),
                ..facts
            };
            Exit::of(&latest.tally(), facts).code()
        }
    };
    let ended = Event::RunEnded(RunEnded {
        took: Duration::from_millis(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX))
            .into(),
        exit,
        broken: if interrupted {
            Some("interrupted".to_owned())
        } else {
            broken
        },
    });
    tell(&mut reports, &ended)?;
    for report in reports {
        report.finish().map_err(RunError::Report)?;
    }
    Ok(exit)
}

/// The ports of a world are held open here: some 3,500 for three hundred services, where the soft
/// limit of a login shell is 1024.
fn raise_descriptors() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // A system that refuses leaves us the old limit, which small worlds do not reach.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// Runs cases side by side, those that need the machine to themselves alone.
async fn schedule(shared: Arc<Shared>, cases: Vec<Planned>, jobs: u32) -> Result<(), CaseError> {
    let slots = Arc::new(Semaphore::new(jobs as usize));
    let mut running = JoinSet::new();
    for planned in cases {
        let wanted = if planned.case.alone { jobs } else { 1 };
        let slots = Arc::clone(&slots);
        let slot = tokio::select! {
            slot = slots.acquire_many_owned(wanted) => slot.expect("the semaphore is never closed"),
            () = shared.cancel.cancelled() => break,
        };
        let shared = Arc::clone(&shared);
        running.spawn(async move {
            let done = case::run(&shared, &planned).await;
            drop(slot);
            if done.is_err() {
                // One broken world is enough to know that the environment fails us.
                shared.cancel.cancel();
            }
            done
        });
    }
    let mut first = Ok(());
    while let Some(done) = running.join_next().await {
        let done = joined(done);
        // What the others say once one has failed is only that they were stopped.
        if first.is_ok() || matches!(first, Err(CaseError::Interrupted)) {
            first = done.and(first);
        }
    }
    first
}

fn joined(done: Result<Result<(), CaseError>, tokio::task::JoinError>) -> Result<(), CaseError> {
    match done {
        Ok(done) => done,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    }
}

/// A repetition that ends again, because it was inconclusive, counts once, as it ended last.
#[derive(Debug, Default)]
struct Latest(BTreeMap<(String, u32), (Level, VerdictKind)>);

impl Latest {
    fn see(&mut self, event: &Event) {
        if let Event::CaseEnded(ended) = event {
            let key = (ended.case.clone(), ended.repetition);
            self.0.insert(key, (ended.level, ended.verdict.kind()));
        }
    }

    fn tally(&self) -> Tally {
        self.0.values().copied().collect()
    }
}

fn tell(reports: &mut [Box<dyn Report>], event: &Event) -> Result<(), RunError> {
    reports
        .iter_mut()
        .try_for_each(|report| report.see(event))
        .map_err(RunError::Report)
}

fn started(
    plan: &Plan,
    manner: &Manner,
    folders: &Folders,
    exe: &Path,
) -> Result<RunStarted, RunError> {
    let began = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Ok(RunStarted {
        schema: "meshproof/v1".to_owned(),
        run: folders.name.clone(),
        started: began.map_or(0, |since| since.as_secs()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        suite: plan.suite.clone(),
        mesh: plan.mesh.spec.name.clone(),
        sabotage: plan.sabotage.clone(),
        seed: plan.seed,
        planned: u32::try_from(plan.cases.len()).unwrap_or(u32::MAX),
        service_digest: digest(exe).map_err(RunError::Exe)?,
        reproduce: manner.reproduce.clone(),
    })
}

/// SHA-256 of a file, in hexadecimal.
fn digest(path: &Path) -> io::Result<String> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut digest = Sha256::new();
    loop {
        let chunk = file.fill_buf()?;
        if chunk.is_empty() {
            break;
        }
        digest.update(chunk);
        let length = chunk.len();
        file.consume(length);
    }
    let bytes = digest.finalize();
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// An error with all its causes, in one text.
pub(crate) fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        // A transparent error repeats its cause.
        if !text.ends_with(&told) {
            text = format!("{text}: {told}");
        }
        cause = error.source();
    }
    text
}

/// Ctrl-C, or a request to end: from the moment of the call, not of the first poll.
pub(crate) fn interruption() -> impl Future<Output = ()> {
    let mut interrupt = signal(SignalKind::interrupt()).expect("SIGINT can be listened to");
    let mut terminate = signal(SignalKind::terminate()).expect("SIGTERM can be listened to");
    async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}
