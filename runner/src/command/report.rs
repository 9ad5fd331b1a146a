//! `meshproof report`: tells an earlier run again from its events.

use std::io;
use std::path::{Path, PathBuf};

use meshproof_reports::{Look, Output, OutputError, Report, StreamError, Terminal, events};

use super::Failure;

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum ReportError {
    #[error(transparent)]
    #[diagnostic(help("give a run's folder below meshproof-out, or the events.jsonl in it"))]
    Stream(#[from] StreamError),
    #[error(transparent)]
    Format(#[from] OutputError),
    #[error("--report {}: the file cannot be written", .path.display())]
    #[diagnostic(help("its folder must exist and be writable"))]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{}: cannot be told", .from.display())]
    Told {
        from: PathBuf,
        #[source]
        source: io::Error,
    },
}

pub(crate) fn report(from: &Path, outputs: &[String]) -> Result<u8, Failure> {
    tell(from, outputs).map_err(Failure::input)
}

fn tell(from: &Path, outputs: &[String]) -> Result<u8, ReportError> {
    let outputs = outputs.iter().map(|text| text.parse());
    let outputs: Vec<Output> = outputs.collect::<Result<_, _>>()?;
    let from = if from.is_dir() {
        from.join("events.jsonl")
    } else {
        from.to_owned()
    };
    let mut told = Vec::new();
    // All of it is read before a file is written: an earlier report is worth more than half a one.
    for event in events(&from)? {
        match event {
            Ok(event) => told.push(event),
            // The runner was killed while it wrote: what it had told until then stands.
            Err(cut @ StreamError::Cut { .. }) => eprintln!("{cut}"),
            Err(error) => return Err(error.into()),
        }
    }
    for mut report in open(&outputs)? {
        let whole = told.iter().try_for_each(|event| report.see(event));
        whole
            .and_then(|()| report.finish())
            .map_err(|source| ReportError::Told {
                from: from.clone(),
                source,
            })?;
    }
    Ok(0)
}

/// What the user asked for, else the table.
fn open(outputs: &[Output]) -> Result<Vec<Box<dyn Report>>, ReportError> {
    if outputs.is_empty() {
        let stdout = io::stdout();
        let look = Look::of(&stdout);
        return Ok(vec![Box::new(Terminal::again(Box::new(stdout), look))]);
    }
    let opened = outputs.iter().map(|output| {
        output.open().map_err(|source| ReportError::Write {
            path: output.path.clone(),
            source,
        })
    });
    opened.collect()
}
