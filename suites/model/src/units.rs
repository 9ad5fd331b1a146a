//! Quantities that carry their unit: `250ms`, `50/s`, `20%`, `64KiB`.
//!
//! Each is validated when it is born and prints in the form it is read from, so that parsing and
//! printing are inverse.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is not a quantity of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {wanted}: write it as {example}")]
pub struct UnitError {
    text: String,
    wanted: &'static str,
    example: &'static str,
}

impl UnitError {
    fn new(text: &str, wanted: &'static str, example: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            wanted,
            example,
        }
    }
}

/// A length of time with its unit: `250ms`, `2s`, `100us`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(std::time::Duration);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(std::time::Duration::ZERO);

    /// So many milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(std::time::Duration::from_millis(millis))
    }

    /// The same length as the standard library's type.
    #[must_use]
    pub const fn std(self) -> std::time::Duration {
        self.0
    }

    /// The length in nanoseconds; lengths above 584 years saturate.
    #[must_use]
    pub fn as_nanos(self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Whole milliseconds, rounded down.
    #[must_use]
    pub fn as_millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl From<std::time::Duration> for Duration {
    fn from(length: std::time::Duration) -> Self {
        Self(length)
    }
}

const TIME_UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl FromStr for Duration {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError::new(text, "a duration", "`250ms`, `2s` or `100us`");
        let (number, unit) = split_unit(text).ok_or_else(wrong)?;
        let (_, nanos) = TIME_UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(wrong)?;
        let nanos = number.checked_mul(*nanos).ok_or_else(wrong)?;
        Ok(Self(std::time::Duration::from_nanos(nanos)))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.as_nanos();
        let (unit, size) = TIME_UNITS
            .iter()
            .find(|(_, size)| nanos != 0 && nanos.is_multiple_of(*size))
            .unwrap_or(&("ms", 1_000_000));
        write!(f, "{}{unit}", nanos / size)
    }
}

/// So many a second, minute or hour: `50/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    count: u32,
    per: Per,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Per {
    Second,
    Minute,
    Hour,
}

impl Rate {
    /// `count` a second.
    #[must_use]
    pub const fn per_second(count: u32) -> Self {
        Self {
            count,
            per: Per::Second,
        }
    }

    /// The rate in events a second.
    #[must_use]
    pub fn hertz(self) -> f64 {
        let seconds = match self.per {
            Per::Second => 1.0,
            Per::Minute => 60.0,
            Per::Hour => 3600.0,
        };
        f64::from(self.count) / seconds
    }
}

impl FromStr for Rate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError::new(text, "a rate", "`50/s` or `30/m`");
        let (count, per) = text.split_once('/').ok_or_else(wrong)?;
        let count = digits(count)
            .and_then(|count| u32::try_from(count).ok())
            .ok_or_else(wrong)?;
        let per = match per {
            "s" => Per::Second,
            "m" => Per::Minute,
            "h" => Per::Hour,
            _ => return Err(wrong()),
        };
        Ok(Self { count, per })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = match self.per {
            Per::Second => "s",
            Per::Minute => "m",
            Per::Hour => "h",
        };
        write!(f, "{}/{per}", self.count)
    }
}

/// A share of a hundred with at most two decimals: `20%`, `0.25%`. Never above 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent {
    hundredths: u32,
}

impl Percent {
    /// So many whole hundredths of the whole; above 100 saturates.
    #[must_use]
    pub fn new(percent: u32) -> Self {
        Self {
            hundredths: percent.min(100) * 100,
        }
    }

    /// The share between 0 and 1.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.hundredths) / 10_000.0
    }
}

impl FromStr for Percent {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError::new(text, "a percentage from 0 to 100", "`20%` or `0.25%`");
        let number = text.strip_suffix('%').ok_or_else(wrong)?;
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let whole = digits(whole).ok_or_else(wrong)?;
        let tenth = if decimals.len() == 1 { 10 } else { 1 };
        let hundredths = match digits(decimals) {
            Some(value) if decimals.len() <= 2 => value * tenth,
            _ => return Err(wrong()),
        };
        let hundredths = whole
            .checked_mul(100)
            .and_then(|whole| whole.checked_add(hundredths))
            .filter(|all| *all <= 10_000)
            .ok_or_else(wrong)?;
        Ok(Self {
            hundredths: u32::try_from(hundredths).map_err(|_| wrong())?,
        })
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.hundredths / 100, self.hundredths % 100);
        match rest {
            0 => write!(f, "{whole}%"),
            rest if rest % 10 == 0 => write!(f, "{whole}.{}%", rest / 10),
            rest => write!(f, "{whole}.{rest:02}%"),
        }
    }
}

