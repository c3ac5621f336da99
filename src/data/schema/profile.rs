//! What is in a file, column by column, for people who decide what to do with it.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::data::Kind;
use crate::data::csv::dialect::{ReadOptions, TextFormat};
use crate::data::csv::file::CsvFile;
use crate::data::csv::missing::Markers;
use crate::data::csv::number::number;
use crate::data::error::{DataError, ErrorKind};
use crate::data::schema::infer::inferred;
use crate::data::schema::survey::{ColumnSurvey, Sort};
use crate::data::spec::DataSpec;
use crate::text::{Count, Quoted};

/// Different values of a column that are counted.
const MOST_COUNTED: usize = 10_000;
/// Rows from which a number for each of them may be the name of the row.
const MANY_ROWS: usize = 20;

/// What is in a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Profile {
    /// The file.
    pub path: PathBuf,
    /// The line of the first record, which is the header if there is one.
    #[serde(skip)]
    pub first_line: u64,
    /// Without header.
    pub rows: usize,
    /// Rows that are the same, cell by cell, as one above them.
    pub repeated_rows: usize,
    /// In the order of the file.
    pub columns: Vec<ColumnProfile>,
}

/// What is in a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnProfile {
    /// As in the header, or `c0`, `c1`, ... where there is none.
    pub name: String,
    /// What it is, or seems to be.
    pub nature: Nature,
    /// Why, in a few words.
    pub reason: String,
    /// Missing values.
    pub missing: usize,
    /// Different values that are not missing; none if there are more than 10,000.
    pub distinct: Option<usize>,
    /// The most frequent value and how often it occurs; none if there are too many different ones.
    pub top: Option<(String, usize)>,
    /// Of the numbers, if there are any.
    pub numbers: Option<NumberRange>,
}

/// What a column is, or seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// A feature of this kind.
    Kind(Kind),
    /// Numbers, and among them words or numbers that cannot be read: it cannot be used as it is.
    Mixed,
    /// A value for each row, which names it.
    Identifier,
    /// Texts so many that they tell rows apart.
    FreeText,
    /// One value in all rows.
    Constant,
    /// Nothing but missing values.
    Empty,
}

/// Where the numbers of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NumberRange {
    /// The smallest.
    pub low: f64,
    /// The mean.
    pub mean: f64,
    /// The largest.
    pub high: f64,
    /// Whether all are whole.
    pub are_whole: bool,
}

impl Profile {
    /// Looks at the training file of `spec`, of which only path and reading format count.
    ///
    /// # Errors
    ///
    /// If the file cannot be read as a table; what is in its cells is no reason.
    pub fn of(spec: &DataSpec) -> Result<Self, DataError> {
        let format = TextFormat::new(spec, ReadOptions::default())
            .map_err(|fault| DataError::new(&spec.path, fault))?;
        let file = CsvFile::open(&spec.path, format, &spec.column_names)?;
        let (names, first_line) = (file.names.clone(), file.first_line);
        let mut seen = HashMap::new();
        for (second, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if let Some(first) = seen.insert(name, second) {
                return Err(file.fail(ErrorKind::ColumnTwice { name: name.clone(), first, second }));
            }
        }
        let markers = Markers::new(spec.missing_markers.as_deref());
        let survey = file.survey(&markers, vec![MOST_COUNTED; names.len()], true)?;
        let rows = survey.rows;
        let mut hashes = survey.hashes;
        hashes.sort_unstable();
        hashes.dedup();
        let columns = names.into_iter().zip(&survey.columns).map(|(name, found)| column(name, found, rows));
        Ok(Self {
            path: spec.path.clone(),
            first_line,
            rows,
            repeated_rows: rows - hashes.len(),
            columns: columns.collect(),
        })
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|column| column.name == name)
    }
}

fn column(name: String, survey: &ColumnSurvey, rows: usize) -> ColumnProfile {
    let is_number = survey.count(Sort::Word) == 0 && survey.count(Sort::Number) > 0;
    let is_missing = |sort: Sort| sort == Sort::Missing || (is_number && sort == Sort::MissingNumber);
    let present = survey.texts.iter().filter(|(_, (sort, _))| !is_missing(*sort));
    let distinct = (!survey.is_cut).then(|| present.clone().count());
    // The first in the order of their bytes among those that are as frequent.
    let top = present.max_by_key(|(text, (_, count))| (*count, std::cmp::Reverse(*text)));
    let top = top.filter(|_| !survey.is_cut).map(|(text, (_, count))| (text.clone(), *count));
    let numbers = survey.number_range();
    let mut missing = survey.count(Sort::Missing);
    if is_number {
        missing += survey.count(Sort::MissingNumber);
    }
    let mut column =
        ColumnProfile { name, nature: Nature::Empty, reason: String::new(), missing, distinct, top, numbers };
    (column.nature, column.reason) = nature(&column, survey, rows);
    column
}

