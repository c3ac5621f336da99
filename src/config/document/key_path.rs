//! Paths of keys, such as `layers[2].eps`.

use std::borrow::Cow;

use crate::text::toml_text;

/// Steps of the longest path that is read; more than any key has.
pub(crate) const MAX_DEPTH: usize = 12;

/// The path of `key` in the table at `path`; the root has the empty path.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// A name as a step of a path: in quotes if it has a character that separates steps.
pub(crate) fn step(name: &str) -> Cow<'_, str> {
    match name.is_empty() || name.contains(['.', '[', ']', '"', '\'']) {
        true => Cow::Owned(toml_text(name)),
        false => Cow::Borrowed(name),
    }
}

/// The name that a step of a path means.
pub(crate) fn name(step: &str) -> Cow<'_, str> {
    match step.starts_with('"').then(|| step.parse::<toml::Value>()) {
        Some(Ok(toml::Value::String(name))) => Cow::Owned(name),
        _ => Cow::Borrowed(step),
    }
}

/// The steps of a path: `layers[2].eps` and `layers.2.eps` are both `layers`, `2`, `eps`. A step in quotes may
/// have any character, as in `data.columns."petal.width"`; see [`name`].
pub(crate) fn steps(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(['.', '[', ']']);
        let end = quoted_end(rest).unwrap_or_else(|| rest.find(['.', '[', ']']).unwrap_or(rest.len()));
        let step;
        (step, rest) = rest.split_at(end);
        (!step.is_empty()).then_some(step)
    })
}

/// Where the quoted text ends with which `text` begins.
fn quoted_end(text: &str) -> Option<usize> {
    let quote = text.chars().next().filter(|char| matches!(char, '"' | '\''))?;
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, char)| {
        let is_end = char == quote && !is_escaped;
        is_escaped = char == '\\' && quote == '"' && !is_escaped;
        is_end
    });
    end.map(|(end, _)| end + 1)
}

/// `KEY=VALUE` in two; an `=` in quotes belongs to the key.
pub(crate) fn split_setting(text: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        match rest.chars().next()? {
            '=' => return Some((text[..at].trim(), rest[1..].trim())),
            char => at += quoted_end(rest).unwrap_or(char.len_utf8()),
        }
    }
}

/// `path` with dots only; none if it is not made of bare keys, keys in quotes and indices.
pub(crate) fn dotted(path: &str) -> Option<String> {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut dotted: Vec<Cow<'_, str>> = Vec::new();
    let mut rest = path;
    loop {
        let end = quoted_end(rest).unwrap_or_else(|| rest.find(['.', '[', ']']).unwrap_or(rest.len()));
        let (found, after) = rest.split_at(end);
        match found.starts_with(['"', '\'']).then(|| found.parse::<toml::Value>()) {
            Some(Ok(toml::Value::String(name))) => dotted.push(Cow::Owned(step(&name).into_owned())),
            None if !found.is_empty() && found.chars().all(is_bare) => dotted.push(Cow::Borrowed(found)),
            _ => return None,
        }
        // An index is closed by its bracket, and may be followed by another one.
        let after = after.strip_prefix(']').unwrap_or(after);
        rest = match after.strip_prefix(['.', '[']) {
            Some(rest) => rest,
            None if after.is_empty() => break,
            None => return None,
        };
    }
    (dotted.len() <= MAX_DEPTH).then(|| dotted.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_consists_of_bare_keys_and_indices() {
        assert_eq!(dotted("layers[2].eps").as_deref(), Some("layers.2.eps"));
        assert_eq!(dotted("layers.2.eps").as_deref(), Some("layers.2.eps"));
        assert_eq!(dotted("optimizer").as_deref(), Some("optimizer"));
        for bad in [
            "",
            ".",
            "a..b",
            ".a",
            "a.",
            "a b",
            "a=b",
            "\u{202e}",
            "a[]",
            "a]b",
            "a[0]b",
            "a.\"b",
            &"a.".repeat(99),
        ] {
            assert_eq!(dotted(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_key_in_quotes_may_have_any_character() {
        for (path, expected, last) in [
            ("data.columns.\"petal.width\"", "data.columns.\"petal.width\"", "petal.width"),
            ("data.columns.'a[0]'", "data.columns.\"a[0]\"", "a[0]"),
            (
                "data.columns.\"gr\\u00f6\u{df}e = x\"",
                "data.columns.gr\u{f6}\u{df}e = x",
                "gr\u{f6}\u{df}e = x",
            ),
            ("data.columns.\"a\\\"b\".type", "data.columns.\"a\\\"b\".type", "type"),
            ("data.columns.''", "data.columns.\"\"", ""),
        ] {
            assert_eq!(dotted(path).as_deref(), Some(expected));
            assert_eq!(steps(expected).last().map(name).as_deref(), Some(last));
        }
        assert_eq!(steps("a[1].\"b.c\"[2]").collect::<Vec<_>>(), ["a", "1", "\"b.c\"", "2"]);
        assert_eq!(split_setting("a.\"b=c\" = d=e"), Some(("a.\"b=c\"", "d=e")));
        assert_eq!(split_setting("a.'b=' =\"="), Some(("a.'b='", "\"=")));
        assert_eq!((split_setting("a.\"b=c"), split_setting("a")), (Some(("a.\"b", "c")), None));
    }
}
