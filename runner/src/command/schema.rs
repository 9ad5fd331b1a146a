//! `meshproof schema`: the JSON Schema of the formats, for editors and other programs.

use meshproof_fixtures::Spec;
use meshproof_model::Event;
use meshproof_suites::{Suite, history};
use schemars::{Schema, schema_for};

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
        Format::Events => (schema_for!(Event), "A line of meshproof's events.jsonl"),
    };
    schema.insert("title".to_owned(), title.into());
    schema
}
