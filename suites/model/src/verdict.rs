//! Verdicts. Inconclusive is not a pass.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How binding a demand is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// A fail fails the run.
    Must,
    /// A fail fails the run under `--strict`.
    Should,
    /// A fail is told.
    May,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::May => "may",
        })
    }
}

/// What a case or one of its checks came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Verdict {
    /// The demand was seen to hold.
    Pass {
        /// What was seen, in a line: the figures behind the pass.
        seen: String,
    },
    /// The demand was seen to be broken.
    Fail {
        /// What was wanted and what was got, in a line.
        why: String,
        /// The few records that prove it.
        evidence: Vec<Excerpt>,
    },
    /// The evidence does not suffice.
    Inconclusive {
        /// Why not.
        cause: String,
    },
    /// The mesh or the platform lacks what the case requires.
    Skipped {
        /// What is missing.
        missing: String,
    },
}

impl Verdict {
    /// The verdict without its reasons.
    #[must_use]
    pub const fn kind(&self) -> VerdictKind {
        match self {
            Self::Pass { .. } => VerdictKind::Pass,
            Self::Fail { .. } => VerdictKind::Fail,
            Self::Inconclusive { .. } => VerdictKind::Inconclusive,
            Self::Skipped { .. } => VerdictKind::Skipped,
        }
    }

    /// Its one-line reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Pass { seen } => seen,
            Self::Fail { why, .. } => why,
            Self::Inconclusive { cause } => cause,
            Self::Skipped { missing } => missing,
        }
    }
}

/// A verdict without its reasons.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum VerdictKind {
    /// Seen to hold.
    Pass,
    /// Seen to be broken.
    Fail,
    /// Evidence does not suffice.
    Inconclusive,
    /// Something required is missing.
    Skipped,
}

impl fmt::Display for VerdictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::Skipped => "skipped",
        })
    }
}

/// A piece of evidence, readable without the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Excerpt {
    /// The call or thing it is about.
    pub subject: String,
    /// What happened, a line each, times relative to the first.
    pub lines: Vec<String>,
}
