//! Evidence that can be read without the history, and the tally of calls that break a demand.

use std::time::Duration;

use meshproof_model::{Excerpt, Nanos, Outcome};

use super::Finding;
use crate::calls::Call;

/// How many calls are shown.
const SHOWN: usize = 3;

/// A length of time as people read it.
pub(crate) fn millis(nanos: Nanos) -> String {
    let tenths = nanos.saturating_add(50_000) / 100_000;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

/// Calls that break a demand.
#[derive(Debug, Default)]
pub(super) struct Breaches<'a> {
    list: Vec<Breach<'a>>,
}

#[derive(Debug)]
struct Breach<'a> {
    call: &'a Call,
    /// By how much time a bound was missed; none: no lag explains it.
    missed: Option<Nanos>,
    what: String,
}

impl<'a> Breaches<'a> {
    /// This call missed a bound on time by so much.
    pub(super) fn late(&mut self, call: &'a Call, missed: Nanos, what: impl Into<String>) {
        self.list.push(Breach {
            call,
            missed: Some(missed),
            what: what.into(),
        });
    }

    /// This call broke the demand in a way that no lag of the machine explains.
    pub(super) fn hard(&mut self, call: &'a Call, what: impl Into<String>) {
        self.list.push(Breach {
            call,
            missed: None,
            what: what.into(),
        });
    }

    /// A fail that tells how many of `of` calls broke `demand` and how the worst did; none: no call did.
    pub(super) fn finding(mut self, of: usize, demand: &str) -> Option<Finding> {
        self.list
            .sort_by_key(|breach| std::cmp::Reverse(breach.missed.unwrap_or(Nanos::MAX)));
        let worst = self.list.first()?;
        let hard = self.list.iter().any(|breach| breach.missed.is_none());
        let slack = worst.missed.filter(|_| !hard).map(Duration::from_nanos);
        let mut shown: Vec<&Call> = Vec::new();
        for breach in &self.list {
            if shown.len() < SHOWN && !shown.iter().any(|call| call.id == breach.call.id) {
                shown.push(breach.call);
            }
        }
        Some(Finding::Fail {
            why: format!(
                "wanted: {demand}; got {} against it in {of} calls, the worst: {}",
                self.list.len(),
                worst.what
            ),
            evidence: excerpts(shown),
            slack,
        })
    }
}

/// These calls, the first few of them, told line by line.
pub(super) fn excerpts<'a>(calls: impl IntoIterator<Item = &'a Call>) -> Vec<Excerpt> {
    calls.into_iter().take(SHOWN).map(excerpt).collect()
}

fn excerpt(call: &Call) -> Excerpt {
    let mut lines = vec![(
        call.start,
        format!("{} sends {} to {}", call.caller, call.method, call.callee),
    )];
    for (nth, one) in call.tries.iter().enumerate() {
        lines.push((
            one.start,
            format!("{} receives try {}", one.replica, nth + 1),
        ));
        match &one.end {
            Some((at, outcome)) => {
                lines.push((*at, format!("{} {}", one.replica, callee_saw(outcome))))
            }
            None => lines.push((
                one.start,
                format!("{}: no end of it was recorded", one.replica),
            )),
        }
    }
    match &call.end {
        Some((at, outcome)) => {
            lines.push((*at, format!("{} {}", call.caller, caller_saw(outcome))))
        }
        None => lines.push((
            call.start,
            format!("{}: no end of it was recorded", call.caller),
        )),
    }
    lines.sort_by_key(|(at, _)| *at);
    Excerpt {
        subject: format!("call {}", call.id),
        lines: lines
            .into_iter()
            .map(|(at, line)| format!("{:>10} {line}", millis(at.saturating_sub(call.start))))
            .collect(),
    }
}

fn callee_saw(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered { status, .. } => format!("answers {status}"),
        Outcome::Cancelled => "sees it cancelled".to_owned(),
        Outcome::Unanswered => "ends it without an answer, as its script says".to_owned(),
        other => format!("ends it: {}", name(other)),
    }
}

fn caller_saw(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered {
            status,
            by: Some(by),
        } => format!("has the answer {status} of {by}"),
        Outcome::Answered { status, by: None } => format!("has the answer {status} of the mesh"),
        Outcome::Cancelled => "is cancelled by its own caller".to_owned(),
        other => format!("has no answer: {}", name(other)),
    }
}

/// An outcome in a word or two.
pub(super) fn name(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered {
            status,
            by: Some(by),
        } => format!("{status} by {by}"),
        Outcome::Answered { status, by: None } => format!("{status} by the mesh"),
        Outcome::Refused => "connection refused".to_owned(),
        Outcome::Reset => "connection reset".to_owned(),
        Outcome::Cut => "response cut".to_owned(),
        Outcome::Cancelled => "cancelled".to_owned(),
        Outcome::GaveUp => "given up".to_owned(),
        Outcome::Unanswered => "left unanswered".to_owned(),
        Outcome::Broken { error } => format!("broken ({error})"),
    }
}
