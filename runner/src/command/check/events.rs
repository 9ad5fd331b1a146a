//! `meshproof check --events`: judges a history of events by the guarantees that were promised.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use meshproof_model::Level;
use meshproof_model::event_record::{
    BinaryReader, EventHeader, EventReadError, EventSource, JsonlReader, MergedReader,
};
use meshproof_reports::{Exit, Facts, Tally};
use meshproof_suites::events::jepsen::JepsenReader;
use meshproof_suites::events::{
    Anomaly, Checked, Checker, Guarantee, Judged, Proof, UnknownGuarantee, judge, prove, timeline,
};

use super::super::Failure;
use super::super::output::print;
use crate::cli::{Check, EventForm};

/// So many occurrences of an anomaly are shown.
const SHOWN: usize = 2;

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum EventsError {
    #[error("{}: cannot be opened", .path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the history of events cannot be judged")]
    #[diagnostic(help(
        "docs/events.md tells the forms; `meshproof schema event-history` prints the JSON Schema of a line"
    ))]
    Read(#[from] EventReadError),
    #[error("the header claims what is no guarantee")]
    Claim(#[from] UnknownGuarantee),
    #[error(
        "there is no guarantee to judge by: none is given, and the history's header claims none"
    )]
    #[diagnostic(help(
        "give some, as `--guarantee at-least-once,ordered-per-key`; `meshproof list guarantees` shows all"
    ))]
    NoGuarantee,
}

pub(super) fn check(paths: &[PathBuf], options: &Check) -> Result<u8, Failure> {
    let first = |error| Failure::input(EventsError::from(error));
    let names: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let mut source = open_all(paths, options)?;
    let header = source.header().clone();
    let guarantees = wanted(options, &header)?;
    let checked = fold(source.as_mut()).map_err(first)?;
    let mut broken: Vec<Anomaly> = guarantees
        .iter()
        .flat_map(|guarantee| guarantee.broken_by())
        .filter(|anomaly| checked.findings.of(*anomaly).proven > 0)
        .collect();
    broken.sort_unstable();
    broken.dedup();
    let proofs = if broken.is_empty() {
        Vec::new()
    } else {
        let mut again = open_all(paths, options)?;
        prove(again.as_mut(), &checked, &broken, SHOWN).map_err(first)?
    };
    let judged = judge(&checked, &header, &guarantees, &proofs);
    print(&told(&names.join(", "), &checked, &judged, &proofs));
    if let Some(picture) = &options.timeline {
        fs::write(picture, timeline::svg(&proofs)).map_err(|source| {
            Failure::input(EventsError::Open {
                path: picture.clone(),
                source,
            })
        })?;
    }
    let tally = Tally::from_iter(
        judged
            .iter()
            .map(|judged| (Level::Must, judged.verdict.kind())),
    );
    let facts = Facts {
        planned: u32::try_from(judged.len()).unwrap_or(u32::MAX),
        ..Facts::default()
    };
    Ok(Exit::of(&tally, facts).code())
}

fn wanted(options: &Check, header: &EventHeader) -> Result<Vec<Guarantee>, Failure> {
    let claims: Result<Vec<Guarantee>, UnknownGuarantee> =
        header.claims.iter().map(|claim| claim.parse()).collect();
    let claims = claims.map_err(|error| Failure::input(EventsError::from(error)))?;
    let mut wanted = if options.guarantee.is_empty() {
        claims
    } else {
        options.guarantee.clone()
    };
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Err(Failure::input(EventsError::NoGuarantee));
    }
    Ok(wanted)
}

fn opened(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|source| {
        Failure::input(EventsError::Open {
            path: path.to_owned(),
            source,
        })
    })
}

/// The form of a history, by how it begins.
fn form_of(path: &Path) -> Result<EventForm, Failure> {
    let mut begin = Vec::new();
    let mut file = opened(path)?;
    let unreadable = |source| {
        Failure::input(EventsError::Open {
            path: path.to_owned(),
            source,
        })
    };
    // A pipe could not be read a second time, for the records that prove a failure.
    file.rewind().map_err(unreadable)?;
    file.take(64).read_to_end(&mut begin).map_err(unreadable)?;
    let text = String::from_utf8_lossy(&begin);
    Ok(if begin.starts_with(b"MPEVENTS") {
        EventForm::Binary
    } else if text.starts_with("{:") || text.starts_with("#jepsen") || text.contains("\"process\"")
    {
        EventForm::Jepsen
    } else {
        EventForm::Jsonl
    })
}

fn open_all(paths: &[PathBuf], options: &Check) -> Result<Box<dyn EventSource>, Failure> {
    let mut sources = Vec::new();
    for path in paths {
        let form = match options.format {
            Some(form) => form,
            None => form_of(path)?,
        };
        let name = path.display().to_string();
        let source = open(path, &name, form)?;
        sources.push((name, source));
    }
    if sources.len() > 1 {
        let merged = MergedReader::open(sources);
        let merged = merged.map_err(|error| Failure::input(EventsError::from(error)))?;
        return Ok(Box::new(merged));
    }
    let only = sources.into_iter().next();
    Ok(only.expect("the command line asks for at least one file").1)
}

fn open(path: &Path, name: &str, form: EventForm) -> Result<Box<dyn EventSource>, Failure> {
    let file = opened(path)?;
    let buffered = |file| BufReader::with_capacity(1 << 18, file);
    let source: Result<Box<dyn EventSource>, EventReadError> = match form {
        EventForm::Binary => BinaryReader::open(name, file).map(|reader| Box::new(reader) as _),
        EventForm::Jsonl => {
            JsonlReader::open(name, buffered(file)).map(|reader| Box::new(reader) as _)
        }
        EventForm::Jepsen => {
            JepsenReader::open(name, buffered(file)).map(|reader| Box::new(reader) as _)
        }
    };
    source.map_err(|error| Failure::input(EventsError::from(error)))
}

fn fold(source: &mut dyn EventSource) -> Result<Checked, EventReadError> {
    let mut checker = Checker::new(source.header());
    while let Some((record, names)) = source.next()? {
        checker.see(record, names);
    }
    Ok(checker.finish(source.names(), source.holes()))
}

fn told(name: &str, checked: &Checked, judged: &[Judged], proofs: &[Proof]) -> String {
    let figures = &checked.figures;
    let mut text = format!(
        "{name}: {} records, {} events published ({} acknowledged, {} failed), {} deliveries, {} effects, {:.3} s\n",
        figures.records,
        figures.published,
        figures.acknowledged,
        figures.failed,
        figures.delivered,
        figures.effects,
        std::time::Duration::from_nanos(figures.until.saturating_sub(figures.from)).as_secs_f64(),
    );
    for judged in judged {
        let (kind, reason) = (judged.verdict.kind(), judged.verdict.reason());
        text.push_str(&format!("  {kind:<12}  {}: {reason}\n", judged.guarantee));
    }
    for proof in proofs {
        text.push_str(&format!("\n{}: {}\n", proof.anomaly, proof.subject));
        for line in timeline::text(proof) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text
}
