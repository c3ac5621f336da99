//! Infers the kind of the columns that the config does not declare.
//!
//! Missing values aside, a column is
//! - numeric if at least half of its cells are numbers; words in it are errors, and so are other notations
//!   of numbers, such as `3,14` or `12%`. Digits of which some start with a 0 (`02139`) are codes, and so are
//!   numbers that are all written like `3E9`;
//! - boolean if its cells are the two words of a pair, such as yes and no, or ja and nein;
//! - else, or if the numbers are codes, categorical, unless it has too many distinct words: such a column looks like an identifier and is
//!   refused.

use std::collections::HashSet;

use crate::data::csv::number::{is_in_single_quotes, quantity};
use crate::data::dates::date_guess::date_formats;
use crate::data::error::ErrorKind;
use crate::data::error::phrases::{ManyTexts, date_entries, undecided};
use crate::data::schema::Schema;
use crate::data::schema::column::{ColumnKind, SchemaColumn};
use crate::data::schema::column_spec::{Constant, MissingPolicy};
use crate::data::schema::look_alikes::look_alikes_note;
use crate::data::schema::opposites::are_opposites;
use crate::data::schema::survey::{CellType, ColumnStats};
use crate::data::table::matrix::Matrix;
use crate::text::{Count, Quoted, QuotedCounts, QuotedNames};

/// The largest number of distinct texts of a column that is inferred as categorical.
pub(crate) const MOST_INFERRED: usize = 1000;
/// This many distinct texts are always few enough, and with fewer rows nothing is inferred.
const FEW: usize = 20;

/// Whether a column has words, or what may be codes.
pub(crate) fn has_words(stats: &ColumnStats) -> bool {
    [CellType::Word, CellType::Padded, CellType::Exponent].iter().any(|&found| stats.count(found) > 0)
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
                None if stats.texts.is_empty() || stats.count(CellType::Missing) == stats.cells() => {
                    return Err(ErrorKind::NoValues(column.name.clone()));
                }
                None if are_quoted(stats) => return Err(ErrorKind::QuotedCells(column.name.clone())),
                None => {
                    many.push(ManyTexts {
                        column: column.name.clone(),
                        texts: distinct(stats),
                        are_codes: stats.are_codes(),
                        dates: date_formats(stats),
                    });
                    continue;
                }
            },
        };
        if feature.declared.is_none() && kind == ColumnKind::Categorical && are_quoted(stats) {
            return Err(ErrorKind::QuotedCells(column.name.clone()));
        }
        feature.kind = kind;
        feature.settle(&column.name)?;
        if kind == ColumnKind::Categorical {
            if stats.is_cut {
                return Err(ErrorKind::TooManyCategories(column.name.clone()));
            }
            feature.categories = categories(stats, &feature.missing);
        }
    }
    match many.is_empty() {
        true => Ok(()),
        false => Err(ErrorKind::TellsRowsApart {
            many,
            rows: stats.iter().map(ColumnStats::cells).max().unwrap_or(0),
        }),
    }
}