/// A size in bytes: `512B`, `64KiB`, `100MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(u64);

impl Bytes {
    /// So many bytes.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

const SIZE_UNITS: [(&str, u64); 4] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

impl FromStr for Bytes {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError::new(text, "a size", "`512B`, `64KiB` or `100MiB`");
        let (number, unit) = split_unit(text).ok_or_else(wrong)?;
        let (_, size) = SIZE_UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(wrong)?;
        Ok(Self(number.checked_mul(*size).ok_or_else(wrong)?))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, size) = SIZE_UNITS
            .iter()
            .find(|(_, size)| self.0 != 0 && self.0.is_multiple_of(*size))
            .unwrap_or(&("B", 1));
        write!(f, "{}{unit}", self.0 / size)
    }
}

/// So many bytes a second, never none: `64KiB/s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteRate(Bytes);

impl ByteRate {
    /// The bytes a second; never 0.
    #[must_use]
    pub const fn per_second(self) -> u64 {
        self.0.get()
    }
}

impl FromStr for ByteRate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || UnitError::new(text, "a rate of bytes above 0", "`64KiB/s` or `1MiB/s`");
        let bytes = text.strip_suffix("/s").ok_or_else(wrong)?;
        let bytes: Bytes = bytes.parse().map_err(|_| wrong())?;
        Some(Self(bytes))
            .filter(|_| bytes.get() > 0)
            .ok_or_else(wrong)
    }
}

impl fmt::Display for ByteRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    Some((digits(&text[..at])?, &text[at..]))
}

/// Plain digits only: `str::parse` would take a leading `+` as well.
fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

macro_rules! as_text {
    ($($unit:ident: $about:literal, $pattern:literal, $examples:tt;)*) => {$(
        impl Serialize for $unit {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $unit {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $unit {
            fn schema_name() -> Cow<'static, str> {
                stringify!($unit).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "description": $about,
                    "pattern": $pattern,
                    "examples": $examples,
                })
            }
        }
    )*};
}
as_text! {
    Duration: "A length of time with its unit.", "^[0-9]+(h|m|s|ms|us|ns)$", ["250ms", "2s", "100us"];
    Rate: "So many a second, minute or hour.", "^[0-9]+/[smh]$", ["50/s", "30/m"];
    Percent: "A share of a hundred with at most two decimals.",
        "^0*(100(\\.0{1,2})?|[0-9]{1,2}(\\.[0-9]{1,2})?)%$", ["20%", "0.25%"];
    Bytes: "A size in bytes.", "^[0-9]+(B|KiB|MiB|GiB)$", ["512B", "64KiB", "100MiB"];
    ByteRate: "So many bytes a second, never none.", "^0*[1-9][0-9]*(B|KiB|MiB|GiB)/s$",
        ["64KiB/s", "1MiB/s"];
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn printing_and_parsing_are_inverse(nanos: u64, count: u32, hundredths in 0u32..=10_000, bytes: u64) {
            let length = Duration(std::time::Duration::from_nanos(nanos));
            prop_assert_eq!(length.to_string().parse(), Ok(length));
            let rate = Rate::per_second(count);
            prop_assert_eq!(rate.to_string().parse(), Ok(rate));
            let share = Percent { hundredths };
            prop_assert_eq!(share.to_string().parse(), Ok(share));
            prop_assert_eq!(Bytes(bytes).to_string().parse(), Ok(Bytes(bytes)));
            let rate = ByteRate(Bytes(bytes.max(1)));
            prop_assert_eq!(rate.to_string().parse(), Ok(rate));
        }

        #[test]
        fn no_text_makes_a_parser_panic(text: String) {
            let _ = text.parse::<ByteRate>();
            let _ = (text.parse::<Duration>(), text.parse::<Rate>(), text.parse::<Percent>(), text.parse::<Bytes>());
        }
    }

    #[test]
    fn what_lacks_its_unit_is_refused() {
        for text in [
            "",
            "5",
            "ms",
            "5 ms",
            "-5ms",
            "+5ms",
            "5sec",
            "1.5s",
            "99999999999999h",
        ] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
        for text in ["50", "50/", "/s", "50/day", "+5/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
        for text in ["20", "101%", "0.123%", "%", "1.%"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
        for text in [
            "0B/s",
            "64KiB",
            "64/s",
            "KiB/s",
            "64KiB/m",
            "99999999999GiB/s",
        ] {
            assert!(text.parse::<ByteRate>().is_err(), "{text}");
        }
        for text in ["64", "64kb", "KiB", "99999999999GiB"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }
}
