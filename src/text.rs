//! Makes text from files and arguments safe to show: escaped, quoted and cut; and finds similar names.

use std::fmt;
use std::path::Path;

/// The path that means standard input.
pub const STANDARD_INPUT: &str = "-";

/// Characters of a value or name that a message shows.
const MAX_CHARS: usize = 60;
/// Names that a list shows.
const MAX_NAMES: usize = 8;
/// Jaro-Winkler similarity from which a name counts as similar.
const MIN_SIMILARITY: f64 = 0.8;
/// Similar names that are suggested.
const MAX_SIMILAR: usize = 3;

/// `text` with everything escaped that a terminal would act on, that cannot be seen, or that XML
/// does not allow. Quotes and backslashes stay.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        push_escaped(&mut escaped, char);
    }
    escaped
}

/// Like [`escaped`], but line feeds and tabs stay.
pub(crate) fn escaped_lines(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\t' => escaped.push(char),
            _ => push_escaped(&mut escaped, char),
        }
    }
    escaped
}

/// Like [`escaped`], cut so that at most 60 characters remain.
pub(crate) fn shortened(text: &str) -> String {
    shortened_to(text, MAX_CHARS)
}

/// Like [`escaped`], cut so that at most `max_chars` characters remain, the final dots among them.
pub(crate) fn shortened_to(text: &str, max_chars: usize) -> String {
    // Cut before escaping, so that a text of a megabyte costs nothing.
    let end = text.char_indices().nth(max_chars + 1).map_or(text.len(), |(end, _)| end);
    let escaped = escaped(&text[..end]);
    match escaped.chars().count() > max_chars {
        true => escaped.chars().take(max_chars - 3).chain("...".chars()).collect(),
        false => escaped,
    }
}

/// The message of a parser, which may repeat any text of the file: escaped and cut.
pub(crate) fn of_a_parser(error: &impl fmt::Display) -> String {
    shortened_to(&error.to_string(), 300)
}

fn push_escaped(escaped: &mut String, char: char) {
    if is_visible(char) {
        escaped.push(char);
    } else {
        escaped.extend(char.escape_debug());
    }
}

/// Whether a character shows as itself: not a control character, not white space that looks like
/// another, and nothing that hides or reorders its neighbours.
pub(crate) fn is_visible(char: char) -> bool {
    let hides = matches!(
        char,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' |
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' |
        '\u{e0000}'..='\u{e007f}'
    );
    char == ' ' || !(hides || char.is_control() || char.is_whitespace())
}

/// A name or value in double quotes, escaped and cut at 60 characters.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut quoted = String::from("\"");
        let mut chars = self.0.chars();
        for char in chars.by_ref().take(MAX_CHARS) {
            if matches!(char, '"' | '\\') {
                quoted.push('\\');
            }
            push_escaped(&mut quoted, char);
        }
        quoted.push_str(if chars.next().is_some() { "...\"" } else { "\"" });
        f.write_str(&quoted)
    }
}

/// A basic string of TOML; whatever is invisible is escaped.
pub(crate) fn toml_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\'' => quoted.push(c),
            '\n' | '\r' | '\t' => quoted.extend(c.escape_debug()),
            _ if c.escape_debug().len() == 1 => quoted.push(c),
            _ => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

/// A path, escaped but never cut; `-` is shown as standard input.
pub(crate) struct DisplayPath<'a>(pub(crate) &'a Path);

impl fmt::Display for DisplayPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 == Path::new(STANDARD_INPUT) {
            true => f.write_str("standard input"),
            false => f.write_str(&escaped(&self.0.to_string_lossy())),
        }
    }
}

/// Names in quotes, separated by commas; at most 8 of them, then the number of all.
pub(crate) struct QuotedNames<'a, S>(pub(crate) &'a [S]);

impl<S: AsRef<str>> fmt::Display for QuotedNames<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, self.0.iter().map(|name| Quoted(name.as_ref())))
    }
}

