//! The command line.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use meshproof_model::Level;
use meshproof_suites::events::Guarantee;

/// Conformance and chaos testing for service meshes: deploys sample services with any mesh, injects
/// latency and faults, and judges what the applications recorded against a written specification.
#[derive(Debug, Parser)]
#[command(name = "meshproof", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  meshproof doctor                             what this machine lacks, and how to get it
  meshproof run                                the resilience suite against the reference mesh
  meshproof run --mesh envoy --filter retry    Envoy; only cases with `retry` in their id
  meshproof run --mesh ./my-mesh --report junit=out.xml
  meshproof show resilience.retry.bounded      one case, drawn, with its demand and its sources
  meshproof check --history meshproof-out/RUN/history/CASE.1.jsonl

Exit codes: 0 every MUST passed or was skipped, and one passed · 1 a MUST failed ·
2 usage or input · 3 the environment failed · 4 a MUST inconclusive, or all skipped ·
130 interrupted";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Deploy services with a mesh, break things, judge, report.
    Run(Run),
    /// List what there is.
    #[command(after_help = LIST_EXAMPLES)]
    List {
        /// What to list.
        what: What,
    },
    /// Draw one case: its topology, its schedule, and what it demands.
    #[command(after_help = SHOW_EXAMPLES)]
    Show {
        /// The case's id, such as `resilience.retry.bounded`.
        case: String,
        /// The suite it belongs to: a built-in name, a file or a folder; any that is built in when absent.
        #[arg(long, value_name = "NAME|PATH")]
        suite: Option<String>,
        /// As a file of cases instead, to begin one's own with.
        #[arg(long)]
        yaml: bool,
    },
    /// Print the specification: every demand, how it is judged, and what it must catch, as Markdown.
    ///
    /// Demands are grouped by area below a table of contents. Each tells its level, its sources, what
    /// a mesh must be able to do for it to bind, the world and what happens in it, the checks with
    /// their parameters, and the sabotage that it must catch; all checks are explained at the end.
    #[command(after_help = SPEC_EXAMPLES)]
    Spec {
        /// A built-in name, a file or a folder of cases [default: every built-in suite].
        #[arg(value_name = "SUITE")]
        suite: Option<String>,
    },
    /// Tell an earlier run again from its events, as a table or in any form of report.
    #[command(after_help = REPORT_EXAMPLES)]
    Report {
        /// A run's folder, or its `events.jsonl`.
        #[arg(long, value_name = "FOLDER|FILE")]
        from: PathBuf,
        /// A report to write instead of the table, as `json=PATH` or `junit=PATH`; may be given several times.
        #[arg(long, value_name = "FORMAT=PATH")]
        report: Vec<String>,
    },
    /// Judge a recorded history, without running anything: of a case, or of any system's events.
    #[command(after_help = CHECK_EXAMPLES)]
    Check(Check),
    /// Read cases or a mesh profile and tell what is wrong with them.
    #[command(after_help = VALIDATE_EXAMPLES)]
    Validate {
        /// A file or folder of cases, or a folder with a `mesh.yaml`.
        file: PathBuf,
    },
    /// Try a mesh out: start it, call through it, change its policy, drain it, end it.
    Mesh {
        #[command(subcommand)]
        what: Mesh,
    },
    /// Tell what this machine has and lacks for a run, and how to get it.
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor {
        /// A mesh that must be able to run: a built-in name or a folder [default: the reference mesh].
        #[arg(value_name = "NAME|FOLDER")]
        mesh: Option<String>,
    },
    /// End what a killed run may have left behind.
    Recover,
    /// Print the JSON Schema of a format, so that editors complete it.
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema {
        /// Whose schema.
        #[arg(value_enum, default_value_t = Format::Suite)]
        format: Format,
    },
    /// Print what a shell needs to complete meshproof's words.
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page, or write one a command.
    #[command(after_help = MAN_EXAMPLES)]
    Man {
        /// Write the page of every command into this folder instead.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
}

