//! What each column is, and whether it can be trained on.

pub(crate) mod class;
pub(crate) mod column;
pub(crate) mod column_spec;
pub(crate) mod column_stats;
pub(crate) mod infer;
pub(crate) mod layout;
pub(crate) mod look_alikes;
pub(crate) mod mapping;
pub(crate) mod numeric;
pub(crate) mod opposites;
pub(crate) mod problem;
pub(crate) mod profile;
pub(crate) mod renaming;
pub(crate) mod roles;
pub(crate) mod survey;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::data::csv::missing::{CellFormat, Markers};
use crate::data::csv::number::number;
use crate::data::error::ErrorKind;
use crate::data::schema::column::{
    ColumnKind, FeatureColumn, Role, SchemaColumn, TargetColumns, TextUse, is_read,
};
use crate::data::schema::column_spec::MissingPolicy;
use crate::data::schema::layout::{CellRule, OnMissing, RowLayout};
use crate::data::schema::mapping::missing_columns;
use crate::data::schema::numeric::NumericSettings;
use crate::data::schema::roles::{find, keys, order, roles, targets};
use crate::data::spec::{ColumnRef, DataSpec};

/// The columns of a training file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Schema {
    pub(crate) columns: Vec<SchemaColumn>,
    pub(crate) targets: TargetColumns,
    /// The index of the weight column.
    pub(crate) weight: Option<usize>,
    /// The indices of the columns whose hash decides the part of a row.
    pub(crate) keys: Vec<usize>,
    /// The index of the column whose order decides the part of a row.
    pub(crate) order: Option<usize>,
}

impl Schema {
    /// Finds the columns that a config names among those of the training file. Features that the config
    /// does not declare are numeric until their kinds are inferred.
    pub(crate) fn new(names: Vec<String>, spec: &DataSpec) -> Result<Self, ErrorKind> {
        let holds_numbers = spec.header && names.iter().all(|name| number(name).is_some());
        let roles = roles(&names, spec, holds_numbers)?;
        let targets = targets(&names, &roles, spec)?;
        let weight = roles.iter().position(|role| *role == Role::Weight);
        let missing = match spec.missing {
            MissingPolicy::DropRow => OnMissing::DropRow,
            _ => OnMissing::Refuse,
        };
        let mut columns: Vec<SchemaColumn> = names
            .iter()
            .zip(roles)
            .map(|(name, role)| SchemaColumn {
                name: name.clone(),
                role,
                feature: (role == Role::Feature).then(|| FeatureColumn {
                    declared: None,
                    kind: ColumnKind::Numeric,
                    missing: spec.missing.clone(),
                    is_own_missing: false,
                    indicator: spec.missing_indicator,
                    numeric: NumericSettings::of(spec),
                    is_own_numeric: false,
                    categories: Vec::new(),
                    format: None,
                }),
                missing,
                markers: None,
                format: None,
            })
            .collect();
        for (name, entry) in &spec.columns {
            let index = find("columns", &ColumnRef::Name(name.clone()), &names)?;
            columns[index].apply(entry)?;
        }
        let keys = keys(&columns, spec)?;
        let order = order(&columns, spec)?;
        let schema = Self { columns, targets, weight, keys, order };
        if schema.features().next().is_none() {
            return Err(ErrorKind::NoFeatures(schema.learnt()));
        }
        // A label or target that was found by name proves that the first line is a header.
        let by_index = |column: &ColumnRef| matches!(column, ColumnRef::Index(_));
        let is_named = !spec.label.iter().chain(&spec.target.0).any(by_index);
        if spec.header && !is_named && schema.features().all(|(name, _)| number(name).is_some()) {
            return Err(ErrorKind::HeaderOfNumbers);
        }
        check_names(schema.columns.iter().map(|column| (&column.name, column.role)))?;
        Ok(schema)
    }

    /// The name of the label column, or those of the target columns.
    pub(crate) fn learnt(&self) -> Vec<String> {
        let name = |&index: &usize| self.columns[index].name.clone();
        match &self.targets {
            TargetColumns::Classes(label) => vec![name(label)],
            TargetColumns::Values(targets) => targets.iter().map(name).collect(),
        }
    }

    /// The name of the first column with a role, if there is one.
    pub(crate) fn name_of(&self, role: Role) -> Option<String> {
        self.columns.iter().find(|column| column.role == role).map(|column| column.name.clone())
    }

    /// The features with their names, in order.
    pub(crate) fn features(&self) -> impl Iterator<Item = (&String, &FeatureColumn)> {
        self.columns.iter().filter_map(|column| Some((&column.name, column.feature.as_ref()?)))
    }

    /// The text columns of the training file.
    pub(crate) fn texts(&self) -> Vec<(usize, TextUse)> {
        let used = |(index, column): (usize, &SchemaColumn)| match column.role {
            Role::Label => Some((index, TextUse::Label)),
            Role::Id | Role::Ignore if self.order == Some(index) => Some((index, TextUse::Order)),
            Role::Group | Role::Id | Role::Ignore if self.keys.contains(&index) => {
                Some((index, TextUse::Key))
            }
            Role::Group => Some((index, TextUse::Group)),
            Role::Split => Some((index, TextUse::Part)),
            Role::Feature | Role::Target | Role::Weight | Role::Id | Role::Ignore => None,
        };
        self.columns.iter().enumerate().filter_map(used).collect()
    }

    /// How the training file is read. `usual` is how the cells of the file are read, and `is_tentative` says that
    /// codes are refused in columns that were not declared.
    pub(crate) fn layout(&self, usual: CellFormat<'_>, is_tentative: bool) -> RowLayout {
        let texts = self.texts();
        let (markers, numbers) = self.markers(usual);
        self.layout_of(self.rules(&texts, &numbers, is_tentative), texts.len(), markers)
    }

