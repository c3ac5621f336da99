//! Which column is what.

pub(crate) mod class;
pub(crate) mod column;
pub(crate) mod column_stats;
pub(crate) mod infer;
pub(crate) mod layout;
pub(crate) mod leakage;
pub(crate) mod mapping;
pub(crate) mod profile;
pub(crate) mod roles;
pub(crate) mod survey;

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::data::csv::missing::Markers;
use crate::data::csv::number::number;
use crate::data::error::ErrorKind;
use crate::data::schema::column::{ColumnSpec, Constant, Kind, Missing, Role};
use crate::data::schema::layout::{Gap, Layout, Take, Value, Words};
use crate::data::schema::roles::{find, keys, roles, truth};
use crate::data::spec::{ColumnRef, DataSpec};
use crate::data::split::assignment::TextUse;

/// The columns of the training file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Schema {
    pub(crate) columns: Vec<Column>,
    pub(crate) truth: TargetColumns,
    /// Index of the column with the weights of rows.
    pub(crate) weight: Option<usize>,
    /// Indices of the columns whose hash decides where a row goes.
    pub(crate) keys: Vec<usize>,
}

/// What is learnt, by the indices of its columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TargetColumns {
    /// The classes of a label column.
    Classes(usize),
    /// The values of target columns, at least one.
    Values(Vec<usize>),
}

/// A column of the training file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// For the role of a feature.
    pub(crate) feature: Option<FeatureColumn>,
    /// What a missing cell is in another column that is read.
    gap: Gap,
}

/// What a feature is as it is read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FeatureColumn {
    /// The kind that the config gives it.
    pub(crate) declared: Option<Kind>,
    /// That kind, or the one that it turned out to be.
    pub(crate) kind: Kind,
    pub(crate) missing: Missing,
    /// Whether `missing` was told for this column alone.
    is_own_missing: bool,
    pub(crate) indicator: bool,
    /// All categories in the file, in order; none unless it is categorical.
    pub(crate) categories: Vec<String>,
}

impl Schema {
    /// Finds the columns that a config names among those of the training file. All features count
    /// as numeric until their kinds are decided, unless the config says what they are.
    pub(crate) fn new(names: Vec<String>, spec: &DataSpec) -> Result<Self, ErrorKind> {
        let holds_numbers = spec.header && names.iter().all(|name| number(name).is_some());
        let roles = roles(&names, spec, holds_numbers)?;
        let truth = truth(&names, &roles, spec)?;
        let weight = roles.iter().position(|role| *role == Role::Weight);
        let gap = if spec.missing == Missing::DropRow { Gap::DropsRow } else { Gap::Refuse };
        let mut columns: Vec<Column> = names
            .iter()
            .zip(roles)
            .map(|(name, role)| Column {
                name: name.clone(),
                role,
                feature: (role == Role::Feature).then(|| FeatureColumn {
                    declared: None,
                    kind: Kind::Numeric,
                    missing: spec.missing.clone(),
                    is_own_missing: false,
                    indicator: spec.missing_indicator,
                    categories: Vec::new(),
                }),
                gap,
            })
            .collect();
        for (name, told) in &spec.columns {
            let index = find("columns", &ColumnRef::Name(name.clone()), &names)?;
            columns[index].follow(told)?;
        }
        let keys = keys(&columns, spec)?;
        let schema = Self { columns, truth, weight, keys };
        if schema.features().next().is_none() {
            return Err(ErrorKind::NoFeatures(schema.learnt()));
        }
        // A label that is found by its name proves that the first line is a header.
        let by_index = |column: &ColumnRef| matches!(column, ColumnRef::Index(_));
        let is_named = !spec.label.iter().chain(&spec.target.0).any(by_index);
        if spec.header && !is_named && schema.features().all(|(name, _)| number(name).is_some()) {
            return Err(ErrorKind::HeaderOfNumbers);
        }
        check_names(schema.columns.iter().map(|column| (&column.name, column.role)))?;
        Ok(schema)
    }

    /// The names of the columns with what is learnt.
    pub(crate) fn learnt(&self) -> Vec<String> {
        let name = |&index: &usize| self.columns[index].name.clone();
        match &self.truth {
            TargetColumns::Classes(label) => vec![name(label)],
            TargetColumns::Values(targets) => targets.iter().map(name).collect(),
        }
    }

