//! Everything around a run, end to end: schemas, doctor, reports told again, drawings, a mesh tried out.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

mod program;

#[path = "cli/again.rs"]
mod again;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/events.rs"]
mod events;
#[path = "cli/manual.rs"]
mod manual;
#[path = "cli/mesh_check.rs"]
mod mesh_check;
#[path = "cli/schema.rs"]
mod schema;
#[path = "cli/show.rs"]
mod show;
#[path = "cli/spec.rs"]
mod spec;

use std::fs;
use std::path::{Path, PathBuf};

use program::{Place, Told};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The text must be told, with this exit code.
fn says(told: &Told, code: i32, parts: &[&str]) {
    assert_eq!(told.code, Some(code), "{}", told.all());
    for part in parts {
        assert!(told.all().contains(part), "lacks `{part}`:\n{}", told.all());
    }
}

/// Nothing of the program runs any more, and no state of it is left.
fn nothing_left(place: &Place) {
    assert_eq!(place.processes(), []);
    assert_eq!(place.left_state(), Vec::<PathBuf>::new());
}

/// Every file of this name or ending below a folder.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    assert!(!found.is_empty(), "{}", folder.display());
    found
}
