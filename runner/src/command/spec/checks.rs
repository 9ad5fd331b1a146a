//! What the checks of a document mean, and their parameters, in the words of their schema.

use std::collections::BTreeSet;

use meshproof_suites::{Expect, Suite};
use serde_json::Value;

use super::plain;

/// What a check demands, in a sentence.
pub(super) fn about(check: &str) -> &'static str {
    let found = Expect::CATALOGUE.iter().find(|(name, _)| *name == check);
    found.map_or("", |(_, about)| about)
}

/// Every check that a case of these suites uses, with each of its parameters.
pub(super) fn explained(suites: &[Suite]) -> String {
    let cases = suites.iter().flat_map(|suite| &suite.cases);
    let used: BTreeSet<_> = cases
        .flat_map(|case| &case.expect)
        .map(Expect::name)
        .collect();
    let schema = Suite::schema().to_value();
    let mut text = "\n## The checks\n".to_owned();
    for (name, about) in Expect::CATALOGUE {
        if used.contains(name) {
            text.push_str(&format!("\n### {name}\n\n{}\n", plain(about)));
            let parameters = parameters(&schema, name);
            if !parameters.is_empty() {
                text.push_str(&format!("\n{parameters}"));
            }
        }
    }
    text
}

/// A line a parameter.
fn parameters(schema: &Value, check: &str) -> String {
    let variants = schema.pointer("/$defs/Expect/oneOf");
    let mut variants = variants.and_then(Value::as_array).into_iter().flatten();
    let variant = variants.find_map(|variant| variant.get("properties")?.get(check));
    let reference = variant.and_then(|variant| variant.get("$ref")?.as_str()?.strip_prefix('#'));
    let properties = reference
        .and_then(|path| schema.pointer(path)?.get("properties"))
        .and_then(Value::as_object);
    let line = |(name, property): (&String, &Value)| {
        let about = property.get("description").and_then(Value::as_str);
        format!("- `{name}`: {}\n", plain(about.unwrap_or_default()))
    };
    properties.into_iter().flatten().map(line).collect()
}
