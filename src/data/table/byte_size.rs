//! Byte sizes such as `4 GiB`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::settings::{Allowed, Configurable, TextFormat, number_and_unit};

/// A number of bytes; in a config text such as `4 GiB` or `200 MB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

/// Their names and sizes; the first that fits is used for writing.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl Configurable for Bytes {
    const ALLOWED: Allowed =
        Allowed::Text(&TextFormat { description: DESCRIPTION, accepts: |text| Self::parse(text).is_some() });
}

const DESCRIPTION: &str = "a whole number and its unit, such as \"4 GiB\" or \"200 MB\"";

impl Bytes {
    /// Parses a whole number and its unit, with or without a space between them.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = number_and_unit(text)?;
        let (_, size) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
        number.checked_mul(*size).map(Self)
    }
}

impl fmt::Display for Bytes {
    /// In the largest unit that holds it without decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |&&(_, size): &&(&str, u64)| self.0 >= size && self.0.is_multiple_of(size);
        let (name, size) = UNITS.iter().find(fits).copied().unwrap_or(("B", 1));
        write!(f, "{} {name}", self.0 / size)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&text), &DESCRIPTION))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_parsed_and_shown() {
        for (text, bytes, written) in [
            ("4 GiB", 4 << 30, "4 GiB"),
            ("200MB", 200_000_000, "200 MB"),
            ("1536 kib", 3 << 19, "1536 KiB"),
            ("1000kB", 1_000_000, "1 MB"),
            ("1025 B", 1025, "1025 B"),
            ("0 B", 0, "0 B"),
        ] {
            assert_eq!(Bytes::parse(text), Some(Bytes(bytes)), "{text}");
            assert_eq!(Bytes(bytes).to_string(), written);
        }
        for text in ["", "4", "GiB", "4 GiBs", "-1 B", "1.5 GiB", "4  gigs", "99999999 TiB", "é"] {
            assert_eq!(Bytes::parse(text), None, "{text}");
        }
    }
}
