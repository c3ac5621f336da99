//! Text of a user's file inside a message.

/// A value or key with control characters and invisible ones escaped, cut at 60 characters.
pub(crate) fn excerpt(text: &str) -> String {
    cut(text, 60)
}

/// The same for a path of keys, cut at 120 characters.
pub(crate) fn path_excerpt(text: &str) -> String {
    cut(text, 120)
}

fn cut(text: &str, longest: usize) -> String {
    // Cut before escaping, so that a text of a megabyte costs nothing.
    let head: String = text.chars().take(longest + 1).collect();
    let escaped = escaped(&head);
    if escaped.chars().count() <= longest {
        return escaped;
    }
    let kept: String = escaped.chars().take(longest - 3).collect();
    format!("{kept}...")
}

/// `text` with control characters and invisible ones escaped; quotes and backslashes stay, since
/// they are part of what the user wrote.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => escaped.push(c),
            _ => escaped.extend(c.escape_debug()),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_a_terminal_that_could_move_it() {
        assert_eq!(excerpt("\u{1b}[2Jé\u{202e}\t\"a\\b\""), "\\u{1b}[2Jé\\u{202e}\\t\"a\\b\"");
    }

    #[test]
    fn the_sixtieth_character_is_the_last() {
        assert_eq!(excerpt(&"x".repeat(60)), "x".repeat(60));
        assert_eq!(excerpt(&"x".repeat(61)), format!("{}...", "x".repeat(57)));
        assert_eq!(excerpt(&"\n".repeat(61)).chars().count(), 60);
    }
}
