//! Syntax errors with the line and a caret.

use toml::de::{DeTable, DeValue};

use crate::config::document::lines::Lines;
use crate::config::error::SyntaxFault;
use crate::text::{escaped, shortened};

/// The parser's `error` with its place and the line itself; for a repeated key, both lines.
pub(crate) fn fault(lines: &Lines<'_>, error: &toml::de::Error) -> SyntaxFault {
    let text = lines.text();
    let span = error.span().unwrap_or(0..0);
    // The parser may point past the end, and into a character.
    let start = (0..=span.start.min(text.len())).rev().find(|&place| text.is_char_boundary(place));
    let start = start.unwrap_or(0);
    let line = lines.line(start);
    let column = 1 + text[lines.start(line)..start].chars().count();
    let mut fault = SyntaxFault { line, column, message: escaped(error.message()), lines: String::new() };
    if let Some(key) = text.get(start..span.end).filter(|_| error.message() == "duplicate key") {
        fault.message = format!("duplicate key `{}`", shortened(key));
        if let Some(first) = first_line(lines, start, key) {
            fault.message.push_str(&format!(", first on line {first}"));
            fault.lines = format!("  {first} | {}\n", shortened(lines.content(first)));
        }
    }
    let is_escape = ["escape", "unicode"].iter().any(|word| error.message().contains(word));
    if is_escape && lines.content(line).contains('\\') {
        fault.message.push_str(&in_single_quotes(lines.content(line)));
    }
    fault.lines.push_str(&line_with_caret(lines, line, column));
    fault
}

/// That a backslash is a plain character in single quotes, with the value of this line as an example.
fn in_single_quotes(line: &str) -> String {
    let value = line.split_once('"').and_then(|(_, rest)| rest.split_once('"')).map(|(value, _)| value);
    let example = value.filter(|value| !value.contains('\'')).unwrap_or(r"C:\data.csv");
    format!("; in single quotes, a backslash is a plain character: '{}'", shortened(example))
}

/// The line of the first occurrence of the key that is repeated at `start`.
///
/// The parser does not report it. If the repeated key is renamed, the text parses, and the renamed key is in the
/// same table as the first one.
fn first_line(lines: &Lines<'_>, start: usize, key: &str) -> Option<usize> {
    let text = lines.text();
    let stand_in = "stand-in".repeat(1 + text.matches("stand-in").count());
    let renamed = format!("{}{stand_in}{}", &text[..start], &text[start + key.len()..]);
    let name = key.trim_matches(['"', '\'']);
    let (root, _) = DeTable::parse_recoverable(&renamed);
    let mut tables = vec![root.get_ref()];
    while let Some(table) = tables.pop() {
        if table.keys().any(|other| *other.get_ref() == stand_in) {
            let first = table.keys().find(|other| *other.get_ref() == name)?;
            return Some(lines.line(first.span().start));
        }
        for value in table.values() {
            match value.get_ref() {
                DeValue::Table(table) => tables.push(table),
                DeValue::Array(values) => {
                    tables.extend(values.iter().filter_map(|value| value.get_ref().as_table()));
                }
                _ => {}
            }
        }
    }
    None
}

/// The part of a line around `column` with the number in front, and a caret below.
fn line_with_caret(lines: &Lines<'_>, line: usize, column: usize) -> String {
    const WIDTH: usize = 60;
    let skipped = if column < WIDTH { 0 } else { column - WIDTH / 2 };
    let part = |from: usize, to: usize| -> String {
        let part: String = lines.content(line).chars().take(to).skip(from).collect();
        escaped(&part.replace('\t', " "))
    };
    let before = format!("  {line} | {}", part(skipped, column - 1));
    let after = part(column - 1, skipped + WIDTH);
    format!("{before}{after}\n{}^", " ".repeat(before.chars().count()))
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;

    fn message(text: &str) -> String {
        let error = DeTable::parse(text).expect_err("the text is not TOML");
        fault(&Lines::new(text), &error).to_string()
    }

    #[test]
    fn the_line_is_shown_with_a_caret() {
        assert_eq!(
            message("a = 1\r\nb = [1, 2\r\nc = 3\r\n"),
            "3:1: missing comma between array elements, expected `,`\n  3 | c = 3\n      ^"
        );
        assert_eq!(
            message("é = 1"),
            concat!(
                "1:1: invalid unquoted key, expected letters, numbers, `-`, `_`\n",
                "  1 | é = 1\n",
                "      ^"
            )
        );
        assert_eq!(
            message("\tx = 08"),
            concat!("1:6: unexpected leading zero, expected nothing\n", "  1 |  x = 08\n", "           ^")
        );
    }

    #[test]
    fn a_path_with_backslashes_is_shown_in_single_quotes() {
        for (path, example) in [(r"C:\Users\me\new.csv", r"'C:\Users\me\new.csv'"), (r"D:\ä\x", r"'D:\ä\x'")]
        {
            let shown = message(&format!("[data]\npath = \"{path}\"\n"));
            let hint = format!("; in single quotes, a backslash is a plain character: {example}\n");
            assert!(shown.contains(&hint), "{shown}");
            let fixed = format!("[data]\npath = {example}\n");
            assert!(DeTable::parse(&fixed).is_ok(), "{fixed}");
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_error() {
        let shown = message(&format!("x = \"{}\" 1{}", "y".repeat(200), " ".repeat(200)));
        let widest = shown.lines().map(|line| line.chars().count()).max();
        assert!(widest < Some(80), "{shown}");
        assert!(shown.contains("yyy\" 1"), "{shown}");
    }

    #[test]
    fn a_duplicate_key_is_shown_with_both_lines() {
        assert_eq!(
            message("a = 1\n[t]\nx = 1\n\n'x' = 2\n"),
            "5:1: duplicate key `'x'`, first on line 3\n  3 | x = 1\n  5 | 'x' = 2\n      ^"
        );
        assert_eq!(
            message("[t]\nx = 1\n[u]\n[t]\ny = 2\n"),
            "4:2: duplicate key `t`, first on line 1\n  1 | [t]\n  4 | [t]\n       ^"
        );
        assert_eq!(
            message("[[layers]]\na = { x = 1, stand-in = 2, x = 3 }\n"),
            concat!(
                "2:28: duplicate key `x`, first on line 2\n",
                "  2 | a = { x = 1, stand-in = 2, x = 3 }\n",
                "  2 | a = { x = 1, stand-in = 2, x = 3 }\n",
                "                                 ^"
            )
        );
        assert_eq!(
            message("[[layers]]\na = 1\n[layers]\n"),
            "3:2: duplicate key `layers`, first on line 1\n  1 | [[layers]]\n  3 | [layers]\n       ^"
        );
    }
}
