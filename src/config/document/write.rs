//! The complete config of a plan, as TOML.

use crate::config::plan::Plan;
use crate::config::schema::{Kind, ROOT, SCHEDULE, Section};

impl Plan {
    /// The complete config: every key that has a value, absolute paths. Loading it gives an equal
    /// plan, except for [`name`](Self::name) and [`source`](Self::source).
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        write_table(&mut text, "", &self.to_table(), &ROOT);
        text
    }

    /// The same as a value.
    pub(crate) fn to_table(&self) -> toml::Table {
        let mut table = toml::Table::try_from(self)
            .expect("a plan holds UTF-8 paths, integers of 63 bits and string keys, as TOML does");
        if let Some(training) = table.get_mut("training").and_then(toml::Value::as_table_mut) {
            drop_unused_schedule_keys(training);
        }
        if let Some(model) = &self.model {
            let model = toml::Value::try_from(model).expect("its units were integers of 63 bits in TOML");
            table.remove("layers");
            table.insert("model".to_owned(), model);
        }
        table
    }
}

/// A schedule has a place for every key of every type; a config has only those of its type.
fn drop_unused_schedule_keys(training: &mut toml::Table) {
    let Some(schedule) = training.get_mut("schedule").and_then(toml::Value::as_table_mut) else { return };
    let name = schedule.get("type").and_then(toml::Value::as_str);
    if let Some(variant) = name.and_then(|name| SCHEDULE.variant(name)) {
        schedule.retain(|key, _| key == "type" || variant.key(key).is_some());
    }
}

/// First what fits on a line, then the tables in it, each under its own header.
fn write_table(text: &mut String, path: &str, table: &toml::Table, section: &Section) {
    let kind =
        |name: &str| section.variants.iter().find_map(|variant| variant.key(name)).map(|key| &key.kind);
    for (name, value) in table {
        if !matches!(
            kind(name),
            Some(Kind::Table(_) | Kind::Map(_) | Kind::Grid | Kind::List { of: Kind::Table(_), .. })
        ) {
            text.push_str(&format!("{} = {}\n", key(name), inline(value)));
        }
    }
    for (name, value) in table {
        let path = crate::config::problems::join(path, name);
        match (kind(name), value) {
            (Some(Kind::Table(section)), toml::Value::Table(table)) => {
                header(text, &format!("[{path}]"));
                write_table(text, &path, table, section);
            }
            (Some(Kind::List { of: Kind::Table(section), .. }), toml::Value::Array(tables)) => {
                for table in tables.iter().filter_map(toml::Value::as_table) {
                    header(text, &format!("[[{path}]]"));
                    write_table(text, &path, table, section);
                }
            }
            (Some(Kind::Grid | Kind::Map(_)), toml::Value::Table(entries)) => {
                header(text, &format!("[{path}]"));
                for (name, value) in entries {
                    text.push_str(&format!("{} = {}\n", key(name), inline(value)));
                }
            }
            _ => {}
        }
    }
}

fn header(text: &mut String, header: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(header);
    text.push('\n');
}

pub(crate) fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}

/// `value` on one line, numbers at their shortest.
pub(crate) fn inline(value: &toml::Value) -> String {
    match value {
        // `1e-5`, where the crate would write `0.00001`.
        toml::Value::Float(number) if number.is_finite() => format!("{number:?}"),
        toml::Value::String(text) => quoted(text),
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

/// A basic string; whatever is invisible is escaped.
fn quoted(text: &str) -> String {
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
            assert_eq!(quoted(text), written);
            assert_eq!(written.parse::<toml::Value>().ok(), Some(toml::Value::from(text)));
        }
        for (number, written) in [(1e-5, "1e-5"), (0.1, "0.1"), (1.0, "1.0"), (5e-324, "5e-324")] {
            assert_eq!(inline(&toml::Value::from(number)), written);
            assert_eq!(written.parse::<toml::Value>().ok(), Some(toml::Value::from(number)));
        }
    }
}
