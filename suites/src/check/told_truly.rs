//! What a mesh tells of itself is what happened.

use std::collections::BTreeMap;

use meshproof_model::{Counted, Edge, Excerpt, FaultKind, Nanos, Outcome, Record, TelemetryRecord};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Check, Finding, Params};
use crate::calls::{Call, Calls};
use crate::{Case, Scene};

/// What the metrics of each caller's sidecar say of a call grows, from before the load until after
/// it, by just what applications recorded: calls and their errors by the callers, tries and retries
/// by the callees. What a mesh has no metric for is not judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToldTruly {
    /// The call; the one that has a policy when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Edge>,
}

impl Params for ToldTruly {
    fn start<'a>(&'a self, scene: Scene<'a>) -> Box<dyn Check + 'a> {
        Box::new(Books {
            replicas: scene.replicas(&scene.call(self.call.as_ref()).caller),
            calls: Calls::of(scene.call(self.call.as_ref())),
            told: BTreeMap::new(),
        })
    }

    fn call(&self) -> Option<&Edge> {
        self.call.as_ref()
    }

    fn needs_call(&self) -> bool {
        true
    }

    fn reads_metrics(&self) -> bool {
        true
    }

    fn flaw(&self, case: &Case, edge: &Edge) -> Option<String> {
        let hinders = |kind: &FaultKind| !matches!(kind, FaultKind::Respond(_) | FaultKind::Hog);
        let fault = case.faults.iter().find(|fault| hinders(&fault.kind));
        if let Some(fault) = fault {
            return Some(format!(
                "a fault `{}` may keep tries from arriving, and then nobody recorded what was counted",
                fault.kind.name()
            ));
        }
        let known = case.world.services.contains_key(&edge.caller);
        (!known).then(|| {
            format!(
                "`{}` has no sidecar whose metrics it could read",
                edge.caller
            )
        })
    }
}

/// The two sets of books, a replica each.
#[derive(Debug)]
struct Books {
    replicas: u32,
    calls: Calls,
    told: BTreeMap<String, Vec<TelemetryRecord>>,
}

/// One count: its name, what was told at first and at last, and what was recorded.
#[derive(Debug, Clone, Copy)]
struct Line {
    name: &'static str,
    before: Option<u64>,
    after: Option<u64>,
    recorded: u64,
}

impl Line {
    /// By how much it grew; none where the mesh has no such metric, or it went backwards.
    fn told(&self) -> Option<u64> {
        self.after?.checked_sub(self.before?)
    }

    fn mapped(&self) -> bool {
        self.before.is_some() && self.after.is_some()
    }

    fn holds(&self) -> bool {
        !self.mapped() || self.told() == Some(self.recorded)
    }
}

impl Check for Books {
    fn see(&mut self, record: &Record) {
        self.calls.see(record);
        if let Record::Telemetry(told) = record
            && told.call == *self.calls.edge()
        {
            let of_replica = self.told.entry(told.replica.clone()).or_default();
            of_replica.push(told.clone());
        }
    }

    fn finish(self: Box<Self>) -> Finding {
        if self.calls.all().is_empty() {
            return Finding::inconclusive(format!("no call {} was recorded", self.calls.edge()));
        }
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        let mut wrong = Vec::new();
        let caller = &self.calls.edge().caller;
        for number in 0..self.replicas {
            let replica = format!("{caller}-{number}");
            let all = self.calls.all().iter();
            let calls: Vec<&Call> = all.filter(|call| call.caller == replica).collect();
            let Some((before, after)) = self.around(&replica, &calls) else {
                return Finding::inconclusive(format!(
                    "the metrics of {replica}'s sidecar were not read both before and after the load"
                ));
            };
            if let Some(cause) = unclear(&calls) {
                return Finding::inconclusive(cause);
            }
            let lines = lines(&before, &after, &calls);
            for line in lines.iter().filter(|line| line.mapped()) {
                *sums.entry(line.name).or_default() += line.recorded;
            }
            if lines.iter().any(|line| !line.holds()) {
                wrong.push(excerpt(&replica, &lines));
            }
        }
        if !wrong.is_empty() {
            let why = format!(
                "wanted: the metrics of {} say what happened; they say something else beside {} of {} replicas",
                self.calls.edge(),
                wrong.len(),
                self.replicas
            );
            return Finding::fail(why, wrong);
        }
        if sums.is_empty() {
            return Finding::inconclusive("the profile maps no metric of its sidecars");
        }
        if let Some((name, _)) = sums.iter().find(|(_, sum)| **sum == 0) {
            return Finding::inconclusive(format!("there were no {name}: nothing to tell of them"));
        }
        let told: Vec<_> = sums
            .iter()
            .map(|(name, sum)| format!("{sum} {name}"))
            .collect();
        Finding::pass(format!("told as recorded: {}", told.join(", ")))
    }
}

impl Books {
    /// What was told last before these calls, and first after them.
    fn around(&self, replica: &str, calls: &[&Call]) -> Option<(Counted, Counted)> {
        let told = self.told.get(replica)?;
        let first = calls.iter().map(|call| call.start).min()?;
        let last = calls.iter().map(|call| over(call)).max()?;
        let before = told.iter().rfind(|told| told.at <= first)?;
        let after = told.iter().find(|told| told.at >= last)?;
        Some((before.told, after.told))
    }
}

/// When the last that belongs to a call was over, as far as anybody recorded it.
fn over(call: &Call) -> Nanos {
    let tries = call.tries.iter().filter_map(|one| one.end.as_ref());
    let ends = call.end.iter().chain(tries).map(|(at, _)| *at);
    ends.fold(call.start, Nanos::max)
}

/// Why these calls cannot be compared with any counts.
fn unclear(calls: &[&Call]) -> Option<String> {
    let answered = |call: &&Call| matches!(call.end, Some((_, Outcome::Answered { .. })));
    let broken = calls.iter().filter(|call| !answered(call)).count();
    if broken > 0 {
        return Some(format!(
            "{broken} calls ended without an answer: whether those are errors, meshes count in their own ways"
        ));
    }
    let nowhere = calls.iter().filter(|call| call.tries.is_empty()).count();
    (nowhere > 0).then(|| {
        format!("{nowhere} calls reached no replica: how often they were tried nobody recorded")
    })
}

fn lines(before: &Counted, after: &Counted, calls: &[&Call]) -> [Line; 4] {
    let failed = |call: &&&Call| matches!(&call.end, Some((_, Outcome::Answered { status, .. })) if *status >= 500);
    let attempts: usize = calls.iter().map(|call| call.tries.len()).sum();
    let line = |name, before, after, recorded: usize| Line {
        name,
        before,
        after,
        recorded: recorded as u64,
    };
    [
        line("calls", before.calls, after.calls, calls.len()),
        line(
            "errors",
            before.errors,
            after.errors,
            calls.iter().filter(failed).count(),
        ),
        line("tries", before.attempts, after.attempts, attempts),
        line(
            "retries",
            before.retries,
            after.retries,
            attempts.saturating_sub(calls.len()),
        ),
    ]
}

fn excerpt(replica: &str, lines: &[Line]) -> Excerpt {
    let mapped = lines.iter().filter(|line| line.mapped());
    let told = |line: &Line| match line.told() {
        Some(told) => format!("{}: {told} told, {} recorded", line.name, line.recorded),
        None => format!("{}: went backwards, {} recorded", line.name, line.recorded),
    };
    Excerpt {
        subject: format!("the metrics of {replica}'s sidecar"),
        lines: mapped.map(told).collect(),
    }
}
