//! A summary of each column of a file, for `inspect` and `init`.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::data::ColumnKind;
use crate::data::csv::dialect::{CsvFormat, ReadOptions};
use crate::data::csv::file::CsvFile;
use crate::data::csv::missing::Markers;
use crate::data::csv::number::number;
use crate::data::error::{DataError, ErrorKind};
use crate::data::schema::infer::inferred;
use crate::data::schema::survey::{CellType, ColumnStats, SurveyedRows};
use crate::data::spec::DataSpec;
use crate::text::{Count, Quoted};

/// The limit on the distinct values of a column that are counted.
const MOST_COUNTED: usize = 10_000;
/// With more rows, a distinct number in each row may identify it.
const MANY_ROWS: usize = 20;

/// A summary of a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Profile {
    /// The file.
    pub path: PathBuf,
    /// The line of the first record, header included.
    #[serde(skip)]
    pub first_line: u64,
    /// The number of rows, without the header.
    pub rows: usize,
    /// The number of rows that equal an earlier one, cell by cell.
    pub repeated_rows: usize,
    /// The columns, in the order of the file.
    pub columns: Vec<ColumnProfile>,
}

/// A summary of a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnProfile {
    /// As in the header, or `c0`, `c1`, ... where there is none.
    pub name: String,
    /// What the column contains.
    pub nature: Nature,
    /// The reason for `nature`, in a few words.
    pub reason: String,
    /// The number of missing values.
    pub missing: usize,
    /// The number of distinct values, missing ones aside; none if there are more than 10,000.
    pub distinct: Option<usize>,
    /// The most frequent value and its count; none if there are more than 10,000 distinct ones.
    pub top: Option<(String, usize)>,
    /// The range of the numbers, if there are any.
    pub numbers: Option<NumberRange>,
}

/// What a column contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// A feature of this kind.
    Kind(ColumnKind),
    /// Numbers, but some cells are words or cannot be parsed: it cannot be used as it is.
    Mixed,
    /// A distinct value for each row, which identifies it.
    Identifier,
    /// Too many distinct texts to be categories.
    FreeText,
    /// The same value in all rows.
    Constant,
    /// Only missing values.
    Empty,
}

/// The range of the numbers of a column.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NumberRange {
    /// The smallest.
    pub low: f64,
    /// The mean.
    pub mean: f64,
    /// The largest.
    pub high: f64,
    /// Whether all are whole numbers.
    pub are_whole: bool,
}

