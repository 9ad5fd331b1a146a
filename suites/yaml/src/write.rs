//! Writing text that people read.

use serde::Serialize;

/// A value that has no form in YAML.
#[derive(Debug, thiserror::Error)]
#[error("cannot be written as YAML")]
pub struct Unprintable(#[source] serde_yaml::Error);

/// Writes `value` in the form that [`from_str`](crate::from_str) reads: enums are maps with one key.
///
/// # Errors
/// When the value has a map whose keys are not scalars.
pub fn to_string<T: Serialize>(value: &T) -> Result<String, Unprintable> {
    let mut out = Vec::new();
    let mut serializer = serde_yaml::Serializer::new(&mut out);
    serde_yaml::with::singleton_map_recursive::serialize(value, &mut serializer)
        .map_err(Unprintable)?;
    drop(serializer);
    Ok(String::from_utf8(out).expect("serde_yaml writes UTF-8"))
}
