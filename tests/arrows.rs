//! The arrows of the design, read from `cargo metadata`, and the house's other rules.
#![allow(
    clippy::unwrap_used,
    reason = "a test says by panicking what it did not find"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

/// Crate → the workspace's crates that it imports outside of tests.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let name =
        |value: &serde_json::Value| value["name"].as_str().unwrap().replace("meshproof-", "");
    let packages = packages.iter().map(|package| {
        let imports = package["dependencies"].as_array().unwrap().iter();
        let ours = imports
            .filter(|import| import["path"].is_string() && import["kind"].is_null())
            .map(name);
        (name(package), ours.collect())
    });
    packages.collect()
}

#[test]
fn crates_import_only_what_the_design_allows() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        (
            "meshproof",
            &[
                "reports",
                "probes",
                "fixtures",
                "suites",
                "model",
                "yaml",
                "clock",
                "keeper",
                "faultproxy",
                "refmesh",
                "relay",
                "service",
            ][..],
        ),
        ("reports", &["model"]),
        ("suites", &["model", "yaml"]),
        ("probes", &["model", "protocol", "clock"]),
        (
            "fixtures",
            &["model", "yaml", "protocol", "keeper", "faultproxy", "clock"],
        ),
        ("model", &[]),
        ("yaml", &[]),
        ("clock", &[]),
        ("protocol", &["model"]),
        ("keeper", &[]),
        ("faultproxy", &["clock"]),
        ("refmesh", &["clock"]),
        ("relay", &["clock"]),
        ("service", &["model", "protocol", "clock"]),
    ]);
    for (name, imports) in arrows() {
        let may: BTreeSet<String> = allowed
            .get(name.as_str())
            .unwrap_or_else(|| panic!("crate `{name}` is not in the design"))
            .iter()
            .map(|import| (*import).to_owned())
            .collect();
        let wrong: Vec<_> = imports.difference(&may).collect();
        assert!(wrong.is_empty(), "`{name}` must not import {wrong:?}");
    }
}

#[test]
fn the_top_level_is_the_design_s() {
    let output = Command::new("git")
        .args(["ls-files"])
        .current_dir(root())
        .output()
        .unwrap();
    let files = String::from_utf8(output.stdout).unwrap();
    let folders: BTreeSet<&str> = files
        .lines()
        .filter_map(|file| file.split_once('/').map(|(folder, _)| folder))
        .collect();
    let known = BTreeSet::from([
        ".cargo", ".ci", ".github", "docs", "fixtures", "probes", "reports", "runner", "suites",
        "tests",
    ]);
    let strange: Vec<_> = folders.difference(&known).collect();
    assert!(
        strange.is_empty(),
        "top-level folders outside the design: {strange:?}"
    );
    let vague: Vec<_> = files
        .lines()
        .filter(|file| {
            let name = file.rsplit('/').next().unwrap_or_default();
            [
                "mod.rs",
                "utils.rs",
                "util.rs",
                "common.rs",
                "helpers.rs",
                "types.rs",
            ]
            .contains(&name)
        })
        .collect();
    assert!(vague.is_empty(), "the path is the name: {vague:?}");
}

#[test]
fn one_crate_names_a_yaml_library() {
    for manifest in manifests() {
        let text = std::fs::read_to_string(&manifest).unwrap();
        let names = text.contains("serde-saphyr") || text.contains("serde_yaml");
        let is_yaml = manifest.ends_with("suites/yaml/Cargo.toml");
        let is_root = manifest == root().join("Cargo.toml");
        assert!(!names || is_yaml || is_root, "{}", manifest.display());
    }
}

fn manifests() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "*Cargo.toml"])
        .current_dir(root())
        .output()
        .unwrap();
    let files = String::from_utf8(output.stdout).unwrap();
    files.lines().map(|file| root().join(file)).collect()
}
