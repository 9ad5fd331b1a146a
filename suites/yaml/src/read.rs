//! Reading people's text.

use serde::de::DeserializeOwned;
use serde_saphyr::{Error, MessageFormatter, UserMessageFormatter};

use crate::malformed::{Malformed, Position};
use crate::nearest::nearest;

/// Reads one document of `text`; `name` is what errors call it, usually its path.
///
/// # Errors
/// What is wrong, where, what was expected and the nearest known word.
pub fn from_str<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Malformed> {
    serde_saphyr::from_str(text).map_err(|error| explain(name, text, &error))
}

fn explain(name: &str, text: &str, error: &Error) -> Malformed {
    let error = error.without_snippet();
    let (message, help) = describe(error);
    let mut malformed = Malformed::new(name, text, message);
    if let Some(location) = error.location() {
        let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        malformed = malformed.at_position(Position {
            line: place(location.line()),
            column: place(location.column()),
        });
    }
    match help {
        Some(help) => malformed.advise(help),
        None => malformed,
    }
}

fn describe(error: &Error) -> (String, Option<String>) {
    match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => unknown("field", field, expected),
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => unknown("name", variant, expected),
        Error::SerdeMissingField { field, .. } => {
            (format!("field `{field}` is missing in this map"), None)
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            (format!("`{key}` stands here a second time"), None)
        }
        Error::Message { msg, .. } => (msg.clone(), None),
        Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        }
        | Error::SerdeInvalidValue {
            unexpected,
            expected,
            ..
        } => (format!("found {unexpected}, expected {expected}"), None),
        other => (
            UserMessageFormatter.format_message(other).into_owned(),
            None,
        ),
    }
}

fn unknown(what: &str, word: &str, known: &[&'static str]) -> (String, Option<String>) {
    let list = match known {
        [] => "none is known here".to_owned(),
        known => format!("known here: `{}`", known.join("`, `")),
    };
    let help = match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? {list}"),
        None => list,
    };
    (format!("unknown {what} `{word}`"), Some(help))
}
