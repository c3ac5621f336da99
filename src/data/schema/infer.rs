//! Infers the kind of the columns that the config does not declare.
//!
//! Missing values aside, a column is
//! - numeric if at least half of its cells are numbers; words in it are errors, and so are other notations
//!   of numbers, such as `3,14` or `12%`;
//! - boolean if its cells are the two words of a pair, such as yes and no;
//! - else categorical, unless it has too many distinct words: such a column looks like an identifier and is
//!   refused.

use crate::data::error::ErrorKind;
use crate::data::error::phrases::ManyTexts;
use crate::data::schema::Schema;
use crate::data::schema::column::{ColumnKind, SchemaColumn};
use crate::data::schema::column_spec::{Constant, MissingPolicy};
use crate::data::schema::layout::OPPOSITES;
use crate::data::schema::survey::{CellType, ColumnStats};
use crate::data::table::matrix::Matrix;
use crate::text::{QuotedCounts, QuotedNames};

/// The largest number of distinct texts of a column that is inferred as categorical.
pub(crate) const MOST_INFERRED: usize = 1000;
/// This many distinct texts are always few enough, and with fewer rows nothing is inferred.
const FEW: usize = 20;

/// Whether a column has words.
pub(crate) fn has_words(stats: &ColumnStats) -> bool {
    stats.count(CellType::Word) > 0
}

/// Decides the kind of every feature, and the categories of the categorical ones.
pub(crate) fn decide(schema: &mut Schema, stats: &[ColumnStats]) -> Result<(), ErrorKind> {
    let mut many = Vec::new();
    for (column, stats) in schema.columns.iter_mut().zip(stats) {
        let Some(feature) = &mut column.feature else { continue };
        let kind = match feature.declared {
            Some(kind) => kind,
            None => match inferred(stats) {
                Some(kind) => kind,
                None if stats.texts.is_empty() || stats.count(CellType::Missing) == cells(stats) => {
                    return Err(ErrorKind::NoValues(column.name.clone()));
                }
                None => {
                    many.push(ManyTexts { column: column.name.clone(), texts: distinct(stats) });
                    continue;
                }
            },
        };
        feature.kind = kind;
        feature.settle_constant(&column.name)?;
        if kind == ColumnKind::Categorical {
            if stats.is_cut {
                return Err(ErrorKind::TooManyCategories(column.name.clone()));
            }
            feature.categories = categories(stats, &feature.missing);
        }
    }
    match many.is_empty() {
        true => Ok(()),
        false => Err(ErrorKind::TellsRowsApart { many, rows: stats.iter().map(cells).max().unwrap_or(0) }),
    }
}

/// The features whose missing values are refused, and how many each has.
pub(crate) fn missing_counts(schema: &Schema, stats: &[ColumnStats]) -> Vec<(String, usize)> {
    let missing = |(column, stats): (&SchemaColumn, &ColumnStats)| {
        let feature = column.feature.as_ref().filter(|feature| feature.missing == MissingPolicy::Refuse)?;
        let of_numbers =
            if feature.kind == ColumnKind::Numeric { stats.count(CellType::MissingNumber) } else { 0 };
        let count = stats.count(CellType::Missing) + of_numbers;
        (count > 0).then(|| (column.name.clone(), count))
    };
    schema.columns.iter().zip(stats).filter_map(missing).collect()
}

/// Names the undeclared columns that number the rows of the file; they say nothing about other rows.
pub(crate) fn note_row_numbers(schema: &Schema, matrix: &Matrix) -> Option<String> {
    if matrix.rows() <= FEW {
        return None;
    }
    let counts = |column: usize| {
        (1..matrix.rows()).all(|row| matrix.value(row, column) == matrix.value(row - 1, column) + 1.0)
    };
    let counting = schema.features().enumerate().filter(|&(index, (_, feature))| {
        feature.declared.is_none() && feature.kind == ColumnKind::Numeric && counts(index)
    });
    let names: Vec<String> = counting.map(|(_, (name, _))| name.clone()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "{} {} the rows; set the type of an identifier to \"id\" in [data.columns]",
            QuotedNames(&names),
            if names.len() == 1 { "numbers" } else { "number" },
        )
    })
}

/// Notes on the inferred kinds.
pub(crate) fn notes(columns: &[SchemaColumn]) -> Vec<String> {
    let inferred = |kind| {
        let is_such = move |column: &&SchemaColumn| {
            column.feature.as_ref().is_some_and(|feature| feature.declared.is_none() && feature.kind == kind)
        };
        columns.iter().filter(is_such)
    };
    let categorical: Vec<(String, usize)> = inferred(ColumnKind::Categorical)
        .filter_map(|column| Some((column.name.clone(), column.feature.as_ref()?.categories.len())))
        .collect();
    let boolean: Vec<String> = inferred(ColumnKind::Boolean).map(|column| column.name.clone()).collect();
    let mut notes = Vec::new();
    if !categorical.is_empty() {
        notes.push(format!("read as categorical (categories): {}", QuotedCounts(&categorical)));
    }
    if !boolean.is_empty() {
        notes.push(format!("read as boolean: {}", QuotedNames(&boolean)));
    }
    notes
}

/// The kind of a column; none if it has no values, or too many distinct texts to be categories.
pub(crate) fn inferred(stats: &ColumnStats) -> Option<ColumnKind> {
    let [numbers, words] = [CellType::Number, CellType::Word].map(|cell_type| stats.count(cell_type));
    let present = cells(stats) - stats.count(CellType::Missing);
    if numbers >= words && numbers > 0 {
        return Some(ColumnKind::Numeric);
    }
    let is_present = |cell_type: CellType| cell_type != CellType::Missing;
    let texts =
        || stats.texts.iter().filter(|(_, (cell_type, _))| is_present(*cell_type)).map(|(text, _)| text);
    let is_pair = |(no, yes): &(&str, &str)| {
        texts().all(|text| text.eq_ignore_ascii_case(no) || text.eq_ignore_ascii_case(yes))
    };
    let distinct = texts().count();
    if stats.is_cut || distinct > MOST_INFERRED || present == 0 || (distinct > FEW && 2 * distinct > present)
    {
        return None;
    }
    Some(if OPPOSITES.iter().any(is_pair) { ColumnKind::Boolean } else { ColumnKind::Categorical })
}

fn cells(stats: &ColumnStats) -> usize {
    [CellType::Missing, CellType::MissingNumber, CellType::Number, CellType::Word]
        .iter()
        .map(|cell_type| stats.count(*cell_type))
        .sum()
}

/// The number of distinct texts, missing ones aside; none if there are more than were kept.
fn distinct(stats: &ColumnStats) -> Option<usize> {
    let present = stats.texts.values().filter(|(cell_type, _)| *cell_type != CellType::Missing).count();
    (!stats.is_cut).then_some(present)
}

/// The distinct texts of a categorical column and the replacement for missing ones, sorted by bytes.
fn categories(stats: &ColumnStats, missing: &MissingPolicy) -> Vec<String> {
    let present = stats.texts.iter().filter(|(_, (cell_type, _))| *cell_type != CellType::Missing);
    let mut categories: Vec<String> = present.map(|(text, _)| text.clone()).collect();
    if let MissingPolicy::Constant(Constant::Text(text)) = missing
        && !categories.contains(text)
    {
        categories.push(text.clone());
    }
    categories.sort_unstable();
    categories
}
