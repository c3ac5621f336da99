//! Which column is what.

use std::collections::{HashMap, HashSet};

use super::cell::number;
use super::column::{ColumnSpec, Constant, Kind, Missing, Role};
use super::divide::TextUse;
use super::fault::Fault;
use super::layout::{Gap, Layout, Take, Value, Words};
use super::markers::Markers;
use super::shown::ShownNames;
use super::spec::{ColumnRef, DataSpec, SplitBy};

/// The columns of the training file.
#[derive(Clone, Debug)]
pub(super) struct Schema {
    pub(super) columns: Vec<Column>,
    /// Index of the label column.
    pub(super) label: usize,
    /// Indices of the columns whose hash decides where a row goes.
    pub(super) keys: Vec<usize>,
}

/// A column of the training file.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) role: Role,
    /// For the role of a feature.
    pub(super) feature: Option<FeatureColumn>,
}

/// What a feature is as it is read.
#[derive(Clone, Debug)]
pub(super) struct FeatureColumn {
    /// The kind that the config gives it.
    pub(super) declared: Option<Kind>,
    /// That kind, or the one that it turned out to be.
    pub(super) kind: Kind,
    pub(super) missing: Missing,
    /// Whether `missing` was told for this column alone.
    is_own_missing: bool,
    pub(super) indicator: bool,
    /// All categories in the file, in order; none unless it is categorical.
    pub(super) categories: Vec<String>,
}

impl Schema {
    /// Finds the columns that a config names among those of the training file. All features count
    /// as numeric until their kinds are decided, unless the config says what they are.
    pub(super) fn new(names: Vec<String>, spec: &DataSpec) -> Result<Self, Fault> {
        let holds_numbers = spec.header && names.iter().all(|name| number(name).is_some());
        let roles = roles(&names, spec, holds_numbers)?;
        let label = roles.iter().position(|role| *role == Role::Label).ok_or(Fault::NoLabel)?;
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
            })
            .collect();
        for (name, told) in &spec.columns {
            let index = find("columns", &ColumnRef::Name(name.clone()), &names)?;
            columns[index].follow(told)?;
        }
        let keys = keys(&columns, spec)?;
        let schema = Self { columns, label, keys };
        if schema.features().next().is_none() {
            return Err(Fault::NoFeatures(schema.label().to_owned()));
        }
        // A label that is found by its name proves that the first line is a header.
        let is_named = !matches!(spec.label, Some(ColumnRef::Index(_)));
        if spec.header && !is_named && schema.features().all(|(name, _)| number(name).is_some()) {
            return Err(Fault::HeaderOfNumbers);
        }
        check_names(schema.columns.iter().map(|column| (&column.name, column.role)))?;
        Ok(schema)
    }

    /// The name of the label column.
    pub(super) fn label(&self) -> &str {
        &self.columns[self.label].name
    }

    /// The features with their names, in order.
    pub(super) fn features(&self) -> impl Iterator<Item = (&String, &FeatureColumn)> {
        self.columns.iter().filter_map(|column| Some((&column.name, column.feature.as_ref()?)))
    }

    /// The columns that are read as texts, and what for.
    pub(super) fn texts(&self) -> Vec<(usize, TextUse)> {
        let used = |(index, column): (usize, &Column)| match column.role {
            Role::Label => Some((index, TextUse::Label)),
            Role::Group => Some((index, TextUse::Group)),
            Role::Split => Some((index, TextUse::Part)),
            Role::Id | Role::Ignore if self.keys.contains(&index) => Some((index, TextUse::Key)),
            Role::Feature | Role::Id | Role::Ignore => None,
        };
        self.columns.iter().enumerate().filter_map(used).collect()
    }

    /// How the training file is read.
    pub(super) fn layout(&self, markers: Markers) -> Layout {
        self.layout_of(self.takes(&self.texts()), self.texts().len(), markers)
    }

    /// How another file is read: its columns are found by name where there is a header, else by
    /// place. Columns that nothing is taken from may be there or not. `kind` says which file it is.
    pub(super) fn layout_in(
        &self,
        names: &[String],
        has_header: bool,
        kind: &'static str,
        markers: Markers,
    ) -> Result<Layout, Fault> {
        if !has_header {
            let (expected, found) = (self.columns.len(), names.len());
            return match expected == found {
                true => Ok(self.layout_of(self.takes(&self.labels()), 1, markers)),
                false => Err(Fault::OtherWidth { expected, found }),
            };
        }
        // A column that is read goes before one of the same name that is not.
        let mut known: HashMap<&String, (Take, Role)> = HashMap::new();
        for (column, take) in self.columns.iter().zip(self.takes(&self.labels())) {
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
            return Err(Fault::OtherColumns { kind, missing, extra });
        }
        let (takes, roles): (Vec<Take>, Vec<Role>) = found.into_iter().flatten().unzip();
        check_names(names.iter().zip(roles))?;
        Ok(self.layout_of(takes, 1, markers))
    }

    /// The texts of files that are a part already.
    fn labels(&self) -> Vec<(usize, TextUse)> {
        vec![(self.label, TextUse::Label)]
    }

    /// What is taken from the columns of the training file, these `texts` among it.
    fn takes(&self, texts: &[(usize, TextUse)]) -> Vec<Take> {
        let mut values = 0;
        let take = |(index, column): (usize, &Column)| match &column.feature {
            Some(feature) => {
                values += 1;
                match feature.kind {
                    Kind::Numeric => Take::Number(values - 1),
                    Kind::Categorical | Kind::Boolean => Take::Word(values - 1),
                }
            }
            None => texts.iter().position(|(text, _)| *text == index).map_or(Take::Nothing, Take::Text),
        };
        self.columns.iter().enumerate().map(take).collect()
    }

    fn layout_of(&self, takes: Vec<Take>, texts: usize, markers: Markers) -> Layout {
        let values = self.features().map(|(_, feature)| Value {
            gap: match feature.missing {
                Missing::Refuse => Gap::Fault,
                Missing::DropRow => Gap::DropsRow,
                _ => Gap::Kept,
            },
            words: match feature.kind {
                Kind::Boolean => Words::Boolean,
                Kind::Numeric | Kind::Categorical => Words::categories(&feature.categories),
            },
        });
        Layout { takes, values: values.collect(), texts, markers }
    }
}

