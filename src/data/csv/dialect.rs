//! How a file marks its fields and comments.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::data::error::ErrorKind;
use crate::data::spec::DataSpec;

/// A character that a file gives a meaning, or none; in a config a string of at most one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(pub Option<char>);

/// The characters that shape the text of a file, all of them ASCII and no two alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// Between fields; no line end.
    pub(crate) delimiter: u8,
    /// Around fields.
    pub(crate) quote: Option<u8>,
    pub(crate) comments: Comments,
}

/// What becomes of comment lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comments {
    /// A line that starts with `#` is refused, because nobody said what it is.
    Refused,
    /// There are none; any line may start with anything.
    Absent,
    /// A line that starts with this is passed over.
    Skipped(u8),
}

impl Dialect {
    /// Checks the characters of `spec`, each on its own and against the others.
    pub(crate) fn new(spec: &DataSpec) -> Result<Self, ErrorKind> {
        let delimiter = delimiter(spec.delimiter())?;
        let quote = spec.quote.0.map(|char| mark("quote", char)).transpose()?;
        let comment = spec.comment.and_then(|mark| mark.0);
        let comment = comment.map(|char| mark("comment", char)).transpose()?;
        for (key, other, byte) in [
            ("quote", "delimiter", quote.filter(|quote| *quote == delimiter)),
            ("comment", "delimiter", comment.filter(|comment| *comment == delimiter)),
            ("comment", "quote", comment.filter(|comment| Some(*comment) == quote)),
        ] {
            if let Some(byte) = byte {
                return Err(ErrorKind::SameMark { key, other, char: char::from(byte) });
            }
        }
        let comments = match (spec.comment, comment) {
            (_, Some(byte)) => Comments::Skipped(byte),
            (Some(_), None) => Comments::Absent,
            (None, None) => Comments::Refused,
        };
        Ok(Self { delimiter, quote, comments })
    }

    /// A byte that, outside of a field's start, ends nothing but an unquoted run: the quote, or the
    /// delimiter where there is no quote.
    pub(crate) fn quote_or_delimiter(self) -> u8 {
        self.quote.unwrap_or(self.delimiter)
    }
}

impl Comments {
    /// What lines start with that are passed over.
    pub(crate) fn skipped(self) -> Option<u8> {
        match self {
            Self::Skipped(byte) => Some(byte),
            Self::Refused | Self::Absent => None,
        }
    }
}

/// A character that can be part of no number, quote, comment or line end.
fn delimiter(char: char) -> Result<u8, ErrorKind> {
    let is_taken = char.is_ascii_alphanumeric() || "\"#+-.\n\r\0".contains(char);
    match u8::try_from(char) {
        Ok(byte) if byte.is_ascii() && !is_taken => Ok(byte),
        _ => Err(ErrorKind::Delimiter(char)),
    }
}

fn mark(key: &'static str, char: char) -> Result<u8, ErrorKind> {
    match u8::try_from(char) {
        Ok(byte) if is_mark(byte) => Ok(byte),
        _ => Err(ErrorKind::Mark { key, char }),
    }
}

/// Whether a quote or a comment can be marked with this: no number starts with it, and nobody
/// overlooks it.
pub(crate) fn is_mark(byte: u8) -> bool {
    byte.is_ascii_punctuation() && !b"+-.".contains(&byte)
}

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.map(String::from).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (char, None) => Ok(Self(char)),
            _ => Err(de::Error::invalid_value(de::Unexpected::Str(&text), &"at most one character")),
        }
    }
}
