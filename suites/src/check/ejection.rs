//! One replica's attempts beside all others', for judging its ejection and return.

use meshproof_model::{Edge, Excerpt, Nanos, Outcome, Outlier};

use super::evidence::{Breaches, millis};
use super::{Finding, one_caller};
use crate::Case;
use crate::calls::{Call, Calls, Try};
use crate::validate::replica_problem;

/// So many attempts at others for each replica, without one here, are no chance: with r replicas
/// and even draws its probability is at most e^-15.
const TELLING: usize = 15;

/// One replica's attempts beside all others'.
#[derive(Debug)]
pub(super) struct Timeline<'a> {
    replica: &'a str,
    calls: &'a Calls,
    /// At the replica, by start.
    here: Vec<(&'a Try, &'a Call)>,
    /// The starts at all other replicas.
    others: Vec<Nanos>,
    /// How many replicas were seen.
    replicas: usize,
}

impl<'a> Timeline<'a> {
    pub(super) fn of(calls: &'a Calls, replica: &'a str) -> Self {
        let mut here = Vec::new();
        let mut others = Vec::new();
        let mut names = vec![replica];
        for call in calls.all() {
            for one in &call.tries {
                if one.replica == replica {
                    here.push((one, call));
                } else {
                    others.push(one.start);
                    if !names.contains(&one.replica.as_str()) {
                        names.push(&one.replica);
                    }
                }
            }
        }
        here.sort_by_key(|(one, _)| one.start);
        others.sort_unstable();
        Self {
            replica,
            calls,
            here,
            others,
            replicas: names.len(),
        }
    }

    /// When the replica's last permitted error ended, from which on it is to be ejected. Otherwise
    /// a fail where it got no traffic although it never made so many errors in a row, and
    /// inconclusive where nothing can be told.
    pub(super) fn ejected(&self, outlier: &Outlier) -> Result<Nanos, Finding> {
        let mut ends: Vec<(Nanos, bool)> = self
            .here
            .iter()
            .filter_map(|(one, _)| {
                let (at, outcome) = one.end.as_ref()?;
                Some((*at, is_error(outcome)))
            })
            .collect();
        ends.sort_unstable();
        let (mut in_row, mut most) = (0, 0);
        for (at, error) in &ends {
            in_row = if *error { in_row + 1 } else { 0 };
            most = most.max(in_row);
            if in_row == outlier.consecutive_errors {
                return Ok(*at);
            }
        }
        if ends.is_empty() {
            return Err(Finding::inconclusive(format!(
                "no attempt reached {}",
                self.replica
            )));
        }
        let (from, silence) = self.longest_silence();
        if silence < self.telling() {
            return Err(Finding::inconclusive(format!(
                "{} made {most} errors in a row, {} are needed",
                self.replica, outlier.consecutive_errors
            )));
        }
        Err(Finding::fail(
            format!(
                "wanted: {} is left in until {} consecutive errors; it got none of {silence} attempts after {most}",
                self.replica, outlier.consecutive_errors
            ),
            self.told(from),
        ))
    }

    /// How many attempts at others tell that this replica is left out.
    pub(super) fn telling(&self) -> usize {
        TELLING * self.replicas
    }

    /// Attempts at other replicas that started in this window.
    pub(super) fn elsewhere(&self, from: Nanos, until: Nanos) -> usize {
        let inside = |at: &&Nanos| (from..until).contains(*at);
        self.others.iter().filter(inside).count()
    }

    /// The replica's attempts from this time on.
    pub(super) fn from(&self, at: Nanos) -> Vec<&'a Try> {
        let later = self.here.iter().map(|(one, _)| *one);
        later.filter(|one| one.start >= at).collect()
    }

    /// A fail if the replica got an attempt in this window.
    pub(super) fn none_between(&self, from: Nanos, until: Nanos, demand: &str) -> Option<Finding> {
        let mut breaches = Breaches::default();
        for (one, call) in &self.here {
            if (from..until).contains(&one.start) {
                let missed = one.start - from;
                breaches.late(call, missed, format!("{} too late", millis(missed)));
            }
        }
        breaches.finding(self.calls.all().len(), demand)
    }

    /// The replica's attempts around its ejection.
    pub(super) fn told(&self, ejected: Nanos) -> Vec<Excerpt> {
        let before = self.here.partition_point(|(one, _)| one.start <= ejected);
        let shown = self.here.iter().skip(before.saturating_sub(3)).take(6);
        let first = shown.clone().next().map_or(ejected, |(one, _)| one.start);
        let lines = shown.map(|(one, call)| {
            let outcome = match &one.end {
                Some((_, outcome)) => super::evidence::name(outcome),
                None => "open".to_owned(),
            };
            let at = millis(one.start.saturating_sub(first));
            format!("{at:>10} call {}: {outcome}", call.id)
        });
        vec![Excerpt {
            subject: format!("attempts at {}", self.replica),
            lines: lines.collect(),
        }]
    }

    /// The beginning of the longest silence here, and how many attempts others got in it.
    fn longest_silence(&self) -> (Nanos, usize) {
        let starts = self.here.iter().map(|(one, _)| one.start);
        let ends = starts.clone().skip(1).chain([Nanos::MAX]);
        starts
            .zip(ends)
            .map(|(from, until)| (from, self.elsewhere(from, until)))
            .max_by_key(|(_, others)| *others)
            .unwrap_or_default()
    }
}

/// What counts towards an ejection: 5xx answers, and ends without an answer.
fn is_error(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Answered { status, .. } => *status >= 500,
        Outcome::Unanswered => true,
        _ => false,
    }
}

/// What keeps an ejection check from judging this case, in words.
pub(super) fn unfit(case: &Case, edge: &Edge, replica: &str) -> Option<String> {
    let policy = case.policy.get(edge);
    if policy.is_none_or(|policy| policy.outlier.is_none()) {
        return Some(format!("the policy of {edge} has no `outlier`"));
    }
    if crate::service_of(replica) != edge.callee {
        return Some(format!("{edge} never reaches the replica `{replica}`"));
    }
    replica_problem(case, replica).or_else(|| one_caller(case, edge))
}
