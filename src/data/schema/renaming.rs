//! Labels that a config renames.

use std::collections::{BTreeMap, BTreeSet};

use crate::data::csv::number::quantity;

/// `data.label_names`, in which numbers are found in any spelling.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Renaming<'n> {
    names: Option<&'n BTreeMap<String, String>>,
    has_numbers: bool,
}

impl<'n> Renaming<'n> {
    pub(crate) fn new(names: Option<&'n BTreeMap<String, String>>) -> Self {
        let has_numbers = names.is_some_and(|names| names.keys().any(|name| quantity(name).is_some()));
        Self { names, has_numbers }
    }

    /// The entry of a label: as it is written there, and the name of its class.
    pub(crate) fn get(&self, label: &str) -> Option<(&'n str, &'n str)> {
        let names = self.names?;
        let by_quantity = || {
            let wanted = quantity(label).filter(|_| self.has_numbers)?;
            names.iter().find(|(name, _)| quantity(name) == Some(wanted))
        };
        let (label, name) = names.get_key_value(label).or_else(by_quantity)?;
        Some((label, name))
    }
}

/// Renames labels, and notes which entries it used.
pub(crate) struct LabelNames<'s> {
    names: Renaming<'s>,
    /// Those that were replaced.
    pub(crate) found: BTreeSet<String>,
}

impl<'s> LabelNames<'s> {
    pub(crate) fn new(names: &'s BTreeMap<String, String>) -> Self {
        Self { names: Renaming::new(Some(names)), found: BTreeSet::new() }
    }

    /// The name of the class of a label.
    pub(crate) fn renamed<'l>(&mut self, label: &'l str) -> &'l str
    where
        's: 'l,
    {
        let Some((entry, name)) = self.names.get(label) else { return label };
        if !self.found.contains(entry) {
            self.found.insert(entry.to_owned());
        }
        name
    }
}