/// What a column is, and why.
fn nature(column: &ColumnProfile, survey: &ColumnSurvey, rows: usize) -> (Nature, String) {
    let [numbers, words] = [Sort::Number, Sort::Word].map(|sort| survey.count(sort));
    let different = match column.distinct {
        Some(distinct) => distinct.to_string(),
        None => format!("over {MOST_COUNTED}"),
    };
    let may_name = rows > MANY_ROWS && column.missing == 0;
    let is_of_each = may_name && column.distinct == Some(rows);
    if numbers + words + survey.count(Sort::MissingNumber) == 0 {
        return (Nature::Empty, "no values".to_owned());
    }
    if let (Some(1), Some((value, _)), 0) = (column.distinct, &column.top, column.missing) {
        return (Nature::Constant, format!("always {}", Quoted(value)));
    }
    if may_name
        && words == 0
        && column.distinct.is_none_or(|distinct| distinct == rows)
        && counts_rows(column, rows)
    {
        return (Nature::Identifier, "whole numbers, one after the other".to_owned());
    }
    match inferred(survey) {
        Some(Kind::Numeric) if words > 0 => (
            Nature::Mixed,
            format!(
                "numbers, but in {} words, such as {}",
                Count(words, "cell"),
                Quoted(&first_word(survey))
            ),
        ),
        Some(Kind::Numeric) if survey.count_unreadable() > 0 => (
            Nature::Mixed,
            format!(
                "numbers, but {} cannot be read as such{}",
                Count(survey.count_unreadable(), "cell"),
                survey.first_unreadable().map(|text| format!(": {}", Quoted(text))).unwrap_or_default()
            ),
        ),
        Some(Kind::Numeric) => {
            let are_whole = column.numbers.is_some_and(|range| range.are_whole);
            let numbers = if are_whole { "whole numbers" } else { "numbers" };
            (Nature::Kind(Kind::Numeric), numbers.to_owned())
        }
        Some(Kind::Boolean) => (Nature::Kind(Kind::Boolean), "two opposite words".to_owned()),
        Some(Kind::Categorical) => (Nature::Kind(Kind::Categorical), format!("{different} different texts")),
        None if is_of_each => (Nature::Identifier, "a text of its own in each row".to_owned()),
        None => (Nature::FreeText, format!("{different} different texts in {rows} rows")),
    }
}

/// Whether the numbers are those of the rows, from 0 or 1 or elsewhere on.
fn counts_rows(column: &ColumnProfile, rows: usize) -> bool {
    column
        .numbers
        .is_some_and(|NumberRange { low, high, are_whole, .. }| are_whole && high - low == (rows - 1) as f64)
}

fn first_word(survey: &ColumnSurvey) -> String {
    let words = survey.texts.iter().filter(|(_, (sort, _))| *sort == Sort::Word);
    words.map(|(text, _)| text.as_str()).min().unwrap_or_default().to_owned()
}

impl ColumnSurvey {
    /// Cells that are meant as numbers, but in a notation that is not read.
    fn count_unreadable(&self) -> usize {
        let is_unreadable =
            |(text, (sort, _)): &(&String, &(Sort, usize))| *sort == Sort::Number && number(text).is_none();
        self.texts.iter().filter(is_unreadable).map(|(_, (_, count))| count).sum::<usize>()
            + self.beyond.unreadable
    }

    /// One of them, as far as their texts were kept.
    fn first_unreadable(&self) -> Option<&str> {
        let unreadable =
            self.texts.iter().filter(|(text, (sort, _))| *sort == Sort::Number && number(text).is_none());
        unreadable.map(|(text, _)| text.as_str()).min()
    }

    /// Where the numbers are, if there are any.
    fn number_range(&self) -> Option<NumberRange> {
        let mut kept: Vec<(f64, usize)> = self
            .texts
            .iter()
            .filter(|(_, (sort, _))| *sort == Sort::Number)
            .filter_map(|(text, (_, count))| Some((number(text)?, *count)))
            .collect();
        // Of a map, in an order that is always the same.
        kept.sort_unstable_by(|(left, _), (right, _)| left.total_cmp(right));
        let mut sum = self.beyond.clone();
        kept.into_iter().for_each(|(value, count)| sum.add(value, count));
        (sum.count > 0).then(|| NumberRange {
            low: sum.low,
            mean: sum.sum / sum.count as f64,
            high: sum.high,
            are_whole: sum.are_whole,
        })
    }
}
