//! Which column is what.

use std::collections::{HashMap, HashSet};

use super::cell::number;
use super::fault::Fault;
use super::shown::ShownNames;
use super::spec::{ColumnRef, DataSpec};

/// What the cells of a column of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A feature, with its index among the features.
    Feature(usize),
    Label,
    /// Read by nobody; may hold anything.
    Ignored,
}

/// The columns of the training file.
#[derive(Debug)]
pub(super) struct Schema {
    /// Of all columns.
    pub(super) names: Vec<String>,
    /// Of all columns.
    pub(super) roles: Vec<Role>,
    /// Index of the label column.
    pub(super) label: usize,
}

impl Schema {
    /// Finds label and ignored columns among those of the training file.
    pub(super) fn new(names: Vec<String>, spec: &DataSpec) -> Result<Self, Fault> {
        let holds_numbers = spec.header && names.iter().all(|name| number(name).is_some());
        // A label that is found by its name proves that the first line is a header.
        let is_named = matches!(spec.label, ColumnRef::Name(_));
        let label = match find("label", &spec.label, &names) {
            Err(_) if holds_numbers && is_named => return Err(Fault::HeaderOfNumbers),
            found => found?,
        };
        let ignored: HashSet<usize> =
            spec.ignore.iter().map(|wanted| find("ignore", wanted, &names)).collect::<Result<_, _>>()?;
        if ignored.contains(&label) {
            return Err(Fault::LabelIgnored(names[label].clone()));
        }
        let mut features = 0;
        let role = |index| {
            if index == label {
                Role::Label
            } else if ignored.contains(&index) {
                Role::Ignored
            } else {
                features += 1;
                Role::Feature(features - 1)
            }
        };
        let roles: Vec<Role> = (0..names.len()).map(role).collect();
        let schema = Self { names, roles, label };
        if features == 0 {
            return Err(Fault::NoFeatures(schema.names[label].clone()));
        }
        if spec.header && !is_named && schema.feature_names().all(|name| number(name).is_some()) {
            return Err(Fault::HeaderOfNumbers);
        }
        schema.check_names()?;
        Ok(schema)
    }

    /// The name of the label column.
    pub(super) fn label(&self) -> &str {
        &self.names[self.label]
    }

    /// The names of the features.
    pub(super) fn feature_names(&self) -> impl Iterator<Item = &String> {
        let is_feature = |(_, role): &(_, &Role)| matches!(role, Role::Feature(_));
        self.names.iter().zip(&self.roles).filter(is_feature).map(|(name, _)| name)
    }

    /// The roles of the columns of another file: by name where there is a header, else by place.
    /// Ignored columns may be there or not. `kind` says which file it is.
    pub(super) fn roles_in(
        &self,
        names: &[String],
        has_header: bool,
        kind: &'static str,
    ) -> Result<Vec<Role>, Fault> {
        if !has_header {
            let (expected, found) = (self.names.len(), names.len());
            return match expected == found {
                true => Ok(self.roles.clone()),
                false => Err(Fault::OtherWidth { expected, found }),
            };
        }
        // A column that is read goes before an ignored one of the same name.
        let mut known: HashMap<&String, Role> = HashMap::new();
        for (name, &role) in self.names.iter().zip(&self.roles) {
            let entry = known.entry(name).or_insert(role);
            if *entry == Role::Ignored {
                *entry = role;
            }
        }
        let roles: Vec<Option<Role>> = names.iter().map(|name| known.get(name).copied()).collect();
        let extra: Vec<String> = names
            .iter()
            .zip(&roles)
            .filter(|(_, role)| role.is_none())
            .map(|(name, _)| name.clone())
            .collect();
        let present: HashSet<&String> = names.iter().collect();
        let is_missing =
            |(name, role): &(&String, &Role)| **role != Role::Ignored && !present.contains(*name);
        let missing: Vec<String> =
            self.names.iter().zip(&self.roles).filter(is_missing).map(|(name, _)| name.clone()).collect();
        if !missing.is_empty() || !extra.is_empty() {
            return Err(Fault::OtherColumns { kind, missing, extra });
        }
        let roles: Vec<Role> = roles.into_iter().flatten().collect();
        Self { names: names.to_vec(), roles: roles.clone(), label: 0 }.check_names()?;
        Ok(roles)
    }

    /// Every column that is read has a name of its own.
    fn check_names(&self) -> Result<(), Fault> {
        let mut seen = HashMap::new();
        for (index, (name, role)) in self.names.iter().zip(&self.roles).enumerate() {
            if *role == Role::Ignored {
                continue;
            }
            if name.is_empty() {
                return Err(Fault::EmptyName(index));
            }
            if let Some(first) = seen.insert(name, index) {
                return Err(Fault::DuplicateName { name: name.clone(), first, second: index });
            }
        }
        Ok(())
    }
}

/// Names for the columns of a file without header.
pub(super) fn numbered_names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("c{index}")).collect()
}

/// The index of the column that the config means.
fn find(key: &'static str, wanted: &ColumnRef, names: &[String]) -> Result<usize, Fault> {
    let count = names.len();
    let found = match wanted {
        ColumnRef::Name(name) => names.iter().position(|other| other == name),
        ColumnRef::Index(index) => {
            let from_front = if *index < 0 { index.checked_add_unsigned(count as u64) } else { Some(*index) };
            from_front.and_then(|index| usize::try_from(index).ok()).filter(|&index| index < count)
        }
    };
    if let (ColumnRef::Name(name), Some(first)) = (wanted, found) {
        let again = names.iter().skip(first + 1).position(|other| other == name);
        if let Some(offset) = again {
            let second = first + 1 + offset;
            return Err(Fault::DuplicateName { name: name.clone(), first, second });
        }
    }
    found.ok_or_else(|| {
        let hint = match wanted {
            ColumnRef::Name(name) => {
                let numbers = names.iter().filter(|name| number(name).is_some()).count();
                let no_header = " (if the file has no header, set `header = false` in [data])";
                let no_header = if count < 2 * numbers { no_header } else { "" };
                format!("{} the columns are {}{no_header}", near(name, names), ShownNames(names))
            }
            ColumnRef::Index(_) => {
                format!("; there are {count} columns, 0 to {}, and -1 is the last", count - 1)
            }
        };
        Fault::NoSuchColumn { key, wanted: wanted.clone(), hint }
    })
}

/// A semicolon, with a question where there are names spelt like `name`.
fn near(name: &str, names: &[String]) -> String {
    let likeness = |other: &String| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
    let mut near: Vec<(f64, &String)> =
        names.iter().map(|other| (likeness(other), other)).filter(|(likeness, _)| *likeness >= 0.8).collect();
    near.sort_by(|(left, _), (right, _)| right.total_cmp(left));
    let nearest: Vec<String> = near.into_iter().take(3).map(|(_, name)| name.clone()).collect();
    if nearest.is_empty() { ";".to_owned() } else { format!("; did you mean {}?", ShownNames(&nearest)) }
}
