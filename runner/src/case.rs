//! One case, from deployment to verdict.

mod arm;
mod evidence;
mod resources;
mod window;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use meshproof_clock::{Late, Timers};
use meshproof_fixtures::{DeployError, FaultError, Processes, Profile};
use meshproof_model::units::Duration;
use meshproof_model::{CaseEnded, Event, Verdict, VerdictKind};
use meshproof_probes::Gauge;
use meshproof_suites::{Judgement, prove};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use arm::Deployed;

use crate::plan::{Fate, Planned};

/// How often a case is run again when its evidence did not suffice. A failed one never is.
const AGAIN: u32 = 2;

/// What all cases of a run share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) processes: Arc<Processes>,
    pub(crate) gauge: Arc<Gauge>,
    pub(crate) timers: Timers,
    pub(crate) events: UnboundedSender<Event>,
    pub(crate) cancel: CancellationToken,
    pub(crate) mesh: Arc<Profile>,
    pub(crate) bare: Arc<Profile>,
    pub(crate) sabotage: Option<String>,
    /// The run's folder of evidence.
    pub(crate) out: PathBuf,
    pub(crate) keep: bool,
}

/// Why a case could not be judged at all: the environment failed, or somebody stopped the run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaseError {
    #[error("{case}: the world did not come up or broke")]
    Deploy {
        case: String,
        #[source]
        source: DeployError,
    },
    #[error("{case}: a fault could not be injected or taken back")]
    Fault {
        case: String,
        #[source]
        source: FaultError,
    },
    #[error("{case}: the load could not be driven")]
    Load {
        case: String,
        #[source]
        source: meshproof_probes::LoadError,
    },
    #[error("{case}: an intruder could not be played")]
    Intrude {
        case: String,
        #[source]
        source: meshproof_probes::DisguiseError,
    },
    #[error("{case}: the evidence could not be written to {}", .path.display())]
    Evidence {
        case: String,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(transparent)]
    Late(#[from] Late),
    #[error("the keeper of this run is gone, and every process with it")]
    KeeperGone,
    #[error("interrupted")]
    Interrupted,
}

impl Shared {
    fn tell(&self, event: Event) {
        // The receiver lives as long as the run; when it is gone there is nobody left to tell.
        let _ = self.events.send(event);
    }

    fn step(&self, planned: &Planned, step: impl Into<String>) {
        self.tell(Event::CaseStep {
            case: planned.case.id.clone(),
            repetition: planned.repetition,
            step: step.into(),
        });
    }
}

/// Runs a planned case, again while it is inconclusive, and tells its verdicts.
pub(crate) async fn run(shared: &Shared, planned: &Planned) -> Result<(), CaseError> {
    shared.tell(Event::CaseStarted {
        case: planned.case.id.clone(),
        repetition: planned.repetition,
    });
    if let Some(verdict) = decided(&planned.fate) {
        let ended = ended(planned, plain(verdict), Instant::now());
        shared.tell(Event::CaseEnded(ended));
        return Ok(());
    }
    for attempt in 0..=AGAIN {
        let started = Instant::now();
        let Deployed {
            judgement,
            history,
            resources,
        } = judged(shared, planned, attempt).await?;
        let open = judgement.verdict.kind() == VerdictKind::Inconclusive;
        let history = history.strip_prefix(&shared.out).unwrap_or(&history);
        let history = history.to_string_lossy().into_owned();
        shared.tell(Event::CaseEnded(CaseEnded {
            history: Some(history),
            resources: Some(resources),
            ..ended(planned, judgement, started)
        }));
        if !open {
            break;
        }
        if attempt < AGAIN {
            shared.step(planned, "inconclusive: once more");
        }
    }
    Ok(())
}

/// The verdict on a case that is not run.
fn decided(fate: &Fate) -> Option<Verdict> {
    match fate {
        Fate::Run => None,
        Fate::Skip(missing) => Some(Verdict::Skipped {
            missing: missing.clone(),
        }),
        Fate::FailRequired(why) => Some(Verdict::Fail {
            why: why.clone(),
            evidence: Vec::new(),
        }),
    }
}

/// The case under the mesh and, where it asks for that, the same without any mesh: a fault that
/// does not hurt there proves nothing here.
async fn judged(shared: &Shared, planned: &Planned, attempt: u32) -> Result<Deployed, CaseError> {
    let meshed = arm::run(shared, planned, arm::Arm::Mesh, attempt);
    if !planned.case.control {
        return meshed.await;
    }
    let bare = arm::run(shared, planned, arm::Arm::Control, attempt);
    let (meshed, bare) = tokio::join!(meshed, bare);
    let (meshed, bare) = (meshed?, bare?);
    Ok(Deployed {
        judgement: prove(meshed.judgement, &bare.judgement),
        ..meshed
    })
}

/// A judgement that no evidence was needed, or enough, for.
fn plain(verdict: Verdict) -> Judgement {
    Judgement {
        verdict,
        expects: Vec::new(),
        converged: None,
        lag: None,
    }
}

fn ended(planned: &Planned, judgement: Judgement, started: Instant) -> CaseEnded {
    CaseEnded {
        case: planned.case.id.clone(),
        repetition: planned.repetition,
        level: planned.case.level,
        statement: planned.case.statement.clone(),
        verdict: judgement.verdict,
        expects: judgement.expects,
        took: readable(started.elapsed().into()),
        converged: judgement.converged.map(readable),
        lag: judgement.lag.map(readable),
        resources: None,
        history: None,
    }
}

/// In whole microseconds: nothing here is known better, and `2190833607ns` is hard to read.
fn readable(length: Duration) -> Duration {
    std::time::Duration::from_micros(length.as_nanos() / 1000).into()
}