/// What can be done with a mesh.
#[derive(Debug, Subcommand)]
pub(crate) enum Mesh {
    /// Walk a mesh through its life between two services, each step told with its time.
    ///
    /// Renders every template, starts the mesh around `a` and `b`, calls `b` through it, hands it a
    /// policy and waits until the mesh shows that it acts, drains a replica of `b` if the profile
    /// declares that, and ends everything. The first step that fails is told with the ends of the
    /// logs. Exit codes: 0 all went well, 1 the mesh failed a step, 2 the profile is not sound,
    /// 3 this machine lacks something.
    #[command(after_help = MESH_EXAMPLES)]
    Check {
        /// A built-in name (`meshproof list meshes`) or a folder with a `mesh.yaml`.
        #[arg(value_name = "NAME|FOLDER")]
        mesh: String,
    },
}

const LIST_EXAMPLES: &str = "\
Examples:
  meshproof list cases
  meshproof list meshes        with the sabotage that each can be told to commit";

const SHOW_EXAMPLES: &str = "\
Examples:
  meshproof show resilience.isolation.report
  meshproof show resilience.retry.bounded --yaml > my-case.yaml
  meshproof show shop.checkout --suite ./my-cases.yaml";

const SPEC_EXAMPLES: &str = "\
Examples:
  meshproof spec > docs/spec.md
  meshproof spec resilience
  meshproof spec ./my-cases.yaml";

const REPORT_EXAMPLES: &str = "\
Examples:
  meshproof report --from meshproof-out/RUN
  meshproof report --from events.jsonl --report junit=junit.xml --report json=report.json";

const CHECK_EXAMPLES: &str = "\
Examples:
  meshproof check --history meshproof-out/RUN/history/resilience.retry.bounded.1.jsonl
  meshproof check --events orders.jsonl --guarantee at-least-once,ordered-per-key
  meshproof check --events orders.bin --guarantee exactly-once --timeline why.svg
  meshproof check --events producer.jsonl --events consumer.jsonl --guarantee at-least-once
  meshproof check --events history.edn --format jepsen --guarantee at-least-once,ordered-log";

const VALIDATE_EXAMPLES: &str = "\
Examples:
  meshproof validate ./my-cases.yaml
  meshproof validate ./my-mesh";

const MESH_EXAMPLES: &str = "\
Examples:
  meshproof mesh check envoy
  meshproof mesh check ./my-mesh";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  meshproof doctor
  meshproof doctor envoy

Exit codes: 0 the default run, or the mesh that is named, can work here · 3 it cannot";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  meshproof schema suite > cases.schema.json
  meshproof schema profile > mesh.schema.json

An editor with yaml-language-server completes a file that begins with
  # yaml-language-server: $schema=./cases.schema.json";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  meshproof completions bash > ~/.local/share/bash-completion/completions/meshproof
  meshproof completions zsh > \"${fpath[1]}/_meshproof\"
  meshproof completions fish > ~/.config/fish/completions/meshproof.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  meshproof man | man -l -
  meshproof man --out ~/.local/share/man/man1";

/// The formats that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A file of cases.
    Suite,
    /// `mesh.yaml`.
    Profile,
    /// A line of a history.
    History,
    /// A line of `events.jsonl`.
    Events,
    /// A line of a history of events, as `check --events` reads it.
    EventHistory,
}

/// What `list` can list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// The built-in suites.
    Suites,
    /// Every case of the built-in suites.
    Cases,
    /// The checks that a case can use.
    Checks,
    /// The built-in meshes, and whether they can run here.
    Meshes,
    /// The faults that a case can inject.
    Faults,
    /// The delivery guarantees that a history of events can be judged by, and what breaks them.
    Guarantees,
    /// What can go wrong with events.
    Anomalies,
}

