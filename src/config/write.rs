//! The complete config of a plan, as TOML.

use crate::config::document::inline::{inline, key};
use crate::config::plan::Plan;
use crate::config::schema::ROOT;
use crate::settings::{Allowed, Section};

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
        if let Some(model) = &self.model {
            let model = toml::Value::try_from(model).expect("its units were integers of 63 bits in TOML");
            table.remove("layers");
            table.insert("model".to_owned(), model);
        }
        table
    }
}

/// First what fits on a line, then the tables in it, each under its own header.
fn write_table(text: &mut String, path: &str, table: &toml::Table, section: &Section) {
    let kind =
        |name: &str| section.types.iter().find_map(|section| section.key(name)).map(|key| &key.allowed);
    for (name, value) in table {
        if !matches!(
            kind(name),
            Some(
                Allowed::Table(_)
                    | Allowed::Map(_)
                    | Allowed::Grid
                    | Allowed::Ranges
                    | Allowed::List { of: Allowed::Table(_), .. }
            )
        ) {
            text.push_str(&format!("{} = {}\n", key(name), inline(value)));
        }
    }
    for (name, value) in table {
        let path = crate::config::document::key_path::join(path, name);
        match (kind(name), value) {
            (Some(Allowed::Table(section)), toml::Value::Table(table)) => {
                header(text, &format!("[{path}]"));
                write_table(text, &path, table, section);
            }
            (Some(Allowed::List { of: Allowed::Table(section), .. }), toml::Value::Array(tables)) => {
                for table in tables.iter().filter_map(toml::Value::as_table) {
                    header(text, &format!("[[{path}]]"));
                    write_table(text, &path, table, section);
                }
            }
            (Some(Allowed::Grid | Allowed::Ranges | Allowed::Map(_)), toml::Value::Table(entries)) => {
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