    /// The missing markers of all columns, and of each column the number of its markers.
    pub(crate) fn markers(&self, usual: CellFormat<'_>) -> (Vec<Markers>, Vec<u32>) {
        Markers::of_columns(usual, self.columns.iter().map(|column| column.markers.as_ref()))
    }

    /// How a validation or test file is read. Its columns are found by name if there is a header, else by
    /// position; columns that are skipped may be absent, and further ones are skipped.
    pub(crate) fn layout_in(
        &self,
        names: &[String],
        has_header: bool,
        usual: CellFormat<'_>,
    ) -> Result<RowLayout, ErrorKind> {
        let texts = self.texts_in(names, has_header);
        let (markers, numbers) = self.markers(usual);
        let rules = self.rules(&texts, &numbers, false);
        if !has_header {
            let (expected, found) = (self.columns.len(), names.len());
            return match expected == found {
                true => Ok(self.layout_of(rules, texts.len(), markers)),
                false => Err(ErrorKind::OtherWidth { expected, found }),
            };
        }
        // Of several columns of one name, the first that is not skipped counts.
        let mut known: HashMap<&String, usize> = HashMap::new();
        for (index, column) in self.columns.iter().enumerate() {
            let known = known.entry(&column.name).or_insert(index);
            if matches!(rules[*known], CellRule::Skip) {
                *known = index;
            }
        }
        let columns: Vec<Option<usize>> = names.iter().map(|name| known.get(name).copied()).collect();
        let present: HashSet<&String> = names.iter().collect();
        let is_missing = |column: &&SchemaColumn| is_read(column.role) && !present.contains(&column.name);
        let missing: Vec<String> =
            self.columns.iter().filter(is_missing).map(|column| column.name.clone()).collect();
        if !missing.is_empty() {
            let unknown = names.iter().zip(&columns).filter(|(_, column)| column.is_none());
            let unknown = unknown.map(|(name, _)| name.as_str());
            return Err(missing_columns("training", missing, unknown, names, 0));
        }
        let role = |column: &Option<usize>| column.map_or(Role::Ignore, |column| self.columns[column].role);
        check_names(names.iter().zip(columns.iter().map(role)))?;
        let rule = |column: Option<usize>| column.map_or(CellRule::Skip, |column| rules[column].clone());
        let rules = columns.into_iter().map(rule).collect();
        Ok(self.layout_of(rules, texts.len(), markers))
    }

    /// The text columns of a validation or test file: the label, and the group if it is there.
    pub(crate) fn texts_in(&self, names: &[String], has_header: bool) -> Vec<(usize, TextUse)> {
        let used = |(index, column): (usize, &SchemaColumn)| match column.role {
            Role::Label => Some((index, TextUse::Label)),
            Role::Group if !has_header || names.contains(&column.name) => Some((index, TextUse::OwnGroup)),
            _ => None,
        };
        self.columns.iter().enumerate().filter_map(used).collect()
    }

    /// The columns with numbers other than features: targets, then the weight.
    pub(crate) fn side_numbers(&self) -> Vec<usize> {
        let targets = match &self.targets {
            TargetColumns::Classes(_) => &[][..],
            TargetColumns::Values(targets) => targets,
        };
        targets.iter().copied().chain(self.weight).collect()
    }

    /// Columns of a validation or test file that the training file does not have.
    pub(crate) fn unknown<'n>(&self, names: &'n [String]) -> Vec<&'n String> {
        let known: HashSet<&String> = self.columns.iter().map(|column| &column.name).collect();
        names.iter().filter(|name| !known.contains(name)).collect()
    }

    /// The rule of each column of the training file, if these `texts` are read; `markers` are the numbers of
    /// the missing markers.
    fn rules(&self, texts: &[(usize, TextUse)], markers: &[u32], is_tentative: bool) -> Vec<CellRule> {
        let features = self.features().count();
        let side = self.side_numbers();
        let mut next = 0;
        let rule = |(index, column): (usize, &SchemaColumn)| {
            let (missing, markers) = (column.missing, markers[index]);
            if let Some(feature) = &column.feature {
                next += 1;
                return feature.rule(next - 1, markers, is_tentative);
            }
            if let Some(position) = side.iter().position(|&other| other == index) {
                let value = features + position;
                return CellRule::Number { value, missing, markers, refuses_codes: false };
            }
            match texts.iter().position(|&(text, _)| text == index) {
                Some(text) if texts[text].1 == TextUse::OwnGroup => {
                    CellRule::Text { text, missing: OnMissing::Keep, markers }
                }
                Some(text) => CellRule::Text { text, missing, markers },
                None => CellRule::Skip,
            }
        };
        self.columns.iter().enumerate().map(rule).collect()
    }

    fn layout_of(&self, cells: Vec<CellRule>, texts: usize, markers: Vec<Markers>) -> RowLayout {
        let features = self.features().count();
        let values = features + self.side_numbers().len();
        RowLayout { cells, values, features, weight: self.weight.map(|_| values - 1), texts, markers }
    }
}

/// Checks that the columns that are read have distinct names.
fn check_names<'n>(columns: impl Iterator<Item = (&'n String, Role)>) -> Result<(), ErrorKind> {
    let mut seen = HashMap::new();
    for (index, (name, role)) in columns.enumerate() {
        if !is_read(role) {
            continue;
        }
        if name.is_empty() {
            return Err(ErrorKind::EmptyName(index));
        }
        if let Some(first) = seen.insert(name, index) {
            return Err(ErrorKind::DuplicateName { name: name.clone(), first, second: index });
        }
    }
    Ok(())
}

/// Names for the columns of a file without header.
pub(crate) fn numbered_names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("c{index}")).collect()
}
