//! `meshproof run`: the main job.

mod kept;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use meshproof_fixtures::Profile;
use meshproof_model::Capability;
use meshproof_reports::{Format, Look, Output, Report, Stream, Terminal};

use super::output::{columns, print};
use super::{Failure, load_suite};
use crate::cli;
use crate::plan::{Fate, Plan, Selection};
use crate::run::{Folders, Manner, run as carry_out};

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum OptionError {
    #[error("--out {}: the folder cannot be made or written", .path.display())]
    #[diagnostic(help("choose another with --out"))]
    Out {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("--report {}: the file cannot be written", .path.display())]
    #[diagnostic(help("its folder must exist and be writable"))]
    Report {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Format(#[from] meshproof_reports::OutputError),
    #[error("--require: {0}")]
    #[diagnostic(help("known capabilities: {}", Capability::ALL.iter().map(|c| c.name()).collect::<Vec<_>>().join(", ")))]
    Capability(#[from] meshproof_model::UnknownCapability),
}

pub(crate) fn run(options: &cli::Run) -> Result<u8, Failure> {
    let option = |error: OptionError| Failure::input(error);
    let require = options.require.iter().map(|name| name.parse());
    let require = require
        .collect::<Result<Vec<Capability>, _>>()
        .map_err(|error| option(error.into()))?;
    let outputs = options.report.iter().map(|text| text.parse());
    let outputs = outputs
        .collect::<Result<Vec<Output>, _>>()
        .map_err(|error| option(error.into()))?;
    let seed = match options.seed {
        Some(seed) => seed,
        None => fresh_seed().map_err(Failure::environment)?,
    };
    let selection = Selection {
        filter: options.filter.clone(),
        level: options.level,
        require,
        repeat: options.repeat,
    };
    let mesh = Profile::load(&options.mesh).map_err(Failure::input)?;
    mesh.rehearse().map_err(Failure::input)?;
    let plan = Plan::new(
        load_suite(&options.suite)?,
        mesh,
        Profile::load("none").map_err(Failure::input)?,
        options.sabotage.clone(),
        seed,
        &selection,
    )
    .map_err(Failure::input)?;
    if options.dry_run {
        print(&told(&plan));
        return Ok(0);
    }

    let folders = Folders::make(&options.out, seed).map_err(|source| {
        option(OptionError::Out {
            path: options.out.clone(),
            source,
        })
    })?;
    let reports = reports(&outputs, &folders).map_err(option)?;
    let manner = Manner {
        jobs: options.jobs.unwrap_or_else(default_jobs),
        strict: options.strict,
        keep: options.keep,
        reproduce: reproduce(options, seed),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::environment)?;
    let mesh = Arc::clone(&plan.mesh);
    let done = runtime.block_on(carry_out(plan, manner, &folders, reports));
    let exit = done.map_err(Failure::environment)?;
    if options.keep {
        let worlds = folders.out.join("world");
        print(&kept::told(&worlds, &relative(worlds.clone()), &mesh.spec));
    }
    Ok(exit)
}

/// `events.jsonl`, `report.json`, `junit.xml`, the terminal, and what the user asked for.
fn reports(outputs: &[Output], folders: &Folders) -> Result<Vec<Box<dyn Report>>, OptionError> {
    let standard = [(Format::Json, "report.json"), (Format::Junit, "junit.xml")];
    let standard = standard.map(|(format, name)| Output {
        format,
        path: folders.out.join(name),
    });
    let events = folders.out.join("events.jsonl");
    let unwritable = |path: &PathBuf, source| OptionError::Report {
        path: path.clone(),
        source,
    };
    let stream = Stream::create(&events).map_err(|error| unwritable(&events, error))?;
    let mut reports: Vec<Box<dyn Report>> = vec![Box::new(stream)];
    for output in standard.iter().chain(outputs) {
        reports.push(
            output
                .open()
                .map_err(|error| unwritable(&output.path, error))?,
        );
    }
    let mut artefacts = vec![("evidence".to_owned(), relative(folders.out.clone()))];
    let asked = outputs.iter();
    artefacts.extend(asked.map(|output| (output.format.name().to_owned(), output.path.clone())));
    let stdout = io::stdout();
    let look = Look::of(&stdout);
    reports.push(Box::new(Terminal::new(Box::new(stdout), look, artefacts)));
    Ok(reports)
}

/// As the user would type it.
fn relative(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).map_or(path.clone(), PathBuf::from)
}

/// Cases mostly wait: more of them than cores run side by side without noise.
fn default_jobs() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u32::try_from(2 * cores).unwrap_or(8).min(8)
}

fn fresh_seed() -> io::Result<u64> {
    let mut bytes = [0; 8];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    // Short enough to be typed again.
    Ok(u64::from_le_bytes(bytes) % 1_000_000_000)
}

fn reproduce(options: &cli::Run, seed: u64) -> String {
    let mut words = vec![
        "meshproof run".to_owned(),
        format!("--mesh {}", quoted(&options.mesh)),
        format!("--suite {}", quoted(&options.suite)),
    ];
    words.extend(
        options
            .filter
            .iter()
            .map(|text| format!("--filter {}", quoted(text))),
    );
    if options.repeat > 1 {
        words.push(format!("--repeat {}", options.repeat));
    }
    if let Some(sabotage) = &options.sabotage {
        words.push(format!("--sabotage {}", quoted(sabotage)));
    }
    words.push(format!("--seed {seed}"));
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn told(plan: &Plan) -> String {
    let rows: Vec<Vec<String>> = plan
        .cases
        .iter()
        .map(|planned| {
            let case = &planned.case;
            let fate = match &planned.fate {
                Fate::Run => {
                    let services = case.world.services.values();
                    let replicas: u32 = services.map(|service| service.replicas).sum();
                    format!(
                        "{} services, {replicas} replicas; {} for {}; {} faults",
                        case.world.services.len(),
                        case.load.rate,
                        case.load.length,
                        case.faults.len()
                    )
                }
                Fate::Skip(why) => format!("skipped: {why}"),
                Fate::FailRequired(why) => format!("fails: {why}"),
            };
            let id = format!("{} #{}", case.id, planned.repetition);
            vec![id, case.level.to_string(), fate]
        })
        .collect();
    format!(
        "suite {} against mesh {}, seed {}; nothing is started\n{}",
        plan.suite,
        plan.mesh.spec.name,
        plan.seed,
        columns(&rows)
    )
}
