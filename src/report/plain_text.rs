//! Text that is safe to show, whatever is in it.

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

/// The most characters of a name that are shown.
const LONGEST: usize = 60;

/// `text` as it may go to a terminal or into a picture: control characters, direction overrides
/// and line separators are written as escapes, and what is longer than 60 characters is cut.
pub fn plain(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => escaped(&text[..end]) + "...",
        None => escaped(text),
    }
}

/// Like [`plain`], at any length.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if is_shown(character) {
            escaped.push(character);
        } else {
            escaped.extend(character.escape_default());
        }
    }
    escaped
}

/// Neither a control character, nor one that reorders its neighbours or hides, nor one that XML
/// does not allow.
fn is_shown(character: char) -> bool {
    let hidden = matches!(
        character,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    !character.is_control() && !hidden && !matches!(character, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(plain("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(plain("a\0\n\t\u{7f}\u{9b}"), "a\\u{0}\\n\\t\\u{7f}\\u{9b}");
        assert_eq!(plain("a\u{202e}b\u{2066}c\u{feff}"), "a\\u{202e}b\\u{2066}c\\u{feff}");
        assert_eq!(plain("\u{ffff}"), "\\u{ffff}");
    }

    #[test]
    fn ordinary_text_stays_and_long_text_is_cut() {
        assert_eq!(plain("Größe <b> \"x\" 字"), "Größe <b> \"x\" 字");
        assert_eq!(plain(&"ä".repeat(60)), "ä".repeat(60));
        assert_eq!(plain(&"ä".repeat(61)), "ä".repeat(60) + "...");
    }
}
