//! Whether a history is fit to be judged: gate, faults, load, noise.

use meshproof_model::units::Duration;
use meshproof_model::{
    Edge, Excerpt, FaultStep, LoadEnded, Mark, Nanos, Noise, Outcome, Phase, ProcessRecord, Record,
    Verdict,
};

use super::{changes, fallen};
use crate::calls::Calls;
use crate::check::millis;
use crate::history::{Arm, Header};
use crate::{Case, PROBER};

/// How much later than due a fault may come into place; the lag of the machine is added to it.
const FAULT_LATE: Nanos = 250_000_000;

/// A fold over a history that judges the history itself.
#[derive(Debug)]
pub(super) struct Soundness<'a> {
    case: &'a Case,
    gated: bool,
    records: u64,
    phases: Vec<Mark>,
    faults: Vec<FaultLife>,
    processes: Vec<ProcessRecord>,
    noise: Vec<Noise>,
    load: Option<LoadEnded>,
    probed: Calls,
}

#[derive(Debug, Clone, Default)]
struct FaultLife {
    applied: Option<Nanos>,
    bit: u64,
    lapsed: bool,
}

impl<'a> Soundness<'a> {
    pub(super) fn of(header: &'a Header) -> Self {
        let case = &header.case;
        Self {
            case,
            gated: header.arm == Arm::Mesh && !case.policy.is_empty(),
            records: 0,
            phases: Vec::new(),
            faults: vec![FaultLife::default(); case.faults.len()],
            processes: Vec::new(),
            noise: Vec::new(),
            load: None,
            probed: Calls::of(Edge {
                caller: PROBER.to_owned(),
                callee: case.load.on.clone(),
            }),
        }
    }

    pub(super) fn see(&mut self, record: &Record) {
        self.records += 1;
        self.probed.see(record);
        match record {
            Record::Mark(mark) => self.phases.push(mark.clone()),
            Record::Process(process) => self.processes.push(process.clone()),
            Record::Noise(noise) => self.noise.push(noise.clone()),
            Record::LoadEnded(load) => self.load = Some(load.clone()),
            Record::Fault(step) => {
                let nth = usize::try_from(step.fault).unwrap_or(usize::MAX);
                let Some(life) = self.faults.get_mut(nth) else {
                    return;
                };
                match step.step {
                    FaultStep::Applied => life.applied = Some(step.at),
                    FaultStep::Bit { times } => life.bit += times,
                    FaultStep::Lapsed => life.lapsed = true,
                    FaultStep::Reverted => {}
                }
            }
            Record::AttemptStarted(_)
            | Record::AttemptEnded(_)
            | Record::Change(_)
            | Record::Wire(_)
            | Record::Telemetry(_) => {}
        }
    }

    /// How long the policy took to act.
    pub(super) fn converged(&self) -> Option<Duration> {
        let took = self
            .phase(Phase::PolicyActs)?
            .checked_sub(self.phase(Phase::PolicyApplied)?)?;
        Some(std::time::Duration::from_nanos(took).into())
    }

    /// The greatest lag while the load ran.
    pub(super) fn lag(&self) -> Option<Duration> {
        let lag = self.under_load()?.map(|noise| noise.lag).max()?;
        Some(std::time::Duration::from_nanos(lag).into())
    }

    /// The gauge's readings while the load ran, the one that covers its end included.
    fn under_load(&self) -> Option<impl Iterator<Item = &Noise>> {
        let from = self.phase(Phase::LoadStarted)?;
        let until = self.phase(Phase::LoadEnded).unwrap_or(Nanos::MAX);
        let covering = self
            .noise
            .iter()
            .map(|noise| noise.at)
            .find(|at| *at >= until)
            .unwrap_or(Nanos::MAX);
        let noise = self.noise.iter();
        Some(noise.filter(move |noise| (from..=covering).contains(&noise.at)))
    }

