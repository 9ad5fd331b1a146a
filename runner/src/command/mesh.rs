//! `meshproof mesh check`: a mesh's life between two services, each step told with its time.

mod call;
mod life;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use meshproof_clock::Timers;
use meshproof_fixtures::{PlatformError, Processes, Profile};
use miette::Report;

use self::life::{Life, Trouble};
use super::Failure;
use super::doctor::how_to_get;
use super::output::print;
use crate::run::{LEASE, explain, interruption, scratch};

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum CheckError {
    #[error("mesh `{mesh}` lacks what it needs:\n{}", .lines.join("\n"))]
    #[diagnostic(help("`meshproof doctor {mesh}` looks again"))]
    Missing { mesh: String, lines: Vec<String> },
    #[error("the state folder of this check cannot be made")]
    #[diagnostic(help("name another with XDG_STATE_HOME"))]
    State(#[source] io::Error),
    #[error("this program cannot find itself on disk")]
    Exe(#[source] io::Error),
    #[error("no timer can be made")]
    Timers(#[source] io::Error),
    #[error(transparent)]
    Platform(#[from] PlatformError),
    #[error("{}: is still there", .0.display())]
    #[diagnostic(help("`meshproof recover` ends and removes it"))]
    Left(PathBuf),
}

/// What is told on the way: a line a step, and below it whatever it takes to understand it.
#[derive(Debug)]
struct Steps {
    began: Instant,
}

impl Steps {
    fn new() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// Tells a step that went well; the time of the next one counts from here.
    fn done(&mut self, name: &str, what: &str) {
        self.tell("ok", name, what);
    }

    /// Tells a step that there is nothing to do for, and why.
    fn skipped(&mut self, name: &str, why: &str) {
        self.tell("-", name, why);
    }

    fn failed(&mut self, name: &str, why: &str) {
        self.tell("FAIL", name, why);
    }

    fn tell(&mut self, grade: &str, name: &str, what: &str) {
        let mut lines = what.lines();
        let first = lines.next().unwrap_or_default();
        let mut text = format!(
            "{grade:<4}  {name:<8}  {:>9}  {first}\n",
            shown(self.began.elapsed())
        );
        lines.for_each(|line| text.push_str(&format!("{:27}{line}\n", "")));
        print(&text);
        self.began = Instant::now();
    }
}

/// `12.3 ms`: a step's time as a person compares it.
fn shown(length: Duration) -> String {
    format!("{:.1} ms", length.as_secs_f64() * 1e3)
}

pub(crate) fn check(mesh: &str) -> Result<u8, Failure> {
    let mut steps = Steps::new();
    let profile = Profile::load(mesh).map_err(Failure::input)?;
    let name = profile.spec.name.clone();
    steps.done("read", &format!("mesh `{name}`: {}", profile.spec.about));
    profile.rehearse().map_err(Failure::input)?;
    steps.done(
        "render",
        "every template, without and with every part of a policy",
    );
    let lines = how_to_get(&profile);
    if !lines.is_empty() {
        let mesh = mesh.to_owned();
        return Err(environment(CheckError::Missing { mesh, lines }));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::environment)?;
    runtime
        .block_on(walk(Arc::new(profile), steps))
        .map_err(environment)
}

fn environment(error: CheckError) -> Failure {
    Failure::Environment(Report::new(error))
}

/// Starts the keeper, walks the mesh through its life, and ends everything whatever came of it.
async fn walk(profile: Arc<Profile>, mut steps: Steps) -> Result<u8, CheckError> {
    let exe = std::env::current_exe().map_err(CheckError::Exe)?;
    let state = scratch("check").map_err(CheckError::State)?;
    let (processes, listen) = Processes::start(&exe, &state, LEASE)?;
    let timers = Timers::new().map_err(CheckError::Timers)?;
    let mut life = Life {
        processes: Arc::clone(&processes),
        profile: Arc::clone(&profile),
        timers: timers.clone(),
        steps: &mut steps,
    };
    let walked = tokio::select! {
        // In this order: whoever can interrupt the walk is heard from its first step on.
        biased;
        () = interruption() => Err(Trouble::Interrupted),
        () = listen => Err(Trouble::Environment("the keeper is gone, and every process with it".to_owned())),
        () = timers.run() => Err(Trouble::Environment("the timers ended".to_owned())),
        walked = life.walk() => walked,
    };
    let name = &profile.spec.name;
    let (code, verdict) = match walked {
        Ok(()) => (0, format!("mesh `{name}` works\n")),
        Err(Trouble::Mesh { step, why }) => {
            steps.failed(step, &why);
            (1, format!("mesh `{name}` failed at `{step}`\n"))
        }
        Err(Trouble::Environment(why)) => {
            steps.failed("machine", &why);
            (
                3,
                "this machine failed, so nothing is said of the mesh; see `meshproof doctor`\n"
                    .to_owned(),
            )
        }
        Err(Trouble::Interrupted) => (130, "interrupted\n".to_owned()),
    };
    let ended = processes.shutdown();
    if let (Err(error), 0) = (&ended, code) {
        steps.failed("end", &explain(error));
    }
    ended?;
    if state.exists() {
        return Err(CheckError::Left(state));
    }
    steps.done("end", "every process ended, nothing left behind");
    print(&verdict);
    Ok(code)
}