/// The features whose missing values are refused, and how many each has.
pub(crate) fn missing_counts(schema: &Schema, stats: &[ColumnStats]) -> Vec<(String, usize)> {
    let missing = |(column, stats): (&SchemaColumn, &ColumnStats)| {
        let feature = column.feature.as_ref().filter(|feature| feature.missing == MissingPolicy::Refuse)?;
        let is_number = matches!(feature.kind, ColumnKind::Numeric | ColumnKind::Date);
        let of_numbers = if is_number { stats.count(CellType::MissingNumber) } else { 0 };
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

/// Notes on the inferred kinds, and on texts that are one category.
pub(crate) fn notes(columns: &[SchemaColumn], stats: &[ColumnStats]) -> Vec<String> {
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
    for (column, stats) in columns.iter().zip(stats) {
        let Some(feature) = &column.feature else { continue };
        if feature.declared.is_none() {
            notes.extend(against_the_look(&column.name, feature.kind, stats));
        }
        if feature.kind == ColumnKind::Categorical {
            notes.extend(merged_note(&column.name, &feature.categories, stats));
            let of = format!("categories of {}", Quoted(&column.name));
            let advice = "if they mean the same, make them equal in the file";
            notes.extend(look_alikes_note(&of, &feature.categories, advice));
        }
    }
    notes
}

/// What was decided against what the cells of an undeclared column look like.
fn against_the_look(name: &str, kind: ColumnKind, stats: &ColumnStats) -> Option<String> {
    let name = Quoted(name);
    let first = |cell_type| stats.texts_of(cell_type).into_iter().map(|(text, _)| text).min();
    let code = first(CellType::Padded).map(|code| (code, "the 0 at its start"));
    let code = code.or_else(|| first(CellType::Exponent).map(|code| (code, "its E")));
    let numbers = stats.numbers();
    let dates = if kind == ColumnKind::Categorical { date_formats(stats) } else { Vec::new() };
    if !dates.is_empty() {
        return Some(format!(
            "{name} is read as categories, although all are dates; write {} for it in [data.columns]{}, if they are",
            date_entries(&dates),
            undecided(&dates)
        ));
    }
    match (kind, code) {
        (ColumnKind::Categorical, Some((code, mark))) if stats.are_codes() => Some(format!(
            "{name} is read as codes, not as numbers, such as {} for {mark}; set its type to \"numeric\" in \
             [data.columns] if they are quantities",
            Quoted(&code)
        )),
        (ColumnKind::Numeric, Some((code, _))) => Some(format!(
            "{name} is read as numbers, although some look like codes, such as {}; set its type to \
             \"categorical\" in [data.columns] if they are",
            Quoted(&code)
        )),
        (ColumnKind::Categorical, _) if numbers > 0 => Some(format!(
            "{name} is read as categories, although {numbers} of {} are numbers; set its type to \"numeric\" in \
             [data.columns], with missing_markers for the words, if it is one",
            Count(stats.cells(), "cell")
        )),
        _ => None,
    }
}

/// Names the texts that are one category, since they are the same number.
fn merged_note(name: &str, categories: &[String], stats: &ColumnStats) -> Option<String> {
    let known = |text: &&String| categories.binary_search(text).is_err();
    let other = stats.texts.iter().filter(|(_, (cell_type, _))| *cell_type != CellType::Missing);
    let mut merged: Vec<&String> = other.map(|(text, _)| text).filter(known).collect();
    merged.sort_unstable();
    let first = merged.first()?;
    let same = categories.iter().find(|category| quantity(category) == quantity(first))?;
    Some(format!(
        "{} of {} the same number as another category, such as {} and {}, and read as that one",
        match merged.len() {
            1 => "1 category".to_owned(),
            count => format!("{count} categories"),
        },
        format_args!("{} {}", Quoted(name), if merged.len() == 1 { "is" } else { "are" }),
        Quoted(first),
        Quoted(same)
    ))
}

/// Whether all values are in single quotes.
fn are_quoted(stats: &ColumnStats) -> bool {
    let present = stats.texts.iter().filter(|(_, (cell_type, _))| *cell_type != CellType::Missing);
    let mut present = present.map(|(text, _)| text).peekable();
    present.peek().is_some() && present.all(|text| is_in_single_quotes(text))
}

/// The kind of a column; none if it has no values, or too many distinct texts to be categories.
pub(crate) fn inferred(stats: &ColumnStats) -> Option<ColumnKind> {
    let (numbers, words) = (stats.numbers(), stats.count(CellType::Word));
    let present = stats.cells() - stats.count(CellType::Missing);
    if numbers >= words && numbers > 0 && !stats.are_codes() {
        return Some(ColumnKind::Numeric);
    }
    let is_present = |cell_type: CellType| cell_type != CellType::Missing;
    let texts =
        || stats.texts.iter().filter(|(_, (cell_type, _))| is_present(*cell_type)).map(|(text, _)| text);
    let distinct = texts().count();
    if stats.is_cut || distinct > MOST_INFERRED || present == 0 || (distinct > FEW && 2 * distinct > present)
    {
        return None;
    }
    Some(if are_opposites(texts().map(String::as_str)) {
        ColumnKind::Boolean
    } else {
        ColumnKind::Categorical
    })
}

/// The number of distinct texts, missing ones aside; none if there are more than were kept.
fn distinct(stats: &ColumnStats) -> Option<usize> {
    let present = stats.texts.values().filter(|(cell_type, _)| *cell_type != CellType::Missing).count();
    (!stats.is_cut).then_some(present)
}

/// The distinct texts of a categorical column and the replacement for missing ones, sorted by bytes. Of those
/// that are the same number, the shortest.
fn categories(stats: &ColumnStats, missing: &MissingPolicy) -> Vec<String> {
    let present = stats.texts.iter().filter(|(_, (cell_type, _))| *cell_type != CellType::Missing);
    let mut categories: Vec<String> = present.map(|(text, _)| text.clone()).collect();
    categories.sort_unstable_by(|left, right| left.len().cmp(&right.len()).then_with(|| left.cmp(right)));
    let mut seen = HashSet::new();
    categories.retain(|text| quantity(text).is_none_or(|value| seen.insert(value.to_bits())));
    if let MissingPolicy::Constant(Constant::Text(text)) = missing
        && !categories.contains(text)
    {
        categories.push(text.clone());
    }
    categories.sort_unstable();
    categories
}
