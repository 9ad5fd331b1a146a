//! One deployment of a case: with the mesh under test, or without any as the control.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use meshproof_clock::{now, poll};
use meshproof_fixtures::{Active, DeployError, Plan as WorldPlan, Running, apply};
use meshproof_model::{
    ChangeRecord, FaultRecord, LoadEnded, Mark, Nanos, Operation, Phase, Record, Resources,
};
use meshproof_probes::{DriveOptions, drive};
use meshproof_suites::Judgement;
use meshproof_suites::history;

use super::window::{Action, Input, Window};
use super::{CaseError, Shared, evidence, resources, wire};
use crate::plan::Planned;

/// From the decision to send to the first intended sending.
const LEAD: Nanos = 5_000_000;
/// By when the keeper has told of a process that ended.
const HEARD: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_millis(10);

/// Which of a case's deployments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arm {
    /// With the mesh under test.
    Mesh,
    /// With no mesh.
    Control,
}

/// What the effects of a window report.
enum Done {
    Applied(usize, Active),
    Reverted(usize, Vec<FaultRecord>),
    Changed(usize, Vec<ChangeRecord>),
    Load(Box<LoadEnded>),
}

type Effect<'a> = Pin<Box<dyn Future<Output = Result<Done, CaseError>> + Send + 'a>>;

/// What a deployment came to.
pub(super) struct Deployed {
    pub(super) judgement: Judgement,
    pub(super) history: PathBuf,
    pub(super) resources: Resources,
}

/// Deploys, breaks, collects and judges. The world is gone when this returns, whatever it returns.
pub(super) async fn run(
    shared: &Shared,
    planned: &Planned,
    arm: Arm,
    attempt: u32,
) -> Result<Deployed, CaseError> {
    let case = &planned.case;
    let deploy = |source| CaseError::Deploy {
        case: case.id.clone(),
        source,
    };
    let (suffix, profile) = match arm {
        Arm::Mesh => ("", &shared.mesh),
        Arm::Control => (".control", &shared.bare),
    };
    let again = if attempt == 0 {
        String::new()
    } else {
        format!(".again{attempt}")
    };
    let name = format!("{}.{}{suffix}{again}", case.id, planned.repetition);
    let plan = WorldPlan {
        id: name.clone(),
        world: case.world.clone(),
        profile: Arc::clone(profile),
        policies: case.policies(),
        faults: case.faults.clone(),
        taps: case
            .expect
            .iter()
            .filter_map(|expect| expect.taps(case))
            .collect(),
        seed: planned.seed,
        sabotage: shared.sabotage.clone().filter(|_| arm == Arm::Mesh),
    };
    if arm == Arm::Mesh {
        shared.step(planned, "deploying");
    }
    let begun = Instant::now();
    let started = plan.start(&shared.processes);
    let world = tokio::select! {
        world = started => world.map_err(deploy)?,
        () = shared.cancel.cancelled() => return Err(CaseError::Interrupted),
    };
    let up = begun.elapsed();
    let pids = world.pids();
    pids.iter().for_each(|pid| shared.gauge.watch(*pid));
    let seen = tokio::select! {
        seen = observe(shared, planned, arm, &world) => seen,
        () = shared.cancel.cancelled() => Err(CaseError::Interrupted),
    };
    let held = resources::look(world.pids(), up).await;
    let history = shared.out.join("history").join(format!("{name}.jsonl"));
    let written = match seen {
        Err(error) => Err(error),
        Ok(records) => {
            evidence::write(
                &header(shared, planned, arm),
                &world,
                records,
                history.clone(),
            )
            .await
        }
    };
    let kept = if shared.keep {
        evidence::keep(&world, &shared.out.join("world").join(&name))
    } else {
        Ok(())
    };
    let ending = Instant::now();
    let stopped = world.stop().await.map_err(deploy);
    let resources = held.gone(ending);
    pids.iter().for_each(|pid| shared.gauge.unwatch(*pid));
    written?;
    stopped?;
    kept.map_err(|source| CaseError::Evidence {
        case: case.id.clone(),
        path: shared.out.join("world"),
        source,
    })?;
    let judgement = evidence::judge(&history).await;
    Ok(Deployed {
        judgement,
        history,
        resources,
    })
}