    /// The features with their names, in order.
    pub(crate) fn features(&self) -> impl Iterator<Item = (&String, &FeatureColumn)> {
        self.columns.iter().filter_map(|column| Some((&column.name, column.feature.as_ref()?)))
    }

    /// The columns that are read as texts, and what for.
    pub(crate) fn texts(&self) -> Vec<(usize, TextUse)> {
        let used = |(index, column): (usize, &Column)| match column.role {
            Role::Label => Some((index, TextUse::Label)),
            Role::Group | Role::Id | Role::Ignore if self.keys.contains(&index) => {
                Some((index, TextUse::Key))
            }
            Role::Group => Some((index, TextUse::Group)),
            Role::Split => Some((index, TextUse::Part)),
            Role::Feature | Role::Target | Role::Weight | Role::Id | Role::Ignore => None,
        };
        self.columns.iter().enumerate().filter_map(used).collect()
    }

    /// How the training file is read.
    pub(crate) fn layout(&self, markers: Markers) -> Layout {
        self.layout_of(self.takes(&self.texts()), &self.texts(), markers)
    }

    /// How another file is read: its columns are found by name where there is a header, else by
    /// place. Columns that nothing is taken from may be there or not. `kind` says which file it is.
    pub(crate) fn layout_in(
        &self,
        names: &[String],
        has_header: bool,
        kind: &'static str,
        markers: Markers,
    ) -> Result<Layout, ErrorKind> {
        let texts = self.texts_in(names, has_header);
        if !has_header {
            let (expected, found) = (self.columns.len(), names.len());
            return match expected == found {
                true => Ok(self.layout_of(self.takes(&texts), &texts, markers)),
                false => Err(ErrorKind::OtherWidth { expected, found }),
            };
        }
        // A column that is read goes before one of the same name that is not.
        let mut known: HashMap<&String, (Take, Role)> = HashMap::new();
        for (column, take) in self.columns.iter().zip(self.takes(&texts)) {
            let entry = known.entry(&column.name).or_insert((take, column.role));
            if entry.0 == Take::Nothing {
                *entry = (take, column.role);
            }
        }
        let found: Vec<Option<(Take, Role)>> = names.iter().map(|name| known.get(name).copied()).collect();
        let is_unknown = |(name, found): (&String, &Option<_>)| found.is_none().then(|| name.clone());
        let extra: Vec<String> = names.iter().zip(&found).filter_map(is_unknown).collect();
        let present: HashSet<&String> = names.iter().collect();
        let is_missing = |column: &&Column| is_read(column.role) && !present.contains(&column.name);
        let missing: Vec<String> =
            self.columns.iter().filter(is_missing).map(|column| column.name.clone()).collect();
        if !missing.is_empty() || !extra.is_empty() {
            return Err(ErrorKind::OtherColumns { kind, missing, extra });
        }
        let (takes, roles): (Vec<Take>, Vec<Role>) = found.into_iter().flatten().unzip();
        check_names(names.iter().zip(roles))?;
        Ok(self.layout_of(takes, &texts, markers))
    }

    /// The texts of a file that is a part already: the label, and the group if it is there.
    pub(crate) fn texts_in(&self, names: &[String], has_header: bool) -> Vec<(usize, TextUse)> {
        let used = |(index, column): (usize, &Column)| match column.role {
            Role::Label => Some((index, TextUse::Label)),
            Role::Group if !has_header || names.contains(&column.name) => Some((index, TextUse::OwnGroup)),
            _ => None,
        };
        self.columns.iter().enumerate().filter_map(used).collect()
    }

    /// What is taken from the columns of the training file, these `texts` among it.
    fn takes(&self, texts: &[(usize, TextUse)]) -> Vec<Take> {
        let features = self.features().count();
        let beside = self.beside();
        let mut before = 0;
        let take = |(index, column): (usize, &Column)| match &column.feature {
            Some(feature) => {
                before += 1;
                match feature.kind {
                    Kind::Numeric => Take::Number(before - 1),
                    Kind::Categorical | Kind::Boolean => Take::Word(before - 1),
                }
            }
            None => match beside.iter().position(|other| *other == index) {
                Some(place) => Take::Number(features + place),
                None => texts.iter().position(|(text, _)| *text == index).map_or(Take::Nothing, Take::Text),
            },
        };
        self.columns.iter().enumerate().map(take).collect()
    }