    /// By how much waiting grows on cores that others use for this share of the time: 1 / (1 - ρ),
    /// as in any queue, at most twentyfold.
    fn crowding(&self) -> f64 {
        let taken: Vec<f64> = self
            .under_load()
            .into_iter()
            .flatten()
            .map(|noise| noise.foreign + noise.steal)
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "a few dozen readings")]
        let mean = taken.iter().sum::<f64>() / taken.len().max(1) as f64;
        1.0 / (1.0 - mean.clamp(0.0, 0.95))
    }

    /// By how much the machine itself may have made a call late; none: the gauge was silent.
    ///
    /// The gauge's thread hardly ever runs, so the kernel lets it in at once even where working
    /// processes queue. The prober's calls to the first service meet no mesh and queue as all others
    /// do: the slowest of them, on its way there or back, is the second measure. A call through a
    /// mesh has four hops like it. Both are samples of a queue, so where others crowd the cores the
    /// worst that was not sampled is worse by [`Self::crowding`].
    pub(super) fn margin(&self) -> Option<std::time::Duration> {
        let lag = self.lag()?.as_nanos();
        let margin = lag
            .saturating_mul(2)
            .max(self.slowest_hop().saturating_mul(4));
        Some(std::time::Duration::from_nanos(margin).mul_f64(self.crowding()))
    }

    fn slowest_hop(&self) -> Nanos {
        let hops = self.probed.all().iter().filter_map(|call| {
            let there = call.tries.first()?;
            let back = match (&there.end, &call.end) {
                (_, None | Some((_, Outcome::GaveUp))) | (None, _) => 0,
                (Some((left, _)), Some((arrived, _))) => arrived.saturating_sub(*left),
            };
            Some(back.max(there.start.saturating_sub(call.start)))
        });
        hops.max().unwrap_or_default()
    }

    /// The verdict on a history that is not fit for the checks; none: it is.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        if self.records == 0 {
            return inconclusive("the history has no records".to_owned());
        }
        let ended = self.phase(Phase::LoadEnded).unwrap_or(Nanos::MAX);
        if let Some(verdict) = fallen::verdict(&self.processes, ended) {
            return Some(verdict);
        }
        if self.phase(Phase::PolicyNeverActed).is_some() {
            return Some(self.never_acted());
        }
        if let Some(verdict) = self.changes_verdict() {
            return Some(verdict);
        }
        self.gate_flaw()
            .or_else(|| (0..self.faults.len()).find_map(|nth| self.fault_flaw(nth)))
            .or_else(|| self.load_flaw())
            .and_then(inconclusive)
    }

    /// The verdict on changes that were not made as the case says.
    fn changes_verdict(&self) -> Option<Verdict> {
        let window = changes::Window {
            started: self.phase(Phase::LoadStarted)?,
            ended: self.phase(Phase::LoadEnded).unwrap_or(Nanos::MAX),
            lag: self.lag().map(Duration::as_nanos),
        };
        changes::verdict(self.case, self.probed.lives(), &window)
    }

    /// The gate's own window must have been quiet for its failure to be the mesh's.
    fn never_acted(&self) -> Verdict {
        let within = self.case.acts.within;
        let from = self.phase(Phase::PolicyApplied).unwrap_or(0);
        let lag = self
            .noise
            .iter()
            .filter(|noise| noise.at >= from)
            .map(|noise| noise.lag)
            .max();
        match lag {
            Some(lag) if lag.saturating_mul(10) <= within.as_nanos() => Verdict::Fail {
                why: format!("policy never acted: not within {within}"),
                evidence: vec![Excerpt {
                    subject: "gate".to_owned(),
                    lines: self.gate_lines(from),
                }],
            },
            Some(lag) => Verdict::Inconclusive {
                cause: format!(
                    "noisy: the policy did not act within {within}, while the machine itself lagged by up to {}",
                    millis(lag)
                ),
            },
            None => Verdict::Inconclusive {
                cause: format!(
                    "the noise gauge was silent while the policy did not act within {within}"
                ),
            },
        }
    }

    /// No window begins before the policy acts.
    fn gate_flaw(&self) -> Option<String> {
        let acts = self.phase(Phase::PolicyActs);
        match (self.gated, acts, self.phase(Phase::LoadStarted)) {
            (true, None, _) => Some("the history does not say that the policy acts".to_owned()),
            (true, Some(acts), Some(load)) if load < acts => {
                Some("the load began before the policy acted".to_owned())
            }
            _ => None,
        }
    }

    fn gate_lines(&self, from: Nanos) -> Vec<String> {
        let marks = self.phases.iter().filter(|mark| mark.at >= from);
        marks
            .map(|mark| {
                let what = match mark.phase {
                    Phase::PolicyApplied => "policy handed to the mesh",
                    Phase::PolicyActs => "policy acts",
                    Phase::PolicyNeverActed => "waiting for the policy given up",
                    Phase::LoadStarted => "load started",
                    Phase::LoadEnded => "load ended",
                };
                format!("{} {what}", millis(mark.at - from))
            })
            .collect()
    }

    fn fault_flaw(&self, nth: usize) -> Option<String> {
        let (fault, life) = (&self.case.faults[nth], &self.faults[nth]);
        let name = format!("fault {} ({})", nth + 1, fault.kind.name());
        let Some(applied) = life.applied else {
            return Some(format!("{name} was never applied"));
        };
        if life.lapsed {
            return Some(format!("{name} lapsed: its lease was not renewed"));
        }
        if life.bit == 0 {
            return Some(format!("{name} was not seen to bite"));
        }
        let started = self.phase(Phase::LoadStarted)?;
        let due = started.saturating_add(fault.from.as_nanos());
        let late = match fault.from.as_nanos() {
            0 => applied.saturating_sub(started),
            _ => {
                let lag = self.lag().unwrap_or_default().as_nanos();
                applied.saturating_sub(due.saturating_add(FAULT_LATE).saturating_add(lag))
            }
        };
        (late > 0).then(|| {
            format!(
                "{name} came into place {} later than it was due",
                millis(applied.saturating_sub(due))
            )
        })
    }

    fn load_flaw(&self) -> Option<String> {
        if self.phase(Phase::LoadStarted).is_none() {
            return Some("the load was never started".to_owned());
        }
        let Some(load) = &self.load else {
            return Some("the load driver left no report".to_owned());
        };
        if load.sent == 0 || load.sent.saturating_mul(100) < load.scheduled.saturating_mul(99) {
            return Some(format!(
                "the load was not sent: {} of {} requests",
                load.sent, load.scheduled
            ));
        }
        let probed = u64::try_from(self.probed.all().len()).unwrap_or(u64::MAX);
        (probed < load.sent).then(|| {
            format!(
                "the prober's records are missing: {probed} of {} requests",
                load.sent
            )
        })
    }

    fn phase(&self, phase: Phase) -> Option<Nanos> {
        let mark = self.phases.iter().find(|mark| mark.phase == phase)?;
        Some(mark.at)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it ends a chain of options")]
fn inconclusive(cause: String) -> Option<Verdict> {
    Some(Verdict::Inconclusive { cause })
}