fn header(shared: &Shared, planned: &Planned, arm: Arm) -> history::Header {
    let profile = match arm {
        Arm::Mesh => &shared.mesh,
        Arm::Control => &shared.bare,
    };
    history::Header {
        schema: history::SCHEMA.to_owned(),
        case: (*planned.case).clone(),
        mesh: profile.spec.name.clone(),
        budget: profile.spec.budget,
        repetition: planned.repetition,
        seed: planned.seed,
        arm: match arm {
            Arm::Mesh => history::Arm::Mesh,
            Arm::Control => history::Arm::Control,
        },
    }
}

/// Policy, gate, load and faults; returns what the runner itself saw.
async fn observe(
    shared: &Shared,
    planned: &Planned,
    arm: Arm,
    world: &Running,
) -> Result<Vec<Record>, CaseError> {
    let case = &planned.case;
    let begin = now();
    let mut records = Vec::new();
    let deploy = |source| CaseError::Deploy {
        case: case.id.clone(),
        source,
    };
    // Without a policy there is nothing to hand over: the load meets the mesh as it says it is ready.
    let acts = if case.policy.is_empty() {
        Ok(())
    } else {
        records.push(mark(Phase::PolicyApplied));
        world.apply_policy().await.map_err(deploy)?;
        let acts = world.policy_acts(case.acts.within.std()).await;
        records.extend(acts.is_ok().then(|| mark(Phase::PolicyActs)));
        acts
    };
    match acts {
        Ok(()) => {
            if arm == Arm::Mesh {
                shared.step(planned, "under load");
            }
            records.extend(evidence::told(case, world).await.map_err(deploy)?);
            match window(shared, planned, world, &mut records).await {
                // What a mesh that fell cannot do for us any more is no failure of ours.
                Err(CaseError::Deploy { .. } | CaseError::Fault { .. }) if fell(world).await => {}
                done => done?,
            }
            evidence::settle(world).await;
            records.extend(evidence::told(case, world).await.map_err(deploy)?);
        }
        // A mesh that fell is told of by the records of its processes.
        Err(DeployError::Late(_) | DeployError::MeshFell { .. }) => {
            records.push(mark(Phase::PolicyNeverActed));
        }
        Err(error) => return Err(deploy(error)),
    }
    let wire = world.take_wire_records().map_err(deploy)?;
    records.extend(wire.into_iter().map(Record::Wire));
    world.stands().map_err(deploy)?;
    let processes = world.take_process_records();
    records.extend(processes.into_iter().map(Record::Process));
    let noise = shared.gauge.between(begin, now());
    records.extend(noise.into_iter().map(Record::Noise));
    Ok(records)
}

/// Whether the mesh fell: its end may be heard of a moment after what it brought about.
async fn fell(world: &Running) -> bool {
    let look = async || world.mesh_fell().then_some(());
    poll(HEARD, LOOK, "the end of a mesh's process", look)
        .await
        .is_ok()
}

fn mark(phase: Phase) -> Record {
    Record::Mark(Mark { at: now(), phase })
}

