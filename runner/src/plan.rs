//! What a run will do, decided before anything starts: nothing after a [`Plan`] is optional.

use std::sync::Arc;

use meshproof_fixtures::Profile;
use meshproof_model::{Capability, Claim, Target};
use meshproof_suites::{Case, Suite};
use sha2::{Digest, Sha256};

use crate::cli::AtLeast;

/// A run, decided.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) suite: String,
    pub(crate) mesh: Arc<Profile>,
    /// The mesh of control arms: none at all.
    pub(crate) bare: Arc<Profile>,
    pub(crate) sabotage: Option<String>,
    pub(crate) seed: u64,
    pub(crate) cases: Vec<Planned>,
}

/// One repetition of a case.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) case: Arc<Case>,
    pub(crate) repetition: u32,
    pub(crate) seed: u64,
    /// Why it is not run.
    pub(crate) fate: Fate,
}

/// What becomes of a planned case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    Run,
    /// Something that it requires is missing.
    Skip(String),
    /// The same, but the user insisted on the capability.
    FailRequired(String),
}

/// What narrows a plan.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) filter: Vec<String>,
    pub(crate) level: AtLeast,
    pub(crate) require: Vec<Capability>,
    pub(crate) repeat: u32,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(crate) enum PlanError {
    #[error("no case is selected")]
    #[diagnostic(help(
        "`meshproof list cases` shows all ids; --filter {filter} and --level leave none of them"
    ))]
    Nothing { filter: String },
    #[error("mesh `{mesh}` knows no sabotage `{sabotage}`{}", nearest(.sabotage, .known))]
    #[diagnostic(help("known: {}", if .known.is_empty() { "none; only a mesh of one's own can be sabotaged".to_owned() } else { .known.join(", ") }))]
    Sabotage {
        mesh: String,
        sabotage: String,
        known: Vec<String>,
    },
}

fn nearest(word: &str, known: &[String]) -> String {
    let near = known
        .iter()
        .map(|name| (strsim::jaro_winkler(word, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    near.map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}

impl Plan {
    /// Selects cases and decides which of them the mesh can be asked.
    pub(crate) fn new(
        suite: Suite,
        mesh: Profile,
        bare: Profile,
        sabotage: Option<String>,
        seed: u64,
        selection: &Selection,
    ) -> Result<Self, PlanError> {
        if let Some(wrong) = sabotage
            .as_ref()
            .filter(|name| !mesh.spec.sabotage.contains(name))
        {
            return Err(PlanError::Sabotage {
                mesh: mesh.spec.name.clone(),
                sabotage: wrong.clone(),
                known: mesh.spec.sabotage.clone(),
            });
        }
        let selected: Vec<Arc<Case>> = suite
            .cases
            .into_iter()
            .filter(|case| selection.level.includes(case.level))
            .filter(|case| {
                let filter = &selection.filter;
                filter.is_empty() || filter.iter().any(|text| case.id.contains(text.as_str()))
            })
            .map(Arc::new)
            .collect();
        if selected.is_empty() {
            return Err(PlanError::Nothing {
                filter: selection.filter.join(" --filter "),
            });
        }
        let mut cases = Vec::new();
        for repetition in 1..=selection.repeat {
            for case in &selected {
                cases.push(Planned {
                    case: Arc::clone(case),
                    repetition,
                    seed: derive(seed, &case.id, repetition),
                    fate: fate(case, &mesh, &selection.require),
                });
            }
        }
        Ok(Self {
            suite: suite.name,
            mesh: Arc::new(mesh),
            bare: Arc::new(bare),
            sabotage,
            seed,
            cases,
        })
    }
}

fn fate(case: &Case, mesh: &Profile, required: &[Capability]) -> Fate {
    if let Some(binary) = mesh.missing_binary() {
        return Fate::Skip(format!(
            "mesh {0} needs `{binary}`, which is not on PATH; `meshproof doctor {0}` shows how to get it",
            mesh.spec.name
        ));
    }
    if let Some(part) = missing_part(case, mesh) {
        return Fate::Skip(format!("mesh {} has no {part} to break", mesh.spec.name));
    }
    let lacking = case
        .requires
        .iter()
        .find(|capability| *mesh.claim(**capability) == Claim::None);
    match lacking {
        None => Fate::Run,
        Some(lacking) => {
            let reason = format!("mesh {} declares no `{lacking}`", mesh.spec.name);
            if required.contains(lacking) {
                Fate::FailRequired(format!("{reason}, which --require demands"))
            } else {
                Fate::Skip(reason)
            }
        }
    }
}

/// What a fault of the case sits on and the mesh does not have.
fn missing_part(case: &Case, mesh: &Profile) -> Option<&'static str> {
    let mut targets = case.faults.iter().map(|fault| &fault.on);
    targets.find_map(|on| match on {
        Target::Sidecar(_) if mesh.spec.sidecar.is_none() => Some("sidecar"),
        Target::ControlPlane if mesh.spec.control_plane.is_empty() => Some("control plane"),
        _ => None,
    })
}

/// A seed of its own for each repetition of each case, whatever else is selected.
fn derive(seed: u64, case: &str, repetition: u32) -> u64 {
    let digest = Sha256::new()
        .chain_update(seed.to_le_bytes())
        .chain_update(case)
        .chain_update(repetition.to_le_bytes())
        .finalize();
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(bytes)
}
