//! The commands, one a file, and the two ways in which they fail.

pub(crate) mod check;
pub(crate) mod doctor;
pub(crate) mod list;
pub(crate) mod manual;
pub(crate) mod mesh;
pub(crate) mod recover;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod show;
pub(crate) mod spec;
pub(crate) mod validate;

mod output;

use std::process::ExitCode;

use meshproof_suites::Suite;
use miette::{Diagnostic, Report};

/// Why a command ended without a result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What the user gave: exit code 2.
    Input(Report),
    /// What the machine or the mesh did: exit code 3.
    Environment(Report),
}

impl Failure {
    pub(crate) fn input(error: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self::Input(Report::new(error))
    }

    pub(crate) fn environment(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Environment(
            miette::IntoDiagnostic::into_diagnostic(Err::<(), _>(error))
                .expect_err("it is an error"),
        )
    }

    /// Shows the failure and returns its exit code.
    pub(crate) fn render(&self) -> ExitCode {
        let (report, code) = match self {
            Self::Input(report) => (report, 2),
            Self::Environment(report) => (report, 3),
        };
        eprintln!("{report:?}");
        ExitCode::from(code)
    }
}

/// A suite by its built-in name, or from a file or folder.
fn load_suite(name: &str) -> Result<Suite, Failure> {
    Suite::find(name).map_err(Failure::input)
}

fn builtin_suites() -> Result<Vec<Suite>, Failure> {
    Suite::builtin_names()
        .map(|name| Suite::builtin(name).map_err(Failure::input))
        .collect()
}
