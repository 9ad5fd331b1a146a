//! A text that is not what it should be, and where.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};

/// Where in a text: both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A text that is not what it should be. Rendered by miette it shows the line it speaks of.
#[derive(Debug, Clone)]
pub struct Malformed(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    message: String,
    help: Option<String>,
    place: Option<(Position, SourceSpan)>,
    source: NamedSource<String>,
}

impl Malformed {
    /// Says `message` about the whole of the text `text` named `name`.
    #[must_use]
    pub fn new(name: &str, text: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            message: message.into(),
            help: None,
            place: None,
            source: NamedSource::new(name, text.to_owned()).with_language("yaml"),
        }))
    }

    /// The same, pointing at the `length` bytes from byte `offset` on.
    #[must_use]
    pub fn at(mut self, offset: usize, length: usize) -> Self {
        let text = self.0.source.inner();
        let offset = floor_boundary(text, offset);
        let end = floor_boundary(text, offset.saturating_add(length));
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let position = Position {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        };
        self.0.place = Some((position, (offset, end - offset).into()));
        self
    }

    /// The same, pointing at a line and column and at the word that stands there.
    #[must_use]
    pub fn at_position(self, position: Position) -> Self {
        let text = self.0.source.inner();
        let line_start = text
            .split_inclusive('\n')
            .take(position.line.saturating_sub(1))
            .map(str::len)
            .sum::<usize>();
        let rest = text.get(line_start..).unwrap_or_default();
        let into = rest
            .char_indices()
            .nth(position.column.saturating_sub(1))
            .map_or(rest.len(), |(at, _)| at);
        let word = rest[into..]
            .find(|c: char| c.is_whitespace() || ",:]}".contains(c))
            .unwrap_or(rest.len() - into);
        self.at(line_start + into, word.max(1))
    }

    /// The same, pointing at the `nth` occurrence (from 0) of `needle` where the text has one: for
    /// flaws found after parsing, such as two things of one name.
    #[must_use]
    pub fn find(self, needle: &str, nth: usize) -> Self {
        match self.0.source.inner().match_indices(needle).nth(nth) {
            Some((offset, _)) => self.at(offset, needle.len()),
            None => self,
        }
    }

    /// The same, with advice on what to do.
    #[must_use]
    pub fn advise(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Where it is, if that is known.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        self.0.place.map(|(position, _)| position)
    }

    /// The name of the text, usually its path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.source.name()
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        if let Some(position) = self.position() {
            write!(f, ":{position}")?;
        }
        write!(f, ": {}", self.0.message)
    }
}

impl std::error::Error for Malformed {}

impl Diagnostic for Malformed {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0
            .help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.0
            .place
            .is_some()
            .then_some(&self.0.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (_, span) = self.0.place?;
        let label = LabeledSpan::new_primary_with_span(Some("here".to_owned()), span);
        Some(Box::new(std::iter::once(label)))
    }
}

/// The greatest character boundary that is not behind `at`.
fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