impl Profile {
    /// Summarises the training file of `spec`, of which only the path and the format are used.
    ///
    /// # Errors
    ///
    /// If the file cannot be read as a table; its cells may hold anything.
    pub fn of(spec: &DataSpec) -> Result<Self, DataError> {
        let format = CsvFormat::new(spec, ReadOptions::default())
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
        let stats = file.survey(&markers, vec![MOST_COUNTED; names.len()], SurveyedRows::AllHashed)?;
        let rows = stats.rows;
        let mut hashes = stats.hashes;
        hashes.sort_unstable();
        hashes.dedup();
        let columns = names.into_iter().zip(&stats.columns).map(|(name, found)| column(name, found, rows));
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

fn column(name: String, stats: &ColumnStats, rows: usize) -> ColumnProfile {
    let is_number = stats.count(CellType::Word) == 0 && stats.count(CellType::Number) > 0;
    let is_missing = |cell_type: CellType| {
        cell_type == CellType::Missing || (is_number && cell_type == CellType::MissingNumber)
    };
    let present = stats.texts.iter().filter(|(_, (cell_type, _))| !is_missing(*cell_type));
    let distinct = (!stats.is_cut).then(|| present.clone().count());
    // Of equally frequent ones, the first by bytes.
    let top = present.max_by_key(|(text, (_, count))| (*count, std::cmp::Reverse(*text)));
    let top = top.filter(|_| !stats.is_cut).map(|(text, (_, count))| (text.clone(), *count));
    let numbers = stats.number_range();
    let mut missing = stats.count(CellType::Missing);
    if is_number {
        missing += stats.count(CellType::MissingNumber);
    }
    let mut column =
        ColumnProfile { name, nature: Nature::Empty, reason: String::new(), missing, distinct, top, numbers };
    (column.nature, column.reason) = nature(&column, stats, rows);
    column
}

/// What a column contains, and why.
fn nature(column: &ColumnProfile, stats: &ColumnStats, rows: usize) -> (Nature, String) {
    let [numbers, words] = [CellType::Number, CellType::Word].map(|cell_type| stats.count(cell_type));
    let different = match column.distinct {
        Some(distinct) => distinct.to_string(),
        None => format!("over {MOST_COUNTED}"),
    };
    let may_name = rows > MANY_ROWS && column.missing == 0;
    let is_of_each = may_name && column.distinct == Some(rows);
    if numbers + words + stats.count(CellType::MissingNumber) == 0 {
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
        return (Nature::Identifier, "consecutive whole numbers".to_owned());
    }
    match inferred(stats) {
        Some(ColumnKind::Numeric) if words > 0 => (
            Nature::Mixed,
            format!(
                "numbers, but {} with words, such as {}",
                Count(words, "cell"),
                Quoted(&first_word(stats))
            ),
        ),
        Some(ColumnKind::Numeric) if stats.count_unreadable() > 0 => (
            Nature::Mixed,
            format!(
                "numbers, but {} cannot be parsed{}",
                Count(stats.count_unreadable(), "cell"),
                stats.first_unreadable().map(|text| format!(": {}", Quoted(text))).unwrap_or_default()
            ),
        ),
        Some(ColumnKind::Numeric) => {
            let are_whole = column.numbers.is_some_and(|range| range.are_whole);
            let numbers = if are_whole { "whole numbers" } else { "numbers" };
            (Nature::Kind(ColumnKind::Numeric), numbers.to_owned())
        }
        Some(ColumnKind::Boolean) => (Nature::Kind(ColumnKind::Boolean), "two opposite words".to_owned()),
        Some(ColumnKind::Categorical) => {
            (Nature::Kind(ColumnKind::Categorical), format!("{different} distinct texts"))
        }
        None if is_of_each => (Nature::Identifier, "a distinct text in each row".to_owned()),
        None => (Nature::FreeText, format!("{different} distinct texts in {rows} rows")),
    }
}

/// Whether the numbers are consecutive, one for each row.
fn counts_rows(column: &ColumnProfile, rows: usize) -> bool {
    column
        .numbers
        .is_some_and(|NumberRange { low, high, are_whole, .. }| are_whole && high - low == (rows - 1) as f64)
}

fn first_word(stats: &ColumnStats) -> String {
    let words = stats.texts.iter().filter(|(_, (cell_type, _))| *cell_type == CellType::Word);
    words.map(|(text, _)| text.as_str()).min().unwrap_or_default().to_owned()
}

impl ColumnStats {
    /// The number of cells that look like numbers but cannot be parsed.
    fn count_unreadable(&self) -> usize {
        let is_unreadable = |(text, (cell_type, _)): &(&String, &(CellType, usize))| {
            *cell_type == CellType::Number && number(text).is_none()
        };
        self.texts.iter().filter(is_unreadable).map(|(_, (_, count))| count).sum::<usize>()
            + self.beyond.unreadable
    }

    /// One of them, if its text was kept.
    fn first_unreadable(&self) -> Option<&str> {
        let unreadable = self
            .texts
            .iter()
            .filter(|(text, (cell_type, _))| *cell_type == CellType::Number && number(text).is_none());
        unreadable.map(|(text, _)| text.as_str()).min()
    }

    /// The range of the numbers, if there are any.
    fn number_range(&self) -> Option<NumberRange> {
        let mut kept: Vec<(f64, usize)> = self
            .texts
            .iter()
            .filter(|(_, (cell_type, _))| *cell_type == CellType::Number)
            .filter_map(|(text, (_, count))| Some((number(text)?, *count)))
            .collect();
        // The order of a hash map varies; sums must not.
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
