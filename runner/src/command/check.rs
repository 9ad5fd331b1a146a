//! `meshproof check`: judges a recorded history, of a case or of events.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use meshproof_model::{Verdict, VerdictKind};
use meshproof_reports::{Exit, Facts, Tally};
use meshproof_suites::history::{HistoryError, Reader};
use meshproof_suites::{Judgement, judge};

use super::Failure;
use super::output::print;
use crate::cli::Check;

mod events;

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum CheckError {
    #[error("{}: cannot be opened", .path.display())]
    #[diagnostic(help("histories are below meshproof-out/<run>/history/"))]
    Open {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the history cannot be judged: {0}")]
    #[diagnostic(help("a run that was killed leaves a history cut short: run the case again"))]
    History(HistoryError),
}

pub(crate) fn check(options: &Check) -> Result<u8, Failure> {
    match &options.history {
        Some(path) => check_case(path),
        None => events::check(&options.events, options),
    }
}

fn check_case(path: &Path) -> Result<u8, Failure> {
    let opened = File::open(path).map_err(|source| {
        Failure::input(CheckError::Open {
            path: path.to_owned(),
            source,
        })
    })?;
    let history = |error| Failure::input(CheckError::History(error));
    let name = path.display().to_string();
    let reader = Reader::open(name, BufReader::new(opened)).map_err(history)?;
    let header = reader.header().clone();
    let mut broken = None;
    let whole = reader.map_while(|record| match record {
        Ok(record) => Some(Ok(record)),
        Err(error) => {
            broken = Some(error);
            None
        }
    });
    let judgement = judge(&header, whole);
    if let Some(error) = broken {
        return Err(history(error));
    }
    print(&told(&header.case.id, &judgement));
    let tally = Tally::from_iter([(header.case.level, judgement.verdict.kind())]);
    let facts = Facts {
        planned: 1,
        ..Facts::default()
    };
    Ok(Exit::of(&tally, facts).code())
}

fn told(case: &str, judgement: &Judgement) -> String {
    let verdict = &judgement.verdict;
    let mut text = format!("{case}: {}\n", verdict.kind());
    for expect in &judgement.expects {
        let kind = expect.verdict.kind();
        text.push_str(&format!(
            "  {kind:<12}  {}: {}\n",
            expect.check,
            expect.verdict.reason()
        ));
        if let Verdict::Fail { evidence, .. } = &expect.verdict {
            for excerpt in evidence {
                text.push_str(&format!("    {}\n", excerpt.subject));
                for line in &excerpt.lines {
                    text.push_str(&format!("      {line}\n"));
                }
            }
        }
    }
    if judgement.expects.is_empty() && verdict.kind() != VerdictKind::Pass {
        text.push_str(&format!("  {}\n", verdict.reason()));
    }
    text
}
