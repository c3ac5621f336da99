//! Maps the columns of a new file to those of the training file.

use std::collections::HashMap;

use crate::data::Role;
use crate::data::csv::missing::Markers;
use crate::data::error::ErrorKind;
use crate::data::schema::layout::{CellRule, OnMissing, RowLayout, Vocabulary};
use crate::data::transform::encoding::{EncodedColumn, Encoding, FeatureEncoding, ValueEncoding};
use crate::text::similar_names;

/// What each column of a file is, according to an encoding.
#[derive(Debug)]
pub(crate) struct ColumnMapping {
    pub(crate) layout: RowLayout,
    /// The names of all columns; those of the training file if there is no header.
    pub(crate) names: Vec<String>,
    /// The column of each feature.
    pub(crate) features: Vec<usize>,
    /// For each categorical feature, its index among the features and its number of categories.
    pub(crate) categories: Vec<(usize, u32)>,
    /// The columns whose cells are passed on verbatim.
    pub(crate) cells: Vec<usize>,
    /// The columns that the training file does not have.
    pub(crate) unknown: Vec<usize>,
    /// The number of the missing markers of each column.
    pub(crate) markers: Vec<u32>,
}

impl ColumnMapping {
    /// Finds the columns of `encoding` among `names`; cells of columns with one of `roles` are passed on
    /// verbatim.
    pub(crate) fn new(encoding: &Encoding, names: &[String], roles: &[Role]) -> Result<Self, ErrorKind> {
        let sources = if encoding.reading.header {
            by_name(encoding, names, roles)?
        } else {
            by_position(&encoding.columns, names.len())?
        };
        let own = encoding.columns.iter().map(|column| column.missing_markers.as_ref());
        let (markers, numbers) = Markers::of_columns(encoding.reading.cells(), own);
        let mut mapping = Self {
            layout: RowLayout {
                cells: vec![CellRule::Skip; names.len()],
                values: encoding.features().count(),
                features: encoding.features().count(),
                weight: None,
                texts: 0,
                markers,
            },
            names: names.to_vec(),
            features: vec![0; encoding.features().count()],
            categories: categories(encoding),
            cells: Vec::new(),
            unknown: Vec::new(),
            markers: vec![0; names.len()],
        };
        let features = feature_numbers(&encoding.columns);
        for (column, source) in sources.into_iter().enumerate() {
            let Some(source) = source else {
                mapping.unknown.push(column);
                continue;
            };
            mapping.markers[column] = numbers[source];
            mapping.add(column, &encoding.columns[source], features[source], roles);
        }
        Ok(mapping)
    }

    fn add(&mut self, column: usize, source: &EncodedColumn, feature: Option<usize>, roles: &[Role]) {
        self.names[column].clone_from(&source.name);
        match (feature, &source.feature) {
            (Some(index), Some(encoding)) => {
                self.features[index] = column;
                self.layout.cells[column] = rule(encoding, index, self.markers[column]);
            }
            _ if roles.contains(&source.role) => {
                self.layout.cells[column] = CellRule::Verbatim { text: self.layout.texts };
                self.layout.texts += 1;
                self.cells.push(column);
            }
            _ => {}
        }
    }
}

/// For each column of the training file, its index among the features.
fn feature_numbers(columns: &[EncodedColumn]) -> Vec<Option<usize>> {
    let mut features = 0..;
    columns.iter().map(|column| column.feature.as_ref().and_then(|_| features.next())).collect()
}

/// For each column of a file, the column of the training file with its name; a column that is read must
/// not occur twice.
fn by_name(encoding: &Encoding, names: &[String], roles: &[Role]) -> Result<Vec<Option<usize>>, ErrorKind> {
    let columns = encoding.columns.as_slice();
    let is_read = |column: &EncodedColumn| column.feature.is_some() || roles.contains(&column.role);
    // Of several columns of one name, the one that is read counts.
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
            let unknown = unknown.map(|(name, _)| name.as_str());
            let skipped = encoding.reading.skip_rows.unwrap_or(0);
            Err(missing_columns("the model", missing, unknown, names, skipped))
        }
    }
}

/// The error that columns which `needed_by` needs are `missing` among those `found`, of which some are `unknown`;
/// `skipped` lines above their names were skipped as in the training file.
pub(crate) fn missing_columns<'n>(
    needed_by: &'static str,
    missing: Vec<String>,
    unknown: impl Iterator<Item = &'n str>,
    found: &[String],
    skipped: usize,
) -> ErrorKind {
    let unknown: Vec<&str> = unknown.collect();
    let mut near: Vec<String> = Vec::new();
    for name in missing.iter().flat_map(|name| similar_names(name, unknown.iter().copied())) {
        if !near.iter().any(|other| other == name) {
            near.push(name.to_owned());
        }
    }
    ErrorKind::MissingColumns { needed_by, missing, near, found: found.to_vec(), skipped }
}

/// For each column of a file without header, the column of the training file at its position; labels and
/// targets may be left out.
fn by_position(columns: &[EncodedColumn], found: usize) -> Result<Vec<Option<usize>>, ErrorKind> {
    let without_targets =
        || (0..columns.len()).filter(|&index| !matches!(columns[index].role, Role::Label | Role::Target));
    let (with, without) = (columns.len(), without_targets().count());
    match found {
        _ if found == with => Ok((0..with).map(Some).collect()),
        _ if found == without => Ok(without_targets().map(Some).collect()),
        _ => Err(ErrorKind::OtherWidth { expected: with, found }),
    }
}

/// How the cells of a feature are read, to this value of the row.
fn rule(feature: &FeatureEncoding, value: usize, markers: u32) -> CellRule {
    let missing = if feature.takes_missing() { OnMissing::Keep } else { OnMissing::Refuse };
    let words = match &feature.values {
        ValueEncoding::Numeric { .. } => {
            return CellRule::Number { value, missing, markers, refuses_codes: false };
        }
        ValueEncoding::Boolean { .. } => Vocabulary::Boolean,
        ValueEncoding::Date { format, .. } => Vocabulary::Dates(format.clone()),
        ValueEncoding::Categorical { categories, rare, .. } => {
            Vocabulary::categories(categories.iter().chain(rare))
        }
    };
    CellRule::Category { value, missing, markers, words: Box::new(words) }
}

fn categories(encoding: &Encoding) -> Vec<(usize, u32)> {
    let count = |(number, (_, feature)): (usize, (&str, &FeatureEncoding))| match &feature.values {
        ValueEncoding::Categorical { categories, rare, .. } => {
            Some((number, (categories.len() + rare.len()) as u32))
        }
        ValueEncoding::Numeric { .. } | ValueEncoding::Boolean { .. } | ValueEncoding::Date { .. } => None,
    };
    encoding.features().enumerate().filter_map(count).collect()
}
