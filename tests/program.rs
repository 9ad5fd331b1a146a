//! The program under test: started as a user would, in folders of its own, and looked at from
//! outside.
#![allow(dead_code, reason = "each test target uses its own part of it")]
#![allow(missing_docs, unreachable_pub, reason = "a module of test targets")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A machine's folders as one test sees them.
pub struct Place {
    folder: TempDir,
}

/// What a finished run left to read.
pub struct Told {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
        }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    /// Writes a file of this place and returns its path.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// The program with these arguments, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meshproof"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env("XDG_STATE_HOME", self.state())
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Told {
        Told::of(
            self.command(arguments)
                .output()
                .expect("the program starts"),
        )
    }

    /// Starts the program and leaves it running.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let out = fs::File::create(self.path().join("stdout.txt")).unwrap();
        let errors = fs::File::create(self.path().join("stderr.txt")).unwrap();
        self.command(arguments)
            .stdout(out)
            .stderr(errors)
            .spawn()
            .expect("the program starts")
    }

    /// The folder of the only run of this place.
    pub fn run_folder(&self) -> PathBuf {
        let runs = fs::read_dir(self.path().join("meshproof-out")).expect("a run was made");
        let mut folders: Vec<_> = runs.map(|entry| entry.unwrap().path()).collect();
        assert_eq!(folders.len(), 1, "one run: {folders:?}");
        folders.remove(0)
    }

    /// The event stream as far as it is written.
    pub fn events(&self) -> String {
        let Ok(mut runs) = fs::read_dir(self.path().join("meshproof-out")) else {
            return String::new();
        };
        let run = runs.next().and_then(Result::ok);
        run.and_then(|run| fs::read_to_string(run.path().join("events.jsonl")).ok())
            .unwrap_or_default()
    }

    /// The report of the only run of this place.
    pub fn report(&self) -> serde_json::Value {
        let text = fs::read_to_string(self.run_folder().join("report.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Processes that belong to this place: their folder or a word of their command line is in it.
    pub fn processes(&self) -> Vec<(u32, String)> {
        let mark = self.state();
        let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        pids.filter_map(|pid| {
            let proc = PathBuf::from(format!("/proc/{pid}"));
            let words = fs::read(proc.join("cmdline")).ok()?;
            let words = String::from_utf8_lossy(&words).replace('\0', " ");
            let folder = fs::read_link(proc.join("cwd")).unwrap_or_default();
            let ours = folder.starts_with(&mark) || words.contains(&*mark.to_string_lossy());
            ours.then_some((pid, words))
        })
        .collect()
    }

    /// Folders of runs that the state still holds.
    pub fn left_state(&self) -> Vec<PathBuf> {
        let runs = self.state().join("meshproof").join("runs");
        let entries = fs::read_dir(runs)
            .into_iter()
            .flatten()
            .filter_map(Result::ok);
        entries.map(|entry| entry.path()).collect()
    }

    /// Waits until no process of this place is left.
    pub fn wait_until_empty(&self, bound: Duration) {
        wait(bound, || {
            let left = self.processes();
            if left.is_empty() {
                Ok(())
            } else {
                Err(format!("still there: {left:#?}"))
            }
        });
    }
}

impl Told {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub fn all(&self) -> String {
        format!("exit {:?}\n{}\n{}", self.code, self.stdout, self.stderr)
    }
}

/// Held by a test that drives load: two of them at once would be each other's noise.
pub fn quiet() -> MutexGuard<'static, ()> {
    static QUIET: Mutex<()> = Mutex::new(());
    QUIET.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a condition, and panics with its last answer when the bound is over.
pub fn wait(bound: Duration, mut condition: impl FnMut() -> Result<(), String>) {
    let started = Instant::now();
    loop {
        match condition() {
            Ok(()) => return,
            Err(why) if started.elapsed() > bound => panic!("not within {bound:?}: {why}"),
            Err(_) => std::thread::park_timeout(Duration::from_millis(5)),
        }
    }
}
