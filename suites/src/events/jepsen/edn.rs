//! EDN, as far as Jepsen writes it, read as JSON: keywords and symbols become texts, sets and lists
//! arrays, tags are left out.

use serde_json::{Map, Number, Value};

/// Forms may be nested so deep.
const DEEPEST: usize = 64;

/// Why a text is no EDN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why} (column {column})")]
pub struct EdnError {
    why: &'static str,
    column: usize,
}

/// Reads one form.
///
/// # Errors
/// When the text is not one form of EDN.
pub fn parse(text: &str) -> Result<Value, EdnError> {
    let mut reader = Reader { text, at: 0 };
    let form = reader.form(0)?;
    reader.blank(0)?;
    if reader.at < text.len() {
        return Err(reader.wrong("something stands after the form"));
    }
    Ok(form)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, why: &'static str) -> EdnError {
        EdnError {
            why,
            column: self.at + 1,
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Skips what separates forms, comments and discarded forms.
    fn blank(&mut self, deep: usize) -> Result<(), EdnError> {
        loop {
            match self.peek() {
                Some(c) if c.is_whitespace() || c == ',' => {
                    self.take();
                }
                Some(';') => while !matches!(self.take(), None | Some('\n')) {},
                Some('#') if self.text[self.at..].starts_with("#_") => {
                    self.at += 2;
                    self.form(deep + 1)?;
                }
                _ => return Ok(()),
            }
        }
    }

    fn form(&mut self, deep: usize) -> Result<Value, EdnError> {
        if deep > DEEPEST {
            return Err(self.wrong("forms are nested too deep"));
        }
        self.blank(deep)?;
        match self.peek() {
            None => Err(self.wrong("the text ends where a form should stand")),
            Some('{') => self.map(deep),
            Some('[') => self.list(']', deep),
            Some('(') => self.list(')', deep),
            Some('"') => self.string(),
            Some('\\') => {
                self.take();
                Ok(Value::String(self.word()))
            }
            Some('^') => {
                self.take();
                self.form(deep + 1)?;
                self.form(deep + 1)
            }
            Some('#') => {
                self.take();
                if self.peek() == Some('{') {
                    return self.list('}', deep);
                }
                if self.word().is_empty() {
                    return Err(self.wrong("a `#` without a tag"));
                }
                self.form(deep + 1)
            }
            Some(_) => self.atom(),
        }
    }

    fn list(&mut self, end: char, deep: usize) -> Result<Value, EdnError> {
        self.take();
        let mut items = Vec::new();
        loop {
            self.blank(deep)?;
            if self.peek() == Some(end) {
                self.take();
                return Ok(Value::Array(items));
            }
            items.push(self.form(deep + 1)?);
        }
    }

    fn map(&mut self, deep: usize) -> Result<Value, EdnError> {
        let Value::Array(items) = self.list('}', deep)? else {
            return Err(self.wrong("a map without an end"));
        };
        if items.len() % 2 == 1 {
            return Err(self.wrong("a map with a key and no value"));
        }
        let mut map = Map::new();
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            let key = match key {
                Value::String(key) => key,
                other => other.to_string(),
            };
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }

    fn string(&mut self) -> Result<Value, EdnError> {
        self.take();
        let mut text = String::new();
        loop {
            match self.take() {
                None => return Err(self.wrong("a text without an end")),
                Some('"') => return Ok(Value::String(text)),
                Some('\\') => match self.take() {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r') => text.push('\r'),
                    Some(other) => text.push(other),
                    None => return Err(self.wrong("a text without an end")),
                },
                Some(other) => text.push(other),
            }
        }
    }

    fn word(&mut self) -> String {
        let rest = &self.text[self.at..];
        let ends = |c: char| c.is_whitespace() || ",;\"()[]{}".contains(c);
        let length = rest.find(ends).unwrap_or(rest.len());
        self.at += length;
        rest[..length].to_owned()
    }

    fn atom(&mut self) -> Result<Value, EdnError> {
        let word = self.word();
        Ok(match word.as_str() {
            "" => return Err(self.wrong("a bracket that nothing opened")),
            "nil" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => number(&word).unwrap_or_else(|| {
                Value::String(word.strip_prefix(':').unwrap_or(&word).to_owned())
            }),
        })
    }
}

fn number(word: &str) -> Option<Value> {
    let plain = word.strip_prefix('+').unwrap_or(word);
    if let Ok(whole) = plain.strip_suffix('N').unwrap_or(plain).parse::<i64>() {
        return Some(whole.into());
    }
    if !plain.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return None;
    }
    let broken = plain
        .strip_suffix('M')
        .unwrap_or(plain)
        .parse::<f64>()
        .ok()?;
    Number::from_f64(broken).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn forms() {
        for (text, expected) in [
            ("nil", json!(null)),
            ("[1 -2, 3N 1.5 2M]", json!([1, -2, 3, 1.5, 2.0])),
            ("(:a b/c \"d\\\"e\" \\f)", json!(["a", "b/c", "d\"e", "f"])),
            ("#{1}", json!([1])),
            (
                "{:type :ok, 5 [[0 1]]}",
                json!({"type": "ok", "5": [[0, 1]]}),
            ),
            (
                "#jepsen.history.Op{:index 0 #_ skipped :f :send} ; end",
                json!({"index": 0, "f": "send"}),
            ),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for text in ["", "[1", "{:a}", "]", "\"a", "1 2", "#"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn it_never_panics(text in r#"[\[\](){}#_:;"\\a1 ,^é\n-]{0,60}"#) {
            let _ = parse(&text);
        }
    }
}
