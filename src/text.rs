//! Text from outside, made safe and short enough to be shown.

use std::fmt;
use std::path::Path;

use crate::data::source::STANDARD_INPUT;

/// Characters of a value that a message shows.
const SHOWN_CHARS: usize = 60;
/// Names that a list shows before it is cut.
const SHOWN_NAMES: usize = 8;

/// A name or value in double quotes: control and invisible characters escaped, cut at 60
/// characters.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        let mut chars = self.0.chars();
        for char in chars.by_ref().take(SHOWN_CHARS) {
            match char {
                '\'' => f.write_str("'")?,
                other => write!(f, "{}", other.escape_debug())?,
            }
        }
        f.write_str(if chars.next().is_some() { "...\"" } else { "\"" })
    }
}

/// A path as it is, but for characters that a terminal would act on; standard input by that name.
pub(crate) struct ShownPath<'a>(pub(crate) &'a Path);

impl fmt::Display for ShownPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Path::new(STANDARD_INPUT) {
            return f.write_str("standard input");
        }
        for char in self.0.to_string_lossy().chars() {
            match char {
                '\'' | '"' | '\\' => write!(f, "{char}")?,
                other => write!(f, "{}", other.escape_debug())?,
            }
        }
        Ok(())
    }
}

/// Names in quotes, with commas between them; the first few and the count where there are many.
pub(crate) struct ShownNames<'a>(pub(crate) &'a [String]);

impl fmt::Display for ShownNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().take(SHOWN_NAMES).enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { ", " }, Shown(name))?;
        }
        match self.0.len() {
            count if count > SHOWN_NAMES => write!(f, ", ... ({count} in all)"),
            _ => Ok(()),
        }
    }
}

/// Names in quotes, each with its count.
pub(crate) struct ShownCounts<'a>(pub(crate) &'a [(String, usize)]);

impl fmt::Display for ShownCounts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, count)) in self.0.iter().take(SHOWN_NAMES).enumerate() {
            write!(f, "{}{} ({count})", if index == 0 { "" } else { ", " }, Shown(name))?;
        }
        match self.0.len() {
            count if count > SHOWN_NAMES => write!(f, ", ... ({count} in all)"),
            _ => Ok(()),
        }
    }
}

/// A count and its noun, with an `s` unless the count is 1.
pub(crate) struct Count(pub(crate) usize, pub(crate) &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_a_terminal_raw() {
        let hostile = "a\u{1b}[31m\u{202e}\"'\n\u{0}b";
        assert_eq!(Shown(hostile).to_string(), r#""a\u{1b}[31m\u{202e}\"'\n\0b""#);
        assert_eq!(ShownPath(Path::new("it's \u{1b}/é.csv")).to_string(), r"it's \u{1b}/é.csv");
    }

    #[test]
    fn long_values_and_lists_are_cut() {
        let sixty = "é".repeat(60);
        assert_eq!(Shown(&sixty).to_string(), format!("\"{sixty}\""));
        assert_eq!(Shown(&format!("{sixty}x")).to_string(), format!("\"{sixty}...\""));
        let names: Vec<String> = (0..9).map(|name| name.to_string()).collect();
        assert_eq!(ShownNames(&names[..2]).to_string(), r#""0", "1""#);
        assert!(ShownNames(&names).to_string().ends_with(r#""7", ... (9 in all)"#));
    }
}
