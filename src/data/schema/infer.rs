//! Which kinds the columns of a file are, where the config does not say it.
//!
//! A missing value says nothing about its column. All else are
//! - numbers only, or as many numbers as words or more: a numeric column, in which the words are
//!   faults (so is what is meant as a number, such as `3,14` or `12%`);
//! - the two words of a pair, such as yes and no: a boolean column;
//! - other words: a categorical column, unless there are so many different ones that they tell
//!   rows apart rather than group them. Such a column is refused.

use crate::data::error::ErrorKind;
use crate::data::error::phrases::ManyTexts;
use crate::data::schema::column::{Constant, Kind, Missing};
use crate::data::schema::layout::OPPOSITES;
use crate::data::schema::survey::{ColumnSurvey, Sort};
use crate::data::schema::{Column, Schema};
use crate::data::table::matrix::Matrix;
use crate::text::{QuotedCounts, QuotedNames};

/// More different texts than a column has that was not declared as categorical.
pub(crate) const MOST_INFERRED: usize = 1000;
/// Different texts that are never too many, and rows that are too few to tell.
const FEW: usize = 20;

/// Whether a column that nobody declared has words in it.
pub(crate) fn holds_words(survey: &ColumnSurvey) -> bool {
    survey.count(Sort::Word) > 0
}

/// Decides the kind of every feature, and the categories of the categorical ones; `surveys` are
/// those of all columns.
pub(crate) fn decide(schema: &mut Schema, surveys: &[ColumnSurvey]) -> Result<(), ErrorKind> {
    let mut many = Vec::new();
    for (column, survey) in schema.columns.iter_mut().zip(surveys) {
        let Some(feature) = &mut column.feature else { continue };
        let kind = match feature.declared {
            Some(kind) => kind,
            None => match inferred(survey) {
                Some(kind) => kind,
                None if survey.texts.is_empty() || survey.count(Sort::Missing) == cells(survey) => {
                    return Err(ErrorKind::NoValues(column.name.clone()));
                }
                None => {
                    many.push(ManyTexts { column: column.name.clone(), texts: distinct(survey) });
                    continue;
                }
            },
        };
        feature.kind = kind;
        feature.settle_constant(&column.name)?;
        if kind == Kind::Categorical {
            if survey.is_cut {
                return Err(ErrorKind::TooManyCategories(column.name.clone()));
            }
            feature.categories = categories(survey, &feature.missing);
        }
    }
    match many.is_empty() {
        true => Ok(()),
        false => Err(ErrorKind::TellsRowsApart { many, rows: surveys.iter().map(cells).max().unwrap_or(0) }),
    }
}

/// The features with missing values that nothing is done about, and how many each has.
pub(crate) fn missing_counts(schema: &Schema, surveys: &[ColumnSurvey]) -> Vec<(String, usize)> {
    let missing = |(column, survey): (&Column, &ColumnSurvey)| {
        let feature = column.feature.as_ref().filter(|feature| feature.missing == Missing::Refuse)?;
        let of_numbers = if feature.kind == Kind::Numeric { survey.count(Sort::MissingNumber) } else { 0 };
        let count = survey.count(Sort::Missing) + of_numbers;
        (count > 0).then(|| (column.name.clone(), count))
    };
    schema.columns.iter().zip(surveys).filter_map(missing).collect()
}

/// Names the columns of numbers that nobody declared and that count the rows of a file: what they
/// number is in the order of the file, and teaches nothing about other rows.
pub(crate) fn note_counting(schema: &Schema, matrix: &Matrix) -> Option<String> {
    if matrix.rows() <= FEW {
        return None;
    }
    let counts = |column: usize| {
        (1..matrix.rows()).all(|row| matrix.value(row, column) == matrix.value(row - 1, column) + 1.0)
    };
    let counting = schema.features().enumerate().filter(|&(index, (_, feature))| {
        feature.declared.is_none() && feature.kind == Kind::Numeric && counts(index)
    });
    let names: Vec<String> = counting.map(|(_, (name, _))| name.clone()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "{} {} row after row; what is no quantity can be \"id\" in [data.columns]",
            QuotedNames(&names),
            if names.len() == 1 { "counts" } else { "count" },
        )
    })
}

/// What is worth telling about the columns that nobody declared.
pub(crate) fn notes(columns: &[Column]) -> Vec<String> {
    let inferred = |kind| {
        let is_such = move |column: &&Column| {
            column.feature.as_ref().is_some_and(|feature| feature.declared.is_none() && feature.kind == kind)
        };
        columns.iter().filter(is_such)
    };
    let categorical: Vec<(String, usize)> = inferred(Kind::Categorical)
        .filter_map(|column| Some((column.name.clone(), column.feature.as_ref()?.categories.len())))
        .collect();
    let boolean: Vec<String> = inferred(Kind::Boolean).map(|column| column.name.clone()).collect();
    let mut notes = Vec::new();
    if !categorical.is_empty() {
        notes.push(format!(
            "text columns are read as categorical (categories): {}",
            QuotedCounts(&categorical)
        ));
    }
    if !boolean.is_empty() {
        notes.push(format!(
            "columns of yes and no, or the like, are read as boolean: {}",
            QuotedNames(&boolean)
        ));
    }
    notes
}

/// The kind of a column; none if it has no values, or so many different texts that they tell rows
/// apart.
pub(crate) fn inferred(survey: &ColumnSurvey) -> Option<Kind> {
    let [numbers, words] = [Sort::Number, Sort::Word].map(|sort| survey.count(sort));
    let present = cells(survey) - survey.count(Sort::Missing);
    if numbers >= words && numbers > 0 {
        return Some(Kind::Numeric);
    }
    let is_present = |sort: Sort| sort != Sort::Missing;
    let texts = || survey.texts.iter().filter(|(_, (sort, _))| is_present(*sort)).map(|(text, _)| text);
    let is_pair = |(no, yes): &(&str, &str)| {
        texts().all(|text| text.eq_ignore_ascii_case(no) || text.eq_ignore_ascii_case(yes))
    };
    let different = texts().count();
    if survey.is_cut
        || different > MOST_INFERRED
        || present == 0
        || (different > FEW && 2 * different > present)
    {
        return None;
    }
    Some(if OPPOSITES.iter().any(is_pair) { Kind::Boolean } else { Kind::Categorical })
}

fn cells(survey: &ColumnSurvey) -> usize {
    [Sort::Missing, Sort::MissingNumber, Sort::Number, Sort::Word]
        .iter()
        .map(|sort| survey.count(*sort))
        .sum()
}

/// Different texts that are not missing; none if there are more than were kept.
fn distinct(survey: &ColumnSurvey) -> Option<usize> {
    let present = survey.texts.values().filter(|(sort, _)| *sort != Sort::Missing).count();
    (!survey.is_cut).then_some(present)
}

/// The texts of a categorical column in the order of their bytes, and that for missing ones.
fn categories(survey: &ColumnSurvey, missing: &Missing) -> Vec<String> {
    let present = survey.texts.iter().filter(|(_, (sort, _))| *sort != Sort::Missing);
    let mut categories: Vec<String> = present.map(|(text, _)| text.clone()).collect();
    if let Missing::Constant(Constant::Text(text)) = missing
        && !categories.contains(text)
    {
        categories.push(text.clone());
    }
    categories.sort_unstable();
    categories
}