/// Options of `check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// A file below `meshproof-out/<run>/history/`.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "events",
        conflicts_with = "events"
    )]
    pub(crate) history: Option<PathBuf>,
    /// A history of events, of your own system too (docs/events.md); given several times, its files,
    /// such as one a process, are merged by time.
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Vec<PathBuf>,
    /// What the events were promised [default: all that the history's header claims].
    #[arg(long, value_name = "GUARANTEE", value_delimiter = ',', requires = "events", value_parser = guarantees())]
    pub(crate) guarantee: Vec<Guarantee>,
    /// The form of the history of events [default: told from how it begins].
    #[arg(long, value_enum, requires = "events")]
    pub(crate) format: Option<EventForm>,
    /// Draw the records that prove a failure into this file.
    #[arg(long, value_name = "FILE.svg", requires = "events")]
    pub(crate) timeline: Option<PathBuf>,
}

/// The forms of a history of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventForm {
    /// JSON Lines.
    Jsonl,
    /// Blocks of 32 bytes.
    Binary,
    /// A history of Jepsen's kafka workload, an operation a line, as EDN or JSON.
    Jepsen,
}

fn guarantees() -> impl TypedValueParser<Value = Guarantee> {
    let words = Guarantee::ALL
        .iter()
        .map(|guarantee| PossibleValue::new(guarantee.word()).help(guarantee.about()));
    PossibleValuesParser::new(words).try_map(|word| word.parse::<Guarantee>())
}

/// Options of `run`.
#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(crate) struct Run {
    /// The mesh: a built-in name (`meshproof list meshes`) or a folder with a `mesh.yaml`.
    #[arg(long, default_value = "reference", value_name = "NAME|FOLDER")]
    pub(crate) mesh: String,
    /// The suite: a built-in name (`meshproof list suites`), a file or a folder of cases.
    #[arg(long, default_value = "resilience", value_name = "NAME|PATH")]
    pub(crate) suite: String,
    /// Only cases whose id contains this text; may be given several times.
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Vec<String>,
    /// Only cases at least this binding.
    #[arg(long, value_enum, default_value_t = AtLeast::May)]
    pub(crate) level: AtLeast,
    /// A failed SHOULD fails the run as well.
    #[arg(long)]
    pub(crate) strict: bool,
    /// How many cases run side by side [default: twice the cores, at most 8].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) jobs: Option<u32>,
    /// The seed of all random choices [default: a new one, printed and recorded].
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// How often each case is run.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) repeat: u32,
    /// Where the run's folder is made.
    #[arg(long, default_value = "meshproof-out", value_name = "FOLDER")]
    pub(crate) out: PathBuf,
    /// One more report, as `json=PATH` or `junit=PATH`; may be given several times.
    #[arg(long, value_name = "FORMAT=PATH")]
    pub(crate) report: Vec<String>,
    /// Show what would run, and what would be skipped and why; start nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Keep logs, rendered configuration and raw records of every world in the run's folder.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Let a case that is skipped for want of this capability fail; may be given several times.
    #[arg(long, value_name = "CAPABILITY")]
    pub(crate) require: Vec<String>,
    /// Tell the mesh to commit a wrong behaviour, to see which cases catch it (`list meshes` names them).
    #[arg(long, value_name = "NAME")]
    pub(crate) sabotage: Option<String>,
}

const RUN_EXAMPLES: &str = "\
Examples:
  meshproof run --dry-run
  meshproof run --mesh envoy --repeat 10 --seed 7
  meshproof run --filter timeout --filter retry --report junit=results.xml
  meshproof run --mesh reference --sabotage neverRetry     (must fail)";

/// How binding a case must be to be selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AtLeast {
    /// MUST only.
    Must,
    /// MUST and SHOULD.
    Should,
    /// All.
    May,
}

impl AtLeast {
    /// Whether a case of this level is selected.
    pub(crate) fn includes(self, level: Level) -> bool {
        match self {
            Self::Must => level == Level::Must,
            Self::Should => level != Level::May,
            Self::May => true,
        }
    }
}
