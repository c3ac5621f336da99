//! Keys and values as TOML on one line.

use crate::text::toml_text;

/// A key, quoted if it must be.
pub(crate) fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { toml_text(name) }
}

/// `value` on one line, numbers at their shortest.
pub(crate) fn inline(value: &toml::Value) -> String {
    match value {
        // `1e-5`, where the crate would write `0.00001`.
        toml::Value::Float(number) if number.is_finite() => format!("{number:?}"),
        toml::Value::String(text) => toml_text(text),
        toml::Value::Array(values) => {
            let values: Vec<String> = values.iter().map(inline).collect();
            format!("[{}]", values.join(", "))
        }
        toml::Value::Table(table) => {
            let entries: Vec<String> =
                table.iter().map(|(name, value)| format!("{} = {}", key(name), inline(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_written_as_a_person_would() {
        for (text, written) in [
            ("a b/c", "\"a b/c\""),
            ("C:\\x", "\"C:\\\\x\""),
            ("it's \"so\"", "\"it's \\\"so\\\"\""),
            ("\t\u{1b}\u{202e}ü", "\"\\t\\U0000001B\\U0000202Eü\""),
        ] {
            assert_eq!(toml_text(text), written);
            assert_eq!(written.parse::<toml::Value>().ok(), Some(toml::Value::from(text)));
        }
        for (number, written) in [(1e-5, "1e-5"), (0.1, "0.1"), (1.0, "1.0"), (5e-324, "5e-324")] {
            assert_eq!(inline(&toml::Value::from(number)), written);
            assert_eq!(written.parse::<toml::Value>().ok(), Some(toml::Value::from(number)));
        }
    }
}
