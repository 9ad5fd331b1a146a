//! What `run --keep` kept, and what each of it is.

use std::fs;
use std::path::{Path, PathBuf};

use meshproof_fixtures::Spec;

use super::super::output::columns;

/// Tells where the kept worlds are, and for the first of them what is in each of its files.
pub(super) fn told(worlds: &Path, shown: &Path, mesh: &Spec) -> String {
    let kept = folders(worlds);
    let Some(first) = kept.first() else {
        return "kept: nothing, for no world was deployed\n".to_owned();
    };
    let mut rows = Vec::new();
    let mut row = |file: String, about: String| {
        if first.join(&file).exists() {
            rows.push(vec![format!("  {file}"), about]);
        }
    };
    row(
        "prober.jsonl".to_owned(),
        "each request of the load and what came of it".to_owned(),
    );
    for process in folders(first) {
        let name = name(&process);
        if !is_first_replica(&name) {
            continue;
        }
        if process.join("records.jsonl").exists() {
            let about = format!("each attempt that {name} made or got, as it saw it");
            row(format!("{name}/records.jsonl"), about);
        }
        for (file, about) in configuration(&name, mesh) {
            row(format!("{name}/{file}"), about);
        }
        row(
            format!("{name}/ledger.jsonl"),
            "what each fault on a link hit".to_owned(),
        );
        row(
            format!("{name}/stderr.log"),
            format!("what {name} wrote; stdout.log is beside it"),
        );
    }
    let (count, first) = (kept.len(), name(first));
    let worlds = if count == 1 {
        "1 world".to_owned()
    } else {
        format!("{count} worlds, a folder each")
    };
    format!(
        "kept: {worlds} below {}\nin {first} (further replicas alike):\n{}",
        shown.display(),
        columns(&rows)
    )
}

/// Whether a process is no replica, or the first of its service: the others have the same files.
fn is_first_replica(process: &str) -> bool {
    let replica = process.strip_suffix(".sidecar").unwrap_or(process);
    let index = replica
        .rsplit_once('-')
        .and_then(|(_, index)| index.parse::<u32>().ok());
    index.is_none_or(|index| index == 0)
}

/// The files that a process of the mesh got, and what they are.
fn configuration(process: &str, mesh: &Spec) -> Vec<(String, String)> {
    let control = mesh
        .control_plane
        .iter()
        .find(|control| control.name == process);
    let sidecar = mesh
        .sidecar
        .as_ref()
        .filter(|_| process.ends_with(".sidecar"));
    let files = match (control, sidecar) {
        (Some(control), _) => control.files.as_slice(),
        (None, Some(sidecar)) => sidecar.files.as_slice(),
        (None, None) => &[],
    };
    let told = files.iter().map(|file| {
        let when = if file.policy {
            "as the last policy rendered it"
        } else {
            "as it started"
        };
        (
            file.to.clone(),
            format!("the configuration of {process}, {when}"),
        )
    });
    told.collect()
}

/// The folders in a folder, by name.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    let mut folders: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn name(folder: &Path) -> String {
    folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
