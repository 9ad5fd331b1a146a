//! The one crate that names a YAML library: people's text in with exact positions, plain text out.
//!
//! [`from_str`] reads with `serde-saphyr`; what it refuses becomes a [`Malformed`] that shows file,
//! line, column, what was expected and the nearest known word. [`to_string`] writes the same form.

mod malformed;
mod nearest;
mod read;
mod write;

pub use malformed::{Malformed, Position};
pub use nearest::nearest;
pub use read::from_str;
pub use write::{Unprintable, to_string};
