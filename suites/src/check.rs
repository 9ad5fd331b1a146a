//! Checks: pure folds over a history, one a file.
//!
//! A check is its parameters: each kind is a struct that a case spells out, and most judge the calls
//! over one edge once the last record is in (`OverCalls`).

use std::fmt::Debug;
use std::time::Duration;

pub(crate) use evidence::millis;
use meshproof_model::{Edge, Excerpt, Record};

use crate::calls::Calls;
use crate::{Case, Scene};

pub mod amplification;
pub mod answered_by_upstream;
pub mod attempts_per_call;
pub mod backoff;
pub mod balanced;
pub mod deadline_kept;
pub mod ejected;
pub mod ejected_count;
mod ejection;
pub mod encrypted;
pub mod ends_in;
pub mod every_edge;
mod evidence;
pub mod failures_told;
pub mod goodput;
pub mod in_flight;
pub mod intact;
pub mod latency;
pub mod membership;
pub mod none_reached;
pub mod overflow;
pub mod propagated;
pub mod reaches_all;
pub mod readmitted;
pub mod recovers;
pub mod retried_only;
pub mod retries_elsewhere;
pub mod retries_seen;
pub mod retry_budget;
pub mod served_again;
pub mod split;
pub mod succeed;
pub mod told_truly;
mod tolerance;
pub mod try_length;
pub mod upstream_cancelled;
mod window;

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The demand was seen to hold.
    Pass {
        /// The figures behind it, in a line.
        seen: String,
    },
    /// The demand was seen to be broken.
    Fail {
        /// What was wanted and what was got, in a line.
        why: String,
        /// The few calls that prove it.
        evidence: Vec<Excerpt>,
        /// For demands on time, by how much the bound was missed: a noisy machine may have done that.
        slack: Option<Duration>,
    },
    /// The evidence does not suffice.
    Inconclusive {
        /// Why not.
        cause: String,
    },
}

impl Finding {
    /// A pass with the figures behind it.
    pub(crate) fn pass(seen: impl Into<String>) -> Self {
        Self::Pass { seen: seen.into() }
    }

    /// A fail that no noise explains.
    pub(crate) fn fail(why: impl Into<String>, evidence: Vec<Excerpt>) -> Self {
        Self::Fail {
            why: why.into(),
            evidence,
            slack: None,
        }
    }

    /// Evidence that does not suffice.
    pub(crate) fn inconclusive(cause: impl Into<String>) -> Self {
        Self::Inconclusive {
            cause: cause.into(),
        }
    }
}

/// A fold over a history: it sees every record in time order, then says what it found.
pub trait Check: Debug {
    /// Takes the next record.
    fn see(&mut self, record: &Record);
    /// Says what it found.
    fn finish(self: Box<Self>) -> Finding;
}

/// The parameters of a check, as a case spells them.
pub(crate) trait Params {
    /// Begins the fold.
    fn start<'a>(&'a self, scene: Scene<'a>) -> Box<dyn Check + 'a>;

    /// The call that the case names for it, if it does.
    fn call(&self) -> Option<&Edge> {
        None
    }

    /// Whether it judges one edge, so that a case with several policies has to name which.
    fn needs_call(&self) -> bool {
        false
    }

    /// Whether it judges what a tap sees on the wire of its call.
    fn reads_wire(&self) -> bool {
        false
    }

    /// Whether it judges what the metrics of its call's sidecars say.
    fn reads_metrics(&self) -> bool {
        false
    }

    /// What keeps it from judging this case, in words; `edge` is the call it would judge.
    fn flaw(&self, _case: &Case, _edge: &Edge) -> Option<String> {
        None
    }
}

/// A check on the calls over one edge, judged once the last record is in.
pub(crate) trait OverCalls: Debug {
    /// The call that the case names, if it does.
    fn named(&self) -> Option<&Edge>;

    /// Judges the calls; there is at least one.
    fn judge(&self, scene: &Scene, calls: &Calls) -> Finding;

    /// What keeps it from judging this case, in words; `edge` is the call it would judge.
    fn unfit(&self, _case: &Case, _edge: &Edge) -> Option<String> {
        None
    }
}

impl<T: OverCalls> Params for T {
    fn start<'a>(&'a self, scene: Scene<'a>) -> Box<dyn Check + 'a> {
        Box::new(Over {
            params: self,
            scene,
            calls: Calls::of(scene.call(self.named())),
        })
    }

    fn call(&self) -> Option<&Edge> {
        self.named()
    }

    fn needs_call(&self) -> bool {
        true
    }

    fn flaw(&self, case: &Case, edge: &Edge) -> Option<String> {
        self.unfit(case, edge)
    }
}

/// The fold of every [`OverCalls`].
#[derive(Debug)]
struct Over<'a, T> {
    params: &'a T,
    scene: Scene<'a>,
    calls: Calls,
}

impl<T: OverCalls> Check for Over<'_, T> {
    fn see(&mut self, record: &Record) {
        self.calls.see(record);
    }

    fn finish(self: Box<Self>) -> Finding {
        if self.calls.all().is_empty() {
            return Finding::inconclusive(format!("no call {} was recorded", self.calls.edge()));
        }
        self.params.judge(&self.scene, &self.calls)
    }
}

/// What a sidecar keeps to itself (ejections, budgets) can be judged where there is one caller only.
pub(crate) fn one_caller(case: &Case, edge: &Edge) -> Option<String> {
    let caller = case.world.services.get(&edge.caller)?;
    (caller.replicas > 1).then(|| {
        format!(
            "it judges one caller's sidecar: give `{}` one replica",
            edge.caller
        )
    })
}

/// `part` of `whole` as a fraction.
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let ratio = part as f64 / whole as f64;
    ratio
}

/// The same of lengths of lists.
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let share = part as f64 / whole as f64;
    share
}
