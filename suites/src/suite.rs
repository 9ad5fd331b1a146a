//! Suites: cases read from the files that a person wrote, or from those that are built in.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use meshproof_yaml::{Malformed, nearest};
use miette::Diagnostic;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Case;
use crate::validate::validate;

/// A named set of cases with distinct ids.
#[derive(Debug, Clone, PartialEq)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// What it is about, in a line.
    pub about: String,
    /// Its cases in the order of the files.
    pub cases: Vec<Case>,
}

/// Why there is no suite.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum SuiteError {
    /// A text is not what it should be.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Malformed(#[from] Malformed),
    /// A file or folder cannot be read.
    #[error("{}: cannot be read", path.display())]
    #[diagnostic(help("give a YAML file of cases, or a folder of such files"))]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Neither a file, nor a folder, nor a suite that is built in.
    #[error("{name}: no such file or folder, nor is a suite of that name built in")]
    Missing {
        /// What was asked for.
        name: String,
        /// What there is instead.
        #[help]
        help: String,
    },
    /// No suite of that name is built in.
    #[error("no suite `{name}` is built in")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// What there is instead.
        #[help]
        help: String,
    },
    /// There is no case in it.
    #[error("suite `{name}` has no cases")]
    #[diagnostic(help(
        "a file of cases begins with `meshproof/v1: cases` and lists them under `cases:`"
    ))]
    Empty {
        /// Its name.
        name: String,
    },
}

struct Builtin {
    name: &'static str,
    about: &'static str,
    files: &'static [(&'static str, &'static str)],
}

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$((concat!("suites/data/", $path), include_str!(concat!("../data/", $path)))),*]
    };
}

const BUILTIN: &[Builtin] = &[
    Builtin {
        name: "resilience",
        about: "A failing part stays a part: timeouts, retries, limits, ejection, balance, splits, connections, control plane, workloads, protocols, identity, telemetry.",
        files: files![
            "resilience/timeouts.yaml",
            "resilience/retries.yaml",
            "resilience/ejection.yaml",
            "resilience/limits.yaml",
            "resilience/split.yaml",
            "resilience/isolation.yaml",
            "resilience/balance.yaml",
            "resilience/connections.yaml",
            "resilience/control.yaml",
            "resilience/overload.yaml",
            "resilience/workloads.yaml",
            "resilience/protocols.yaml",
            "resilience/identity.yaml",
            "resilience/streams.yaml",
            "resilience/telemetry.yaml",
        ],
    },
    Builtin {
        name: "scale",
        about: "Three hundred services with a sidecar each: every call arrives, a failing service stays alone, policy reaches all.",
        files: files!["scale/graph.yaml"],
    },
];

/// A file of cases.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[serde(rename = "meshproof/v1")]
    _kind: FileKind,
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum FileKind {
    Cases,
}

impl Suite {
    /// The names of the suites that are built in.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|suite| suite.name)
    }

    /// A suite by its built-in name, or from a file or folder.
    ///
    /// # Errors
    /// When there is none, or it is not what it should be.
    pub fn find(name: &str) -> Result<Self, SuiteError> {
        let path = Path::new(name);
        if Self::builtin_names().any(|builtin| builtin == name) {
            return Self::builtin(name);
        }
        if path.exists() {
            return Self::load(path);
        }
        let stem = path.file_stem().unwrap_or_default();
        Err(SuiteError::Missing {
            name: name.to_owned(),
            help: instead(&stem.to_string_lossy()),
        })
    }

    /// A suite that is built in.
    ///
    /// # Errors
    /// When none has that name.
    pub fn builtin(name: &str) -> Result<Self, SuiteError> {
        let found = BUILTIN.iter().find(|suite| suite.name == name);
        let Some(Builtin { name, about, files }) = found else {
            return Err(SuiteError::Unknown {
                name: name.to_owned(),
                help: instead(name),
            });
        };
        let files = files.iter().map(|(path, text)| (*path, *text));
        let mut suite = Self::parse(name, files)?;
        suite.about = (*about).to_owned();
        Ok(suite)
    }

    /// The JSON Schema of a file of cases.
    #[must_use]
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(CaseFile)
    }

    /// Loads a file of cases, or every `.yaml` file directly in a folder, in the order of their names.
    ///
    /// # Errors
    /// When something cannot be read or is not what it should be.
    pub fn load(path: &Path) -> Result<Self, SuiteError> {
        let read = |source| SuiteError::Read {
            path: path.to_owned(),
            source,
        };
        let mut paths = Vec::new();
        if fs::metadata(path).map_err(read)?.is_dir() {
            for entry in fs::read_dir(path).map_err(read)? {
                let file = entry.map_err(read)?.path();
                if file.extension().is_some_and(|e| e == "yaml" || e == "yml") {
                    paths.push(file);
                }
            }
            paths.sort();
        } else {
            paths.push(path.to_owned());
        }
        let mut files = Vec::new();
        for path in paths {
            let text = fs::read_to_string(&path).map_err(|source| SuiteError::Read {
                path: path.clone(),
                source,
            })?;
            files.push((path.display().to_string(), text));
        }
        let name = path.file_stem().unwrap_or(path.as_os_str());
        Self::parse(
            &name.to_string_lossy(),
            files
                .iter()
                .map(|(path, text)| (path.as_str(), text.as_str())),
        )
    }

    /// Reads a suite from the names and texts of its files.
    ///
    /// # Errors
    /// When a text is not what it should be, or there is no case.
    pub fn parse<'a>(
        name: &str,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, SuiteError> {
        let mut cases: Vec<Case> = Vec::new();
        for (file, text) in files {
            let read: CaseFile = meshproof_yaml::from_str(file, text)?;
            for case in read.cases {
                validate(&case, file, text)?;
                if cases.iter().any(|other| other.id == case.id) {
                    let here = text.matches(&id_line(&case.id)).count();
                    let malformed = Malformed::new(
                        file,
                        text,
                        format!("a case with the id `{}` is there already", case.id),
                    );
                    let malformed = malformed.find(&id_line(&case.id), here.saturating_sub(1));
                    return Err(malformed
                        .advise("ids are stable and unique in a suite")
                        .into());
                }
                cases.push(case);
            }
        }
        if cases.is_empty() {
            return Err(SuiteError::Empty {
                name: name.to_owned(),
            });
        }
        Ok(Self {
            name: name.to_owned(),
            about: String::new(),
            cases,
        })
    }
}

/// What is built in, for a name that is not.
fn instead(name: &str) -> String {
    match nearest(name, Suite::builtin_names()) {
        Some(near) => format!("did you mean `{near}`? it is built in"),
        None => {
            let names: Vec<_> = Suite::builtin_names().collect();
            format!("built in are: {}", names.join(", "))
        }
    }
}

/// How a case's id stands in its file.
pub(crate) fn id_line(id: &str) -> String {
    format!("id: {id}\n")
}
