use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use crate::Report;
use crate::{json::Json, junit::Junit};

macro_rules! formats {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal => $open:expr,)*) => {
        /// A form in which a run is told in a file of its own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Format {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Format {
            /// Every format that exists.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// A report in this form, written to `out` when the run is over.
            #[must_use]
            pub fn report(self, out: Box<dyn io::Write + Send>) -> Box<dyn Report> {
                match self {
                    $(Self::$variant => Box::new($open(out)),)*
                }
            }
        }
    };
}

formats! {
    /// Everything that was judged, for programs.
    Json = "json" => Json::new,
    /// JUnit XML, which CI systems show.
    Junit = "junit" => Junit::new,
}

/// A report that the user asked for: `FORMAT=PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its form.
    pub format: Format,
    /// Where it goes.
    pub path: PathBuf,
}

impl Output {
    /// Creates the file, so that a path which cannot be written is known before the run.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn open(&self) -> io::Result<Box<dyn Report>> {
        let file = File::create(&self.path)?;
        Ok(self.format.report(Box::new(file)))
    }
}

/// Why a text asks for no report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// It has no `=` with something on both sides.
    #[error("`{0}` asks for no report: write FORMAT=PATH, such as `junit=junit.xml`")]
    Shape(String),
    /// No format has this name.
    #[error("unknown report format `{name}`, expected one of {}", known())]
    Format {
        /// The name that was given.
        name: String,
    },
}

fn known() -> String {
    let names: Vec<_> = Format::ALL
        .iter()
        .map(|format| format!("`{}`", format.name()))
        .collect();
    names.join(", ")
}

impl FromStr for Output {
    type Err = OutputError;

    fn from_str(text: &str) -> Result<Self, OutputError> {
        let (name, path) = text
            .split_once('=')
            .filter(|(name, path)| !name.is_empty() && !path.is_empty())
            .ok_or_else(|| OutputError::Shape(text.to_owned()))?;
        let format = Format::ALL
            .iter()
            .copied()
            .find(|format| format.name() == name)
            .ok_or_else(|| OutputError::Format {
                name: name.to_owned(),
            })?;
        Ok(Self {
            format,
            path: path.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(Format, &str), &str>) {
        let output: Result<Output, OutputError> = text.parse();
        let expected = expected.map(|(format, path)| Output {
            format,
            path: path.into(),
        });
        assert_eq!(
            output.map_err(|error| error.to_string()),
            expected.map_err(str::to_owned)
        );
    }

    #[test]
    fn a_format_and_a_path_make_an_output() {
        check("json=report.json", Ok((Format::Json, "report.json")));
        check("junit=out/a=b.xml", Ok((Format::Junit, "out/a=b.xml")));
        for text in ["junit", "junit=", "=junit.xml", ""] {
            let error = format!(
                "`{text}` asks for no report: write FORMAT=PATH, such as `junit=junit.xml`"
            );
            check(text, Err(&error));
        }
        check(
            "xml=a.xml",
            Err("unknown report format `xml`, expected one of `json`, `junit`"),
        );
    }

    #[test]
    fn a_path_that_cannot_be_written_is_known_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let output = Output {
            format: Format::Json,
            path: folder.path().join("absent/report.json"),
        };
        assert!(output.open().is_err());
    }
}
