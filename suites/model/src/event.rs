//! The event stream of a run: every report is a fold over it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::{Bytes, Duration};
use crate::{Level, Verdict};

/// One line of `events.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Event {
    /// The run begins; always the first event.
    RunStarted(RunStarted),
    /// A case begins.
    CaseStarted {
        /// The case.
        case: String,
        /// Which of its repetitions, from 1.
        repetition: u32,
    },
    /// A case enters a step of its way; for live progress only.
    CaseStep {
        /// The case.
        case: String,
        /// Which of its repetitions.
        repetition: u32,
        /// What happens now, in a few words.
        step: String,
    },
    /// A case is judged.
    CaseEnded(CaseEnded),
    /// The run is over; always the last event.
    RunEnded(RunEnded),
}

/// What a run is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunStarted {
    /// The format, `meshproof/v1`.
    pub schema: String,
    /// The run's name, unique on this machine.
    pub run: String,
    /// When it began, seconds since the Unix epoch.
    pub started: u64,
    /// The program's version.
    pub version: String,
    /// The suite under test.
    pub suite: String,
    /// The mesh's name.
    pub mesh: String,
    /// The sabotage that the mesh was told to commit, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sabotage: Option<String>,
    /// The seed of all our random choices.
    pub seed: u64,
    /// How many case repetitions are planned, skipped ones included.
    pub planned: u32,
    /// SHA-256 of the sample service's executable.
    pub service_digest: String,
    /// The command that runs the same again.
    pub reproduce: String,
}

/// A case is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaseEnded {
    /// The case.
    pub case: String,
    /// Which of its repetitions, from 1.
    pub repetition: u32,
    /// How binding it is.
    pub level: Level,
    /// The demand in words.
    pub statement: String,
    /// The verdict on the whole.
    pub verdict: Verdict,
    /// The verdict of each check, in the case's order.
    pub expects: Vec<ExpectEnded>,
    /// How long it took on the wall clock.
    pub took: Duration,
    /// How long the policy took from being handed over to acting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converged: Option<Duration>,
    /// The longest scheduling lag that the noise gauge saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag: Option<Duration>,
    /// What its world took, where one was deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// The history, relative to the run's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<String>,
}

/// What a world took of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resources {
    /// Its processes when the load was over.
    pub processes: u32,
    /// From the decision to deploy it until all of it was ready.
    pub up: Duration,
    /// From the decision to end it until all of it was gone.
    pub down: Duration,
    /// What its processes held of memory when the load was over, shared pages divided among those
    /// who share them (PSS); absent where the kernel did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Bytes>,
}

/// One check is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExpectEnded {
    /// The check's name.
    pub check: String,
    /// Its verdict.
    pub verdict: Verdict,
}

/// The run is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunEnded {
    /// How long it took on the wall clock.
    pub took: Duration,
    /// The exit code that the verdicts ask for.
    pub exit: u8,
    /// What broke the run itself, if anything did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}
