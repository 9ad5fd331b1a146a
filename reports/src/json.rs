//! `json`: everything that was judged, for programs.

use std::io::{self, Write};

use meshproof_model::units::Duration;
use meshproof_model::{
    Event, Excerpt, ExpectEnded, Level, Resources, RunStarted, Verdict, VerdictKind,
};
use serde::Serialize;

use crate::gathered::{Gathered, Judged};
use crate::{Report, Tally};

/// One JSON document, pretty printed.
pub(crate) struct Json {
    out: Box<dyn Write + Send>,
    gathered: Gathered,
}

impl Json {
    pub(crate) fn new(out: Box<dyn Write + Send>) -> Self {
        Self {
            out,
            gathered: Gathered::default(),
        }
    }
}

impl Report for Json {
    fn see(&mut self, event: &Event) -> io::Result<()> {
        self.gathered.see(event)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        let document = Document::of(&self.gathered)?;
        serde_json::to_writer_pretty(&mut self.out, &document)?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    run: &'a RunStarted,
    cases: Vec<Case<'a>>,
    tally: Tally,
    #[serde(skip_serializing_if = "Option::is_none")]
    took: Option<Duration>,
    /// Absent when the run did not come to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<&'a str>,
}

/// A verdict's kind is a plain word here, so that a program can select by it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Case<'a> {
    case: &'a str,
    repetition: u32,
    reruns: u32,
    level: Level,
    statement: &'a str,
    verdict: VerdictKind,
    reason: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    evidence: &'a [Excerpt],
    expects: Vec<Expect<'a>>,
    took: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    converged: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lag: Option<Duration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resources: Option<&'a Resources>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<&'a str>,
}

#[derive(Serialize)]
struct Expect<'a> {
    check: &'a str,
    verdict: VerdictKind,
    reason: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    evidence: &'a [Excerpt],
}

impl<'a> Document<'a> {
    fn of(gathered: &'a Gathered) -> io::Result<Self> {
        let ended = gathered.ended.as_ref();
        Ok(Self {
            run: gathered.started()?,
            cases: gathered.cases().map(Case::of).collect(),
            tally: gathered.tally(),
            took: ended.map(|ended| ended.took),
            exit: ended.map(|ended| ended.exit),
            broken: gathered.broken(),
        })
    }
}

impl<'a> Case<'a> {
    fn of(judged: &'a Judged) -> Self {
        let case = &judged.case;
        Self {
            case: &case.case,
            repetition: case.repetition,
            reruns: judged.reruns,
            level: case.level,
            statement: &case.statement,
            verdict: case.verdict.kind(),
            reason: case.verdict.reason(),
            evidence: evidence(&case.verdict),
            expects: case.expects.iter().map(Expect::of).collect(),
            took: case.took,
            converged: case.converged,
            lag: case.lag,
            resources: case.resources.as_ref(),
            history: case.history.as_deref(),
        }
    }
}

impl<'a> Expect<'a> {
    fn of(expect: &'a ExpectEnded) -> Self {
        Self {
            check: &expect.check,
            verdict: expect.verdict.kind(),
            reason: expect.verdict.reason(),
            evidence: evidence(&expect.verdict),
        }
    }
}

fn evidence(verdict: &Verdict) -> &[Excerpt] {
    match verdict {
        Verdict::Fail { evidence, .. } => evidence,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use crate::{Format, sample};

    #[test]
    fn a_whole_run() {
        insta::assert_snapshot!(sample::told(Format::Json, &sample::events()));
    }

    #[test]
    fn a_run_that_was_cut_has_no_exit_code() {
        let mut events = sample::events();
        events.pop();
        let told = sample::told(Format::Json, &events);
        assert!(!told.contains("\"exit\""), "{told}");
        assert!(
            told.contains("\"broken\": \"the run did not come to its end\""),
            "{told}"
        );
    }
}
