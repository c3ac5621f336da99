//! Which column of another file is which of the training file.

use std::collections::HashMap;

use crate::data::Role;
use crate::data::csv::missing::Markers;
use crate::data::error::ErrorKind;
use crate::data::schema::layout::{Gap, Layout, Take, Value, Words};
use crate::data::transform::encoding::{EncodedColumn, Encoding, FeatureEncoding, ValueEncoding};
use crate::text::similar_names;

/// The columns of a file, as far as an encoding knows them.
#[derive(Debug)]
pub(crate) struct Matching {
    pub(crate) layout: Layout,
    /// Their names, by those of the training file where there is no header.
    pub(crate) names: Vec<String>,
    /// The column of each feature.
    pub(crate) features: Vec<usize>,
    /// For each categorical feature its place among all, and how many categories it has.
    pub(crate) categories: Vec<(usize, u32)>,
    /// The columns whose cells are taken as they stand.
    pub(crate) cells: Vec<usize>,
    /// The columns that the training file did not have.
    pub(crate) unknown: Vec<usize>,
}

impl Matching {
    /// Finds the columns of `encoding` among `names`; cells of those with one of `roles` are taken
    /// as they stand.
    pub(crate) fn new(encoding: &Encoding, names: &[String], roles: &[Role]) -> Result<Self, ErrorKind> {
        let sources = if encoding.reading.header {
            by_name(&encoding.columns, names, roles)?
        } else {
            by_place(&encoding.columns, names.len())?
        };
        let mut matching = Self {
            layout: Layout {
                takes: vec![Take::Nothing; names.len()],
                values: encoding.features().map(|(_, feature)| value(feature)).collect(),
                features: encoding.features().count(),
                weight: None,
                texts: Vec::new(),
                markers: Markers::new(encoding.reading.missing_markers.as_deref()),
            },
            names: names.to_vec(),
            features: vec![0; encoding.features().count()],
            categories: categories(encoding),
            cells: Vec::new(),
            unknown: Vec::new(),
        };
        let features = feature_numbers(&encoding.columns);
        for (column, source) in sources.into_iter().enumerate() {
            let Some(source) = source else {
                matching.unknown.push(column);
                continue;
            };
            matching.add(column, &encoding.columns[source], features[source], roles);
        }
        Ok(matching)
    }

    fn add(&mut self, column: usize, source: &EncodedColumn, feature: Option<usize>, roles: &[Role]) {
        self.names[column].clone_from(&source.name);
        match (feature, &source.feature) {
            (Some(number), Some(encoding)) => {
                self.features[number] = column;
                self.layout.takes[column] = match encoding.values {
                    ValueEncoding::Numeric { .. } => Take::Number(number),
                    ValueEncoding::Boolean { .. } | ValueEncoding::Categorical { .. } => Take::Word(number),
                };
            }
            _ if roles.contains(&source.role) => {
                self.layout.takes[column] = Take::Raw(self.layout.texts.len());
                self.layout.texts.push(Gap::Kept);
                self.cells.push(column);
            }
            _ => {}
        }
    }
}

/// For each column of the training file its number among the features.
fn feature_numbers(columns: &[EncodedColumn]) -> Vec<Option<usize>> {
    let mut features = 0..;
    columns.iter().map(|column| column.feature.as_ref().and_then(|_| features.next())).collect()
}

/// For each column of a file the one of the training file that has its name, which must be one at
/// most where something is taken from it.
fn by_name(
    columns: &[EncodedColumn],
    names: &[String],
    roles: &[Role],
) -> Result<Vec<Option<usize>>, ErrorKind> {
    let is_read = |column: &EncodedColumn| column.feature.is_some() || roles.contains(&column.role);
    // A column that is read goes before one of the same name that is not.
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (index, column) in columns.iter().enumerate() {
        let place = known.entry(&column.name).or_insert(index);
        if is_read(column) {
            *place = index;
        }
    }
    let sources: Vec<Option<usize>> = names.iter().map(|name| known.get(name.as_str()).copied()).collect();
    let mut first_of: HashMap<usize, usize> = HashMap::new();
    for (second, source) in sources.iter().enumerate() {
        let Some(source) = source.filter(|&source| is_read(&columns[source])) else { continue };
        if let Some(first) = first_of.insert(source, second) {
            return Err(ErrorKind::ColumnTwice { name: columns[source].name.clone(), first, second });
        }
    }
    let is_missing =
        |(index, column): &(usize, &EncodedColumn)| column.feature.is_some() && !first_of.contains_key(index);
    let missing = columns.iter().enumerate().filter(is_missing);
    let missing: Vec<String> = missing.map(|(_, column)| column.name.clone()).collect();
    match missing.is_empty() {
        true => Ok(sources),
        false => {
            let unknown = names.iter().zip(&sources).filter(|(_, source)| source.is_none());
            Err(missing_columns(missing, unknown.map(|(name, _)| name.as_str()), names))
        }
    }
}

/// That columns of a model are `missing` among those `found`, of which it does not know some.
pub(crate) fn missing_columns<'n>(
    missing: Vec<String>,
    unknown: impl Iterator<Item = &'n str>,
    found: &[String],
) -> ErrorKind {
    let unknown: Vec<&str> = unknown.collect();
    let mut near: Vec<String> = Vec::new();
    for name in missing.iter().flat_map(|name| similar_names(name, unknown.iter().copied())) {
        if !near.iter().any(|other| other == name) {
            near.push(name.to_owned());
        }
    }
    ErrorKind::MissingColumns { missing, near, found: found.to_vec() }
}

/// For each column of a file without header the one of the training file in its place; the answer may
/// be left out.
fn by_place(columns: &[EncodedColumn], found: usize) -> Result<Vec<Option<usize>>, ErrorKind> {
    let without_answer =
        || (0..columns.len()).filter(|&index| !matches!(columns[index].role, Role::Label | Role::Target));
    let (with, without) = (columns.len(), without_answer().count());
    match found {
        _ if found == with => Ok((0..with).map(Some).collect()),
        _ if found == without => Ok(without_answer().map(Some).collect()),
        _ => Err(ErrorKind::OtherWidth { expected: with, found }),
    }
}

/// How a feature is read.
fn value(feature: &FeatureEncoding) -> Value {
    let words = match &feature.values {
        ValueEncoding::Boolean { .. } => Words::Boolean,
        ValueEncoding::Numeric { .. } => Words::default(),
        ValueEncoding::Categorical { categories, rare, .. } => {
            Words::categories(categories.iter().chain(rare))
        }
    };
    Value { gap: if feature.takes_missing() { Gap::Kept } else { Gap::Refuse }, words }
}

fn categories(encoding: &Encoding) -> Vec<(usize, u32)> {
    let count = |(number, (_, feature)): (usize, (&str, &FeatureEncoding))| match &feature.values {
        ValueEncoding::Categorical { categories, rare, .. } => {
            Some((number, (categories.len() + rare.len()) as u32))
        }
        ValueEncoding::Numeric { .. } | ValueEncoding::Boolean { .. } => None,
    };
    encoding.features().enumerate().filter_map(count).collect()
}
