//! `meshproof schema`: the JSON Schema of the formats, for editors and other programs.

use meshproof_fixtures::Spec;
use meshproof_model::Event;
use meshproof_suites::{Suite, history};
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{Schema, schema_for};
use serde_json::Value;

use super::Failure;
use super::output::print;
use crate::cli::Format;

pub(crate) fn schema(format: Format) -> Result<u8, Failure> {
    let schema = of(format);
    let text = serde_json::to_string_pretty(&schema).map_err(Failure::environment)?;
    print(&format!("{text}\n"));
    Ok(0)
}

fn of(format: Format) -> Schema {
    let (mut schema, title) = match format {
        Format::Suite => (Suite::schema(), "A file of meshproof cases"),
        Format::Profile => (schema_for!(Spec), "A meshproof mesh profile, mesh.yaml"),
        Format::History => (history::schema(), "A line of a meshproof history"),
        Format::EventHistory => (
            meshproof_model::event_record::schema(),
            "A line of a history of events",
        ),
        Format::Events => (schema_for!(Event), "A line of meshproof's events.jsonl"),
    };
    RecursiveTransform(name_variants).transform(&mut schema);
    schema.insert("title".to_owned(), title.into());
    schema
}

/// Editors offer the variants of a `oneOf` by their titles: each map with one key gets that as its own.
fn name_variants(schema: &mut Schema) {
    let variants = schema.get_mut("oneOf").and_then(Value::as_array_mut);
    for variant in variants
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        if let Some([Value::String(key)]) = variant
            .get("required")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
        {
            let title = key.clone();
            variant.entry("title").or_insert_with(|| title.into());
        }
    }
}
