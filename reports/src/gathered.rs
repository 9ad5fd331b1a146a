use std::io;

use indexmap::IndexMap;
use meshproof_model::{CaseEnded, Event, RunEnded, RunStarted, VerdictKind};

use crate::Tally;

/// The events of a run as far as they decide what it came to.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    started: Option<RunStarted>,
    /// By case and repetition, in the order of their first ending.
    cases: IndexMap<(String, u32), Judged>,
    pub(crate) ended: Option<RunEnded>,
}

/// A case repetition as it was judged last.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) case: CaseEnded,
    /// How often it was run again because it was inconclusive.
    pub(crate) reruns: u32,
}

impl Gathered {
    /// Takes in an event. An inconclusive repetition that is run again ends anew under the same
    /// number; its last ending counts. Any other verdict is final.
    pub(crate) fn see(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => self.started = Some(started.clone()),
            Event::CaseEnded(case) => self.judge(case)?,
            Event::RunEnded(ended) => self.ended = Some(ended.clone()),
            Event::CaseStarted { .. } | Event::CaseStep { .. } => {}
        }
        Ok(())
    }

    fn judge(&mut self, case: &CaseEnded) -> io::Result<()> {
        let key = (case.case.clone(), case.repetition);
        let mut judged = Judged {
            case: case.clone(),
            reruns: 0,
        };
        if let Some(earlier) = self.cases.get(&key) {
            if earlier.case.verdict.kind() != VerdictKind::Inconclusive {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!(
                        "{} repetition {} ended twice, though it was {} before",
                        case.case,
                        case.repetition,
                        earlier.case.verdict.kind()
                    ),
                ));
            }
            judged.reruns = earlier.reruns + 1;
        }
        self.cases.insert(key, judged);
        Ok(())
    }

    /// What the run is about.
    pub(crate) fn started(&self) -> io::Result<&RunStarted> {
        self.started.as_ref().ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "the events do not begin with a run: nothing to report",
            )
        })
    }

    /// The case repetitions in the order in which they ended first.
    pub(crate) fn cases(&self) -> impl Iterator<Item = &Judged> {
        self.cases.values()
    }

    pub(crate) fn tally(&self) -> Tally {
        self.cases()
            .map(|judged| (judged.case.level, judged.case.verdict.kind()))
            .collect()
    }

    /// Why the run as a whole is not to be trusted, if so.
    pub(crate) fn broken(&self) -> Option<&str> {
        match &self.ended {
            Some(ended) => ended.broken.as_deref(),
            None => Some("the run did not come to its end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use meshproof_model::Verdict;

    use super::*;
    use crate::sample;

    fn ended(verdict: Verdict) -> Event {
        Event::CaseEnded(sample::case("a.b", 1, verdict))
    }

    #[test]
    fn only_an_inconclusive_repetition_may_end_anew() {
        let mut gathered = Gathered::default();
        gathered.see(&ended(sample::inconclusive())).unwrap();
        gathered.see(&ended(sample::inconclusive())).unwrap();
        gathered.see(&ended(sample::fail())).unwrap();
        let error = gathered.see(&ended(sample::pass())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.b repetition 1 ended twice, though it was fail before"
        );
        let judged: Vec<_> = gathered
            .cases()
            .map(|judged| (judged.case.verdict.kind(), judged.reruns))
            .collect();
        assert_eq!(judged, [(VerdictKind::Fail, 2)]);
        assert_eq!(gathered.tally().must.total(), 1);
    }
}