/// Carries out what the pure [`Window`] decides.
async fn window(
    shared: &Shared,
    planned: &Planned,
    world: &Running,
    records: &mut Vec<Record>,
) -> Result<(), CaseError> {
    let case = &planned.case;
    let mut window = Window::new(&case.faults, &case.changes, case.load.length.as_nanos());
    let mut active: Vec<Option<Active>> = case.faults.iter().map(|_| None).collect();
    let mut effects: FuturesUnordered<Effect<'_>> = FuturesUnordered::new();
    let mut wake: Option<Nanos> = None;
    let mut inputs = vec![Input::Open];
    loop {
        while let Some(input) = inputs.pop() {
            for action in window.step(now(), input) {
                match action {
                    Action::Apply(index) => effects.push(Box::pin(put_in(world, planned, index))),
                    Action::Revert(index) => {
                        let fault = active[index]
                            .take()
                            .expect("only active faults are reverted");
                        effects.push(Box::pin(take_back(world, planned, index, fault)));
                    }
                    Action::Change(index) => {
                        effects.push(Box::pin(operate(world, planned, index)));
                    }
                    Action::StartLoad => {
                        records.push(mark(Phase::LoadStarted));
                        effects.push(Box::pin(send(shared, planned, world)));
                        inputs.push(Input::LoadStarted);
                    }
                    Action::WakeAt(at) => wake = Some(at),
                    Action::Close => return Ok(()),
                }
            }
        }
        let alarm = async {
            match wake {
                Some(at) => shared.timers.until(at).await,
                None => std::future::pending().await,
            }
        };
        let input = tokio::select! {
            () = alarm => {
                wake = None;
                Input::Clock
            }
            Some(done) = effects.next() => match done? {
                Done::Applied(index, fault) => {
                    // A fault may have started processes: what they use is ours too.
                    world.pids().iter().for_each(|pid| shared.gauge.watch(*pid));
                    active[index] = Some(fault);
                    Input::Applied(index)
                }
                Done::Reverted(index, life) => {
                    records.extend(life.into_iter().map(Record::Fault));
                    Input::Reverted(index)
                }
                Done::Changed(index, life) => {
                    records.extend(life.into_iter().map(Record::Change));
                    Input::Changed(index)
                }
                Done::Load(ended) => {
                    records.push(Record::LoadEnded(*ended));
                    records.push(mark(Phase::LoadEnded));
                    Input::LoadEnded
                }
            },
        };
        inputs.push(input);
    }
}

async fn put_in(world: &Running, planned: &Planned, index: usize) -> Result<Done, CaseError> {
    let number = u32::try_from(index).expect("a case has few faults");
    match apply(world, number, &planned.case.faults[index]).await {
        Ok(active) => Ok(Done::Applied(index, active)),
        Err(source) => Err(CaseError::Fault {
            case: planned.case.id.clone(),
            source,
        }),
    }
}

async fn take_back(
    world: &Running,
    planned: &Planned,
    index: usize,
    fault: Active,
) -> Result<Done, CaseError> {
    match fault.revert(world).await {
        Ok(life) => Ok(Done::Reverted(index, life)),
        Err(source) => Err(CaseError::Fault {
            case: planned.case.id.clone(),
            source,
        }),
    }
}

async fn operate(world: &Running, planned: &Planned, index: usize) -> Result<Done, CaseError> {
    let number = u32::try_from(index).expect("a case has few changes");
    let case = &planned.case;
    let operation = match &case.changes[index].operation {
        Operation::Policy(policies) => Operation::Policy(case.spread(policies)),
        other => other.clone(),
    };
    let life = wire::operate(world, planned, number, &operation).await?;
    Ok(Done::Changed(index, life))
}

async fn send(shared: &Shared, planned: &Planned, world: &Running) -> Result<Done, CaseError> {
    let load = &planned.case.load;
    let options = DriveOptions {
        seed: planned.seed,
        records: world.prober_segment(),
        timers: shared.timers.clone(),
        cancel: shared.cancel.clone(),
        // Far enough ahead that the first request is not late already.
        started: now() + LEAD,
        progress: Arc::default(),
    };
    match drive(load, &world.entries(load), options).await {
        Ok(ended) => Ok(Done::Load(Box::new(ended))),
        Err(source) => Err(CaseError::Load {
            case: planned.case.id.clone(),
            source,
        }),
    }
}
