//! What a config may contain, read off the settings that the code declares beside its own types.
//!
//! Checks, hints and the reference all come from the same declarations, so what is documented is what is
//! enforced.

pub(crate) mod check;
pub(crate) mod hints;
pub(crate) mod reference;
#[cfg(test)]
mod tests;
pub(crate) mod words;

use crate::config::plan::spec::ConfigSpec;
use crate::settings::{Allowed, Section};

/// The root of every config.
pub(crate) static ROOT: Section = Section { inline: None, default_type: None, types: &[ConfigSpec::KEYS] };

/// A table that a config can have under a header.
pub(crate) struct Place {
    /// From the root.
    path: Vec<Step>,
    pub(crate) section: &'static Section,
}

/// One step down from a table.
#[derive(Clone, Copy, Debug)]
struct Step {
    key: &'static str,
    to: StepTo,
}

/// What is under the key of a [`Step`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StepTo {
    Table,
    /// A table that is an entry of a list.
    ListEntry,
    /// A table whose name the user chooses.
    MapEntry,
}

/// A placeholder for a name that the user chooses.
const ANY_NAME: &str = "name";

/// All tables with a header, each before those in it.
pub(crate) fn sections() -> Vec<Place> {
    let mut found = Vec::new();
    collect(&ROOT, &[], &mut found);
    found
}

fn collect(section: &'static Section, path: &[Step], found: &mut Vec<Place>) {
    for key in section.types.iter().flat_map(|section| section.keys) {
        let Some((inner, to)) = table(&key.allowed, StepTo::Table) else { continue };
        if inner.inline.is_none() {
            let path = [path, &[Step { key: key.name, to }]].concat();
            found.push(Place { path: path.clone(), section: inner });
            collect(inner, &path, found);
        }
    }
}

fn table(allowed: &'static Allowed, to: StepTo) -> Option<(&'static Section, StepTo)> {
    match allowed {
        Allowed::Table(section) => Some((section, to)),
        Allowed::List { of, .. } => table(of, StepTo::ListEntry),
        Allowed::Map(of) => table(of, StepTo::MapEntry),
        Allowed::Either(kinds) => kinds.iter().find_map(|kind| table(kind, to)),
        _ => None,
    }
}

impl Place {
    /// As in a config: `[training.schedule]`, `[[layers]]`, `[data.columns.name]`.
    pub(crate) fn header(&self) -> String {
        let name = |step: &Step| match step.to {
            StepTo::MapEntry => format!("{}.{ANY_NAME}", step.key),
            StepTo::Table | StepTo::ListEntry => step.key.to_owned(),
        };
        let path = self.path.iter().map(name).collect::<Vec<_>>().join(".");
        let is_entry = self.path.last().is_some_and(|step| step.to == StepTo::ListEntry);
        if is_entry { format!("[[{path}]]") } else { format!("[{path}]") }
    }

    /// The values of the keys that an empty table of this `type` leaves to their defaults.
    pub(crate) fn defaults(&self, section_type: &str) -> toml::Table {
        let mut written = toml::Table::new();
        if self.section.is_typed() {
            written.insert("type".to_owned(), section_type.into());
        }
        let mut written = toml::Value::Table(written);
        for step in self.path.iter().rev() {
            let inner = match step.to {
                StepTo::Table => written,
                StepTo::ListEntry => toml::Value::Array(vec![written]),
                StepTo::MapEntry => {
                    toml::Value::Table([(ANY_NAME.to_owned(), written)].into_iter().collect())
                }
            };
            written = toml::Value::Table([(step.key.to_owned(), inner)].into_iter().collect());
        }
        let spec: ConfigSpec = written.try_into().expect("a config may contain an empty table of each type");
        let mut filled = toml::Value::try_from(spec).expect("every default can be written as TOML");
        for step in &self.path {
            let mut inner = take(&mut filled, step.key);
            filled = match step.to {
                StepTo::Table => inner,
                StepTo::ListEntry => {
                    inner.as_array_mut().map(|list| list.swap_remove(0)).expect("it was put there")
                }
                StepTo::MapEntry => take(&mut inner, ANY_NAME),
            };
        }
        filled.as_table().cloned().expect("it was put there")
    }
}

fn take(table: &mut toml::Value, key: &str) -> toml::Value {
    table.as_table_mut().and_then(|table| table.remove(key)).expect("it was put there")
}
