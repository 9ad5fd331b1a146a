//! Parts of a case in one line, in the spelling of its file.

use serde::Serialize;
use serde_json::Value;

/// `{retry: {attempts: 2, codes: [503]}}` without the outermost braces.
pub(in crate::command) fn inner(part: &impl Serialize) -> String {
    let text = flow(&value(part));
    match text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
    {
        Some(inner) => inner.to_owned(),
        None => text,
    }
}

/// What is written as a map with one key, or as a word: the word, and its parameters without braces.
pub(in crate::command) fn named(part: &impl Serialize) -> (String, String) {
    match value(part) {
        Value::Object(map) if map.len() == 1 => {
            let (name, params) = map.into_iter().next().expect("it has one entry");
            (name, inner(&params))
        }
        other => (flow(&other), String::new()),
    }
}

fn value(part: &impl Serialize) -> Value {
    serde_json::to_value(part).expect("a part of a case has only plain values and text keys")
}

fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entries = map
                .iter()
                .map(|(key, value)| format!("{key}: {}", flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}