    /// The columns with numbers that are no features: targets, then the weight.
    pub(crate) fn beside(&self) -> Vec<usize> {
        let targets = match &self.truth {
            TargetColumns::Classes(_) => &[][..],
            TargetColumns::Values(targets) => targets,
        };
        targets.iter().copied().chain(self.weight).collect()
    }

    fn layout_of(&self, takes: Vec<Take>, texts: &[(usize, TextUse)], markers: Markers) -> Layout {
        let of_feature = |(_, feature): (_, &FeatureColumn)| Value {
            gap: match feature.missing {
                Missing::Refuse => Gap::Refuse,
                Missing::DropRow => Gap::DropsRow,
                _ => Gap::Kept,
            },
            words: match feature.kind {
                Kind::Boolean => Words::Boolean,
                Kind::Numeric | Kind::Categorical => Words::categories(&feature.categories),
            },
        };
        let mut values: Vec<Value> = self.features().map(of_feature).collect();
        let features = values.len();
        let gap = |index: usize| self.columns[index].gap;
        values.extend(self.beside().into_iter().map(|index| Value { gap: gap(index), ..Value::default() }));
        let texts = texts.iter().map(|&(index, used)| match used {
            TextUse::OwnGroup => Gap::Kept,
            _ => gap(index),
        });
        let texts = texts.collect();
        let weight = self.weight.map(|_| values.len() - 1);
        Layout { takes, values, features, weight, texts, markers }
    }
}

impl Column {
    /// Follows what the config says about this column.
    fn follow(&mut self, told: &ColumnSpec) -> Result<(), ErrorKind> {
        let Some(feature) = &mut self.feature else {
            match (&told.missing, told.indicator) {
                (None, None) => {}
                (Some(Missing::DropRow), None) if is_read(self.role) => self.gap = Gap::DropsRow,
                (Some(Missing::Refuse), None) if is_read(self.role) => self.gap = Gap::Refuse,
                _ => return Err(ErrorKind::GapsOfNoFeature(self.name.clone())),
            }
            return Ok(());
        };
        feature.declared = told.column_type.and_then(|word| word.meaning().1);
        feature.kind = feature.declared.unwrap_or(feature.kind);
        if let Some(missing) = &told.missing {
            feature.missing = missing.clone();
            feature.is_own_missing = true;
        }
        feature.indicator = told.indicator.unwrap_or(feature.indicator);
        Ok(())
    }
}

impl FeatureColumn {
    /// Makes a constant that stands in for missing values fit the kind, once that is decided. One
    /// that is meant for all columns stands in where it fits and nowhere else.
    pub(crate) fn settle_constant(&mut self, name: &str) -> Result<(), ErrorKind> {
        let Missing::Constant(constant) = &self.missing else { return Ok(()) };
        let number = match constant {
            Constant::Number(number) => Some(*number),
            Constant::Text(_) => None,
        };
        let fitting = match (self.kind, constant) {
            (Kind::Categorical, Constant::Text(text)) => Some(Constant::Text(text.clone())),
            (Kind::Categorical, Constant::Number(_)) => None,
            (Kind::Numeric, _) => number.map(Constant::Number),
            (Kind::Boolean, Constant::Text(text)) => Words::Boolean.number(text).map(Constant::Number),
            (Kind::Boolean, _) => number.filter(|number| (0.0..=1.0).contains(number)).map(Constant::Number),
        };
        self.missing = match fitting {
            Some(constant) => Missing::Constant(constant),
            None if self.is_own_missing => {
                return Err(ErrorKind::ConstantOfOtherKind { column: name.to_owned(), kind: self.kind });
            }
            None => Missing::Refuse,
        };
        Ok(())
    }
}

/// Whether something is taken from columns of this role.
fn is_read(role: Role) -> bool {
    match role {
        Role::Feature | Role::Label | Role::Target | Role::Weight => true,
        Role::Group | Role::Split | Role::Id | Role::Ignore => false,
    }
}

/// Every column that is read has a name of its own.
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
