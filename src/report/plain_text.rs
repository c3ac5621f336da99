//! The characters that output may use.

/// The characters that a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// Anything.
    Unicode,
    /// Printable ASCII only.
    Ascii,
}

impl Charset {
    /// Before a spread.
    pub(crate) fn plus_minus(self) -> &'static str {
        match self {
            Self::Unicode => "±",
            Self::Ascii => "+-",
        }
    }

    /// `text` with a question mark for every character that is not in the set.
    pub(crate) fn restrict(self, text: String) -> String {
        match self {
            Self::Unicode => text,
            Self::Ascii => text.replace(|character: char| !character.is_ascii(), "?"),
        }
    }
}
