//! One run that has everything, for the tests of every form.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use meshproof_model::units::{Bytes, Duration};
use meshproof_model::{
    CaseEnded, Event, Excerpt, ExpectEnded, Level, Resources, RunEnded, RunStarted, Verdict,
};

use crate::Format;

pub(crate) fn events() -> Vec<Event> {
    let bounded = "resilience.retry.bounded";
    let plain = "resilience.split.weights";
    vec![
        Event::RunStarted(started()),
        Event::CaseStarted {
            case: plain.to_owned(),
            repetition: 1,
        },
        Event::CaseEnded(CaseEnded {
            converged: Some(Duration::from_millis(41)),
            lag: Some(Duration::from_millis(1)),
            ..case(plain, 1, pass())
        }),
        Event::CaseStarted {
            case: bounded.to_owned(),
            repetition: 1,
        },
        Event::CaseStep {
            case: bounded.to_owned(),
            repetition: 1,
            step: "driving load".to_owned(),
        },
        Event::CaseEnded(case(bounded, 1, fail())),
        Event::CaseEnded(case(bounded, 2, inconclusive())),
        Event::CaseEnded(case(bounded, 2, inconclusive())),
        Event::CaseEnded(CaseEnded {
            level: Level::May,
            history: None,
            ..case("resilience.outlier.ejects", 1, skipped())
        }),
        Event::CaseEnded(CaseEnded {
            level: Level::Should,
            resources: Some(Resources {
                processes: 601,
                up: Duration::from_millis(1740),
                down: Duration::from_millis(310),
                memory: Some(Bytes::new(549 << 20)),
            }),
            ..case("security.<&>", 1, pass())
        }),
        Event::RunEnded(RunEnded {
            took: Duration::from_millis(12_345),
            exit: 1,
            broken: None,
        }),
    ]
}

fn started() -> RunStarted {
    RunStarted {
        schema: "meshproof/v1".to_owned(),
        run: "20260102-030405-7f".to_owned(),
        started: 1_767_323_045,
        version: "0.1.0".to_owned(),
        suite: "resilience".to_owned(),
        mesh: "reference".to_owned(),
        sabotage: Some("retryWithoutBound".to_owned()),
        seed: 42,
        planned: 5,
        service_digest: "0".repeat(8),
        reproduce: "meshproof run --mesh reference --seed 42".to_owned(),
    }
}

pub(crate) fn case(id: &str, repetition: u32, verdict: Verdict) -> CaseEnded {
    CaseEnded {
        case: id.to_owned(),
        repetition,
        level: Level::Must,
        statement: "A call reaches its upstream at most attempts + 1 times.".to_owned(),
        expects: vec![ExpectEnded {
            check: "attemptsPerCall".to_owned(),
            verdict: verdict.clone(),
        }],
        verdict,
        took: Duration::from_millis(3210),
        converged: None,
        lag: None,
        resources: None,
        history: Some(format!("history/{id}.{repetition}.jsonl")),
    }
}

pub(crate) fn pass() -> Verdict {
    Verdict::Pass {
        seen: "150 calls, at most 3 attempts".to_owned(),
    }
}

pub(crate) fn fail() -> Verdict {
    Verdict::Fail {
        why: "call a-0.17 reached b 11 times where at most 3 are allowed, and 149 other calls did so too".to_owned(),
        evidence: vec![Excerpt {
            subject: "call a-0.17".to_owned(),
            lines: vec![
                "+0us a-0 -> b GET".to_owned(),
                "+412us b-1 answered 503 \"<busy> & \u{1b}[31mred\"".to_owned(),
            ],
        }],
    }
}

pub(crate) fn inconclusive() -> Verdict {
    Verdict::Inconclusive {
        cause: "a thread of ours ran 120ms late".to_owned(),
    }
}

fn skipped() -> Verdict {
    Verdict::Skipped {
        missing: "the mesh does not declare `outlier`".to_owned(),
    }
}

/// What a format makes of these events.
pub(crate) fn told(format: Format, events: &[Event]) -> String {
    let out = Shared::default();
    let mut report = format.report(Box::new(out.clone()));
    for event in events {
        report.see(event).unwrap();
    }
    report.finish().unwrap();
    out.text()
}

/// A place to write to that can be read while a report owns the other end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
