//! `meshproof schema`: what is built in and what a run writes fits; a misspelt word does not.

use std::fs;

use serde_json::Value;

use crate::program::Place;
use crate::{files, repository, says};

fn validator(format: &str) -> jsonschema::Validator {
    let told = Place::new().run(&["schema", format]);
    says(&told, 0, &["https://json-schema.org/draft/2020-12/schema"]);
    let schema: Value = serde_json::from_str(&told.stdout).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// What the schema says against a text, a line a flaw.
fn flaws(validator: &jsonschema::Validator, name: &str, text: &str) -> String {
    let value: Value = meshproof_yaml::from_str(name, text).unwrap();
    let flaws = validator.iter_errors(&value);
    flaws
        .map(|flaw| format!("{}: {flaw}\n", flaw.instance_path()))
        .collect()
}

#[test]
fn every_built_in_file_fits_its_schema_and_a_misspelt_field_does_not() {
    for (format, folder, ending, mistakes) in [
        (
            "suite",
            "suites/data",
            ".yaml",
            &[
                ("statement:", "statment:"),
                ("for: 2s", "for: 2"),
                ("level: must", "level: shall"),
                ("expect:", "expects:"),
            ][..],
        ),
        (
            "profile",
            "fixtures/meshes",
            "/mesh.yaml",
            &[
                ("about:", "abuot:"),
                ("retry: n", "retri: n"),
                (": native", ": natively"),
                ("within: 10s", "within: 10"),
            ][..],
        ),
    ] {
        let validator = validator(format);
        let mut texts = Vec::new();
        for file in files(&repository(folder), ending) {
            let text = fs::read_to_string(&file).unwrap();
            let name = file.display().to_string();
            assert_eq!(flaws(&validator, &name, &text), "", "{name}");
            texts.push(text);
        }
        for (right, wrong) in mistakes {
            let text = texts.iter().find(|text| text.contains(right));
            let text = text.unwrap_or_else(|| panic!("no file has `{right}`"));
            let found = flaws(&validator, wrong, &text.replacen(right, wrong, 1));
            assert!(!found.is_empty(), "`{wrong}` fits the schema of a {format}");
        }
    }
}

#[test]
fn what_a_run_writes_fits_its_schema() {
    let place = Place::new();
    says(
        &place.run(&["run", "--filter", "timeout.left-alone"]),
        0,
        &[],
    );
    let folder = place.run_folder();
    let history = files(&folder.join("history"), ".jsonl").remove(0);
    for (format, file) in [
        ("events", folder.join("events.jsonl")),
        ("history", history),
    ] {
        let validator = validator(format);
        for line in fs::read_to_string(&file).unwrap().lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            assert!(validator.is_valid(&value), "{format}: {line}");
        }
        assert!(
            !validator.is_valid(&serde_json::json!({"no": "line"})),
            "{format}"
        );
    }
}
