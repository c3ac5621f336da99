//! How a file marks its fields and comments.

use crate::data::spec::{DataSpec, Mark};

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
    /// The characters of `spec`, which was checked: each is ASCII.
    pub(crate) fn new(spec: &DataSpec) -> Self {
        let byte = |char: char| u8::try_from(char).expect("a checked character is ASCII");
        let comments = match spec.comment {
            Some(Mark(Some(char))) => Comments::Skipped(byte(char)),
            Some(Mark(None)) => Comments::Absent,
            None => Comments::Refused,
        };
        Self { delimiter: byte(spec.delimiter()), quote: spec.quote.0.map(byte), comments }
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