/// Names in quotes, each with its count.
pub(crate) struct QuotedCounts<'a>(pub(crate) &'a [(String, usize)]);

impl fmt::Display for QuotedCounts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(f, self.0.iter().map(|(name, count)| format!("{} ({count})", Quoted(name))))
    }
}

fn list(f: &mut fmt::Formatter<'_>, items: impl ExactSizeIterator<Item = impl fmt::Display>) -> fmt::Result {
    let count = items.len();
    for (index, item) in items.take(MAX_NAMES).enumerate() {
        write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
    }
    match count > MAX_NAMES {
        true => write!(f, ", ... ({count} in all)"),
        false => Ok(()),
    }
}

/// A count and its noun, with an `s` unless the count is 1.
pub(crate) struct Count(pub(crate) usize, pub(crate) &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}

/// Those of `known` that are spelled like `name`, ignoring case: at most 3, the most similar first.
pub(crate) fn similar_names<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let name = name.to_lowercase();
    let scored = known.into_iter().map(|known| (strsim::jaro_winkler(&name, &known.to_lowercase()), known));
    let mut similar: Vec<(f64, &str)> =
        scored.filter(|(similarity, _)| *similarity >= MIN_SIMILARITY).collect();
    similar.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    similar.into_iter().take(MAX_SIMILAR).map(|(_, known)| known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_invisible_characters_are_escaped() {
        assert_eq!(escaped("a\u{1b}[31m\0\n\t\u{7f}\u{9b}"), r"a\u{1b}[31m\0\n\t\u{7f}\u{9b}");
        assert_eq!(escaped("a\u{202e}b\u{2066}c\u{feff}\u{ad}"), r"a\u{202e}b\u{2066}c\u{feff}\u{ad}");
        assert_eq!(escaped("1\u{a0}000\u{2028}\u{ffff}"), r"1\u{a0}000\u{2028}\u{ffff}");
    }

    #[test]
    fn visible_text_is_unchanged() {
        for text in ["Größe <b> \"x\" 'y' \\ 字 😀", "e\u{301}", "की"] {
            assert_eq!(escaped(text), text);
        }
    }

    #[test]
    fn quotes_and_backslashes_are_escaped_only_between_quotes() {
        let hostile = "a\u{1b}\"'\n\\b";
        assert_eq!(Quoted(hostile).to_string(), r#""a\u{1b}\"'\n\\b""#);
        assert_eq!(DisplayPath(Path::new("it's \u{1b}/é.csv")).to_string(), r"it's \u{1b}/é.csv");
        assert_eq!(DisplayPath(Path::new("-")).to_string(), "standard input");
    }

    #[test]
    fn long_values_and_lists_are_cut() {
        let sixty = "é".repeat(60);
        assert_eq!(shortened(&sixty), sixty);
        assert_eq!(shortened(&format!("{sixty}x")), format!("{}...", "é".repeat(57)));
        assert_eq!(shortened_to(&"\n".repeat(10), 18).chars().count(), 18);
        assert_eq!(Quoted(&sixty).to_string(), format!("\"{sixty}\""));
        assert_eq!(Quoted(&format!("{sixty}x")).to_string(), format!("\"{sixty}...\""));
        let names: Vec<String> = (0..9).map(|name| name.to_string()).collect();
        assert_eq!(QuotedNames(&names[..2]).to_string(), r#""0", "1""#);
        assert!(QuotedNames(&names).to_string().ends_with(r#""7", ... (9 in all)"#));
    }

    #[test]
    fn the_most_similar_name_comes_first() {
        let known = ["petal_width", "petal_length", "kind", "Petal_Lengths"];
        assert_eq!(similar_names("petal_lenght", known), ["petal_length", "Petal_Lengths", "petal_width"]);
        assert_eq!(similar_names("KIND", known), ["kind"]);
        assert!(similar_names("zzz", known).is_empty());
    }
}
