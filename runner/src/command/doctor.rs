//! `meshproof doctor`: what this machine has and lacks for a run, and how to get it.

mod binaries;
mod machine;

pub(crate) use binaries::how_to_get;

use meshproof_fixtures::Profile;
use tokio::runtime::Builder;

use super::Failure;
use super::output::print;

/// The mesh of a run that names none.
const DEFAULT_MESH: &str = "reference";

/// One thing that was looked at.
#[derive(Debug)]
struct Finding {
    grade: Grade,
    what: String,
    /// What was found, and below it what to do.
    lines: Vec<String>,
}

/// What a finding means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grade {
    /// As it should be.
    Good,
    /// Worth knowing; the run works.
    Note,
    /// The run does not work.
    Bad,
}

impl Finding {
    fn new(grade: Grade, what: &str, found: impl Into<String>) -> Self {
        Self {
            grade,
            what: what.to_owned(),
            lines: vec![found.into()],
        }
    }

    fn advise(mut self, advice: impl Into<String>) -> Self {
        self.lines.push(advice.into());
        self
    }
}

pub(crate) fn doctor(mesh: Option<&str>) -> Result<u8, Failure> {
    let wanted = mesh.unwrap_or(DEFAULT_MESH);
    let mut profiles = vec![Profile::load(wanted).map_err(Failure::input)?];
    if mesh.is_none() {
        let others = Profile::builtin_names()
            .into_iter()
            .filter(|name| name != wanted);
        for name in others {
            profiles.push(Profile::load(&name).map_err(Failure::input)?);
        }
    }
    let mut findings = machine::look();
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::environment)?;
    for profile in &profiles {
        let needed = profile.spec.name == profiles[0].spec.name;
        findings.push(runtime.block_on(binaries::of(profile, needed)));
    }
    let works = findings.iter().all(|finding| finding.grade != Grade::Bad);
    let run = match mesh {
        None => "the default run".to_owned(),
        Some(mesh) => format!("`meshproof run --mesh {mesh}`"),
    };
    let verdict = if works {
        "can work here"
    } else {
        "cannot work here"
    };
    print(&format!("{}\n{run} {verdict}\n", told(&findings)));
    Ok(if works { 0 } else { 3 })
}

fn told(findings: &[Finding]) -> String {
    let width = findings
        .iter()
        .map(|finding| finding.what.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for finding in findings {
        let grade = match finding.grade {
            Grade::Good => "ok",
            Grade::Note => "note",
            Grade::Bad => "BAD",
        };
        for (index, line) in finding.lines.iter().enumerate() {
            let (grade, what) = if index == 0 {
                (grade, finding.what.as_str())
            } else {
                ("", "")
            };
            text.push_str(&format!("{grade:<4}  {what:<width$}  {line}\n"));
        }
    }
    text
}