impl Column {
    /// Follows what the config says about this column.
    fn follow(&mut self, told: &ColumnSpec) -> Result<(), Fault> {
        let is_about_gaps = told.missing.is_some() || told.indicator.is_some();
        let Some(feature) = &mut self.feature else {
            return match is_about_gaps {
                true => Err(Fault::GapsOfNoFeature(self.name.clone())),
                false => Ok(()),
            };
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
    pub(super) fn settle_constant(&mut self, name: &str) -> Result<(), Fault> {
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
                return Err(Fault::ConstantOfOtherKind { column: name.to_owned(), kind: self.kind });
            }
            None => Missing::Refuse,
        };
        Ok(())
    }
}

/// Whether something is taken from columns of this role.
fn is_read(role: Role) -> bool {
    match role {
        Role::Feature | Role::Label => true,
        Role::Group | Role::Split | Role::Id | Role::Ignore => false,
    }
}

/// The role of every column.
fn roles(names: &[String], spec: &DataSpec, holds_numbers: bool) -> Result<Vec<Role>, Fault> {
    let mut roles: Vec<Option<Role>> = vec![None; names.len()];
    if let Some(label) = &spec.label {
        let found = match find("label", label, names) {
            Err(_) if holds_numbers && matches!(label, ColumnRef::Name(_)) => {
                return Err(Fault::HeaderOfNumbers);
            }
            found => found?,
        };
        roles[found] = Some(Role::Label);
    }
    for wanted in &spec.ignore {
        let index = find("ignore", wanted, names)?;
        if roles[index].replace(Role::Ignore) == Some(Role::Label) {
            return Err(Fault::LabelIgnored(names[index].clone()));
        }
    }
    for (name, told) in &spec.columns {
        let Some(word) = told.column_type else { continue };
        let index = find("columns", &ColumnRef::Name(name.clone()), names)?;
        let role = word.meaning().0;
        match roles[index].replace(role) {
            Some(other) if other != role => return Err(Fault::TwoRoles(name.clone())),
            _ => {}
        }
    }
    for role in [Role::Label, Role::Group, Role::Split] {
        let mut same = (0..names.len()).filter(|&index| roles[index] == Some(role));
        if let (Some(first), Some(second)) = (same.next(), same.next()) {
            return Err(Fault::TwoOfARole(role, names[first].clone(), names[second].clone()));
        }
    }
    Ok(roles.into_iter().map(|role| role.unwrap_or(Role::Feature)).collect())
}

/// The columns whose hash decides where a row goes, if the parts are not decided otherwise.
fn keys(columns: &[Column], spec: &DataSpec) -> Result<Vec<usize>, Fault> {
    let of_role = |role| columns.iter().find(|column| column.role == role).map(|column| column.name.clone());
    let (group, split) = (of_role(Role::Group), of_role(Role::Split));
    let is_by_hash = spec.split_by != SplitBy::Rows;
    if let (Some(column), true) =
        (&split, spec.valid > 0.0 || spec.test > 0.0 || group.is_some() || is_by_hash)
    {
        return Err(Fault::SplitTwice(column.clone()));
    }
    if let (Some(column), Some(key)) = (&split, own_part(spec)) {
        return Err(Fault::SplitAndFile { column: column.clone(), key });
    }
    let SplitBy::HashOf(wanted) = &spec.split_by else { return Ok(Vec::new()) };
    if let Some(group) = group {
        return Err(Fault::GroupAndHash(group));
    }
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let keys: Vec<usize> =
        wanted.iter().map(|wanted| find("split_by", wanted, &names)).collect::<Result<_, _>>()?;
    match keys.iter().find(|&&key| columns[key].role == Role::Label) {
        Some(&key) => Err(Fault::KeyIsLabel(names[key].clone())),
        None => Ok(keys),
    }
}

/// The key of a part that has a file of its own.
fn own_part(spec: &DataSpec) -> Option<&'static str> {
    let keys = [("valid_path", &spec.valid_path), ("test_path", &spec.test_path)];
    keys.into_iter().find(|(_, path)| path.is_some()).map(|(key, _)| key)
}

/// Every column that is read has a name of its own.
fn check_names<'n>(columns: impl Iterator<Item = (&'n String, Role)>) -> Result<(), Fault> {
    let mut seen = HashMap::new();
    for (index, (name, role)) in columns.enumerate() {
        if !is_read(role) {
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
