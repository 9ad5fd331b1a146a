//! The steps of a mesh's life, from its start to the end of one of its workloads.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use meshproof_clock::Timers;
use meshproof_fixtures::{DeployError, Plan, PlatformError, Processes, Profile, Running, change};
use meshproof_keeper::KeeperError;
use meshproof_model::units;
use meshproof_model::{
    Capability, ChangeStep, Claim, Edge, Operation, Policy, Retry, Service, Timeouts, World,
};

use super::Steps;
use super::call::{CallError, call};
use crate::run::explain;

/// How long a policy or a change of membership may take to act.
const ACTS: Duration = Duration::from_secs(5);
/// The replica that is drained; the other one answers on.
const DRAINED: &str = "b-1";

/// Why the walk ended early.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The mesh failed a step.
    Mesh { step: &'static str, why: String },
    /// This machine did.
    Environment(String),
    /// Somebody stopped it.
    Interrupted,
}

/// What the walk needs.
pub(super) struct Life<'a> {
    pub(super) processes: Arc<Processes>,
    pub(super) profile: Arc<Profile>,
    pub(super) timers: Timers,
    pub(super) steps: &'a mut Steps,
}

impl Life<'_> {
    /// Walks the mesh from start to drain. What still runs then ends with the keeper.
    pub(super) async fn walk(&mut self) -> Result<(), Trouble> {
        let (policies, names) = policies(&self.profile);
        let plan = Plan {
            id: "check".to_owned(),
            world: world(),
            profile: Arc::clone(&self.profile),
            policies,
            faults: Vec::new(),
            taps: Vec::new(),
            seed: 1,
            sabotage: None,
        };
        let world = match plan.start(&self.processes).await {
            Ok(world) => world,
            Err(error) => return Err(trouble("start", &error, None)),
        };
        let failed = |step, error: &DeployError| trouble(step, error, Some(&world));
        let count = world.pids().len();
        self.steps.done(
            "start",
            &format!("{count} processes: `a`, which calls `b`, which has two replicas"),
        );
        if self.profile.spec.policy.is_some() {
            world
                .policy_acts(ACTS)
                .await
                .map_err(|error| failed("ready", &error))?;
            self.steps
                .done("ready", "the first configuration acts everywhere");
        }
        self.call(&world, "call").await?;
        if self.profile.spec.policy.is_some() {
            world
                .apply_policy()
                .await
                .map_err(|error| failed("policy", &error))?;
            world
                .policy_acts(ACTS)
                .await
                .map_err(|error| failed("policy", &error))?;
            self.steps
                .done("policy", &format!("a->b gets {names}: it acts everywhere"));
            self.call(&world, "call").await?;
        } else {
            self.steps.skipped("policy", "the profile takes none");
        }
        if *self.profile.claim(Capability::Drain) == Claim::None {
            self.steps.skipped("drain", "the profile declares none");
        } else {
            self.drain(&world).await?;
            self.call(&world, "call").await?;
        }
        world
            .stop()
            .await
            .map_err(|error| trouble("stop", &error, None))?;
        self.steps
            .done("stop", "the processes of the world are gone");
        Ok(())
    }

    async fn call(&mut self, world: &Running, step: &'static str) -> Result<(), Trouble> {
        match call(world, &self.timers).await {
            Ok(told) => {
                self.steps.done(step, &told);
                Ok(())
            }
            Err(CallError::Answer(why)) => Err(Trouble::Mesh {
                step,
                why: format!("{why}{}", logs(world)),
            }),
            Err(CallError::Environment(why)) => Err(Trouble::Environment(why)),
        }
    }

    async fn drain(&mut self, world: &Running) -> Result<(), Trouble> {
        let operation = Operation::Drain(DRAINED.to_owned());
        let life = change(world, 0, &operation, ACTS).await;
        let life = life.map_err(|error| trouble("drain", &error, Some(world)))?;
        if life.iter().any(|record| record.step == ChangeStep::Done) {
            self.steps.done(
                "drain",
                &format!("{DRAINED}: withdrawn, seen by its caller, drained, ended"),
            );
            return Ok(());
        }
        let why = format!("the mesh did not show within {ACTS:?} that {DRAINED} is withdrawn");
        Err(Trouble::Mesh {
            step: "drain",
            why: format!("{why}{}", logs(world)),
        })
    }
}

/// Whose failure it is: the mesh's, unless this machine denied us something.
fn trouble(step: &'static str, error: &DeployError, world: Option<&Running>) -> Trouble {
    let refused = |error: &PlatformError| {
        // The keeper refuses what cannot be executed, and only the profile says what that is.
        matches!(
            error,
            PlatformError::Keeper(KeeperError::Refused { .. }) | PlatformError::Late(_)
        )
    };
    let why = explain(error);
    let of_mesh = match error {
        DeployError::Platform(error) => refused(error),
        DeployError::Ports(_) | DeployError::Links(_) | DeployError::Write { .. } => false,
        _ => true,
    };
    if !of_mesh {
        return Trouble::Environment(why);
    }
    Trouble::Mesh {
        step,
        why: format!("{why}{}", world.map_or_else(String::new, logs)),
    }
}

/// The ends of all logs, a line each.
fn logs(world: &Running) -> String {
    let mut text = String::new();
    for (process, tail) in world.log_tails() {
        text.push_str(&format!("\nthe end of the log of {process}:"));
        tail.lines()
            .for_each(|line| text.push_str(&format!("\n  | {line}")));
    }
    text
}

fn world() -> World {
    let a = Service {
        calls: vec!["b".to_owned()],
        ..Service::default()
    };
    let b = Service {
        replicas: 2,
        ..Service::default()
    };
    World {
        services: IndexMap::from([("a".to_owned(), a), ("b".to_owned(), b)]),
        layered: None,
    }
}

/// A policy of what the mesh claims, which no sound call is touched by, and what to call it.
fn policies(profile: &Profile) -> (IndexMap<Edge, Policy>, String) {
    let claims = |capability| *profile.claim(capability) != Claim::None;
    let mut policy = Policy::default();
    let mut names = Vec::new();
    if claims(Capability::TimeoutRequest) {
        policy.timeouts = Some(Timeouts {
            request: Some(units::Duration::from_millis(5000)),
            backend_request: None,
        });
        names.push("a timeout of 5s");
    }
    if claims(Capability::Retry) {
        policy.retry = Some(Retry {
            attempts: 1,
            codes: vec![503],
            methods: Vec::new(),
            backoff: None,
        });
        names.push("one retry on 503");
    }
    let edge = Edge {
        caller: "a".to_owned(),
        callee: "b".to_owned(),
    };
    let names = if names.is_empty() {
        "an empty policy".to_owned()
    } else {
        names.join(" and ")
    };
    (IndexMap::from([(edge, policy)]), names)
}
