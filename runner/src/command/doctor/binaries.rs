//! The programs that a mesh needs: where they are, which version, and how to get what is missing.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use meshproof_clock::within;
use meshproof_fixtures::Profile;
use tokio::process::Command;

use super::{Finding, Grade};

/// How long a program may take to tell its version.
const VERSION: Duration = Duration::from_secs(5);
/// The ways in which programs are asked for it.
const ASKED: [&str; 3] = ["--version", "-v", "version"];

/// What a mesh needs on this machine. Only a mesh that is `needed` can spoil the run.
pub(super) async fn of(profile: &Profile, needed: bool) -> Finding {
    let what = format!("mesh {}", profile.spec.name);
    if profile.missing_binary().is_some() {
        let grade = if needed { Grade::Bad } else { Grade::Note };
        let mut lines = how_to_get(profile).into_iter();
        let mut finding = Finding::new(grade, &what, lines.next().unwrap_or_default());
        finding.lines.extend(lines);
        return finding;
    }
    if profile.binaries.is_empty() {
        return Finding::new(Grade::Good, &what, "needs no program");
    }
    let mut finding = Finding::new(Grade::Good, &what, String::new());
    finding.lines.clear();
    for path in profile.binaries.values() {
        let version = version(path).await;
        let version = version.as_deref().unwrap_or("tells no version");
        finding.lines.push(format!("{}: {version}", path.display()));
    }
    finding
}

/// What is missing, then a line each way to get it. Nothing where nothing is missing.
pub(crate) fn how_to_get(profile: &Profile) -> Vec<String> {
    let mut lines = Vec::new();
    let spec = &profile.spec.requires;
    for name in spec
        .binaries
        .iter()
        .filter(|name| !profile.binaries.contains_key(*name))
    {
        let variable = format!("MESHPROOF_{}", name.to_uppercase().replace('-', "_"));
        lines.push(match std::env::var_os(&variable) {
            Some(path) => {
                let path = Path::new(&path).display();
                format!("{variable} names {path}, which is no program that can be executed")
            }
            None => format!("`{name}` is not on PATH, and {variable} is not set"),
        });
    }
    if !lines.is_empty() {
        lines.extend(spec.get.iter().map(|way| format!("get it: {way}")));
    }
    lines
}

/// The first line in which a program tells its version.
async fn version(path: &Path) -> Option<String> {
    for question in ASKED {
        let mut command = Command::new(path);
        command
            .arg(question)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let Ok(Ok(output)) = within(VERSION, "a program's version", command.output()).await else {
            continue;
        };
        if !output.status.success() {
            continue;
        }
        // Some tell it on standard error.
        for stream in [output.stdout, output.stderr] {
            let text = String::from_utf8_lossy(&stream);
            if let Some(line) = text.lines().map(str::trim).find(|line| !line.is_empty()) {
                // Some begin with the path by which they were called, which is told already.
                let line = line.strip_prefix(&*path.to_string_lossy()).unwrap_or(line);
                return Some(line.trim().to_owned());
            }
        }
    }
    None
}
