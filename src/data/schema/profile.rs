//! A summary of each column of a file, for `inspect` and `init`.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::data::ColumnKind;
use crate::data::csv::dialect::{CsvFormat, ReadOptions};
use crate::data::csv::file::CsvFile;
use crate::data::csv::missing::{CellFormat, Markers};
use crate::data::csv::number_format::{NumberFormat, guess_format};
use crate::data::csv::table_guess::is_measured;
use crate::data::dates::date_format::DateFormat;
use crate::data::dates::date_guess::date_formats;
use crate::data::error::remedy::markers_with_words;
use crate::data::error::{DataError, ErrorKind};
use crate::data::schema::infer::inferred;
use crate::data::schema::survey::{CellType, ColumnStats, SurveyedRows};
use crate::data::spec::DataSpec;
use crate::data::table::SourceFile;
use crate::text::{Count, Quoted, QuotedCounts};

/// The limit on the distinct values of a column that are counted.
const MOST_COUNTED: usize = 10_000;
/// With more rows, a distinct number in each row may identify it.
const MANY_ROWS: usize = 20;

/// A summary of a table: of one file, or of several.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Profile {
    /// The file, or the name of all: a pattern, or the first one and the number of the others.
    pub path: PathBuf,
    /// All files, if there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PathBuf>,
    /// The line of the first record, header included.
    #[serde(skip)]
    pub first_line: u64,
    /// The number of rows, without the header.
    pub rows: usize,
    /// The number of rows that equal an earlier one, cell by cell.
    pub repeated_rows: usize,
    /// The columns, in the order of the file.
    pub columns: Vec<ColumnProfile>,
    /// What was read.
    #[serde(skip)]
    pub sources: Vec<SourceFile>,
    /// The format with which all cells that look like numbers are numbers, where some are not; as its keys in
    /// `[data]`.
    pub proposed_format: Option<NumberFormat>,
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
    /// The words that mean missing values in the column, and how often; without empty cells.
    pub missing_words: Vec<(String, usize)>,
    /// The number of cells that are neither numbers nor missing.
    pub words: usize,
    /// For a column of numbers and a few words: the markers with which the words are missing values.
    pub proposed_markers: Option<Vec<String>>,
    /// The formats in which all values are dates or times; with more than one, the cells do not say which is right.
    pub date_formats: Vec<DateFormat>,
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
    /// Dates, of which the cells do not say what is the day and what the month.
    UnclearDate,
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
    /// Summarises the training file of `spec`, of which only the path, the format and the missing markers are used.
    ///
    /// # Errors
    ///
    /// If the file cannot be read as a table; its cells may hold anything.
    pub fn of(spec: &DataSpec) -> Result<Self, DataError> {
        let format = CsvFormat::new(spec, ReadOptions::default())
            .map_err(|fault| DataError::new(&spec.path.name(), fault))?;
        let files = spec.path.files()?;
        let file = CsvFile::open(&files, format, &spec.column_names)?;
        let (names, first_line) = (file.names.clone(), file.first_line);
        let mut seen = HashMap::new();
        // A row in place of names may have a value twice; what that means for the file is for the caller to say.
        let is_row = 2 * names.iter().filter(|name| is_measured(name)).count() > names.len();
        for (second, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if let Some(first) = seen.insert(name, second).filter(|_| !is_row) {
                return Err(file.fail(ErrorKind::ColumnTwice { name: name.clone(), first, second }));
            }
        }
        let own = names.iter().map(|name| spec.columns.get(name)?.missing_markers.as_ref());
        let markers = Markers::of_columns(CellFormat::of(spec), own);
        let stats = file.survey(markers, vec![MOST_COUNTED; names.len()], SurveyedRows::AllHashed)?;
        let rows = stats.rows;
        let mut hashes = stats.hashes;
        hashes.sort_unstable();
        hashes.dedup();
        let columns = names.into_iter().zip(&stats.columns).map(|(name, found)| column(name, found, rows));
        let proposed_format = proposed_format(&stats.columns);
        Ok(Self {
            proposed_format,
            files: if files.are_several() { files.paths } else { Vec::new() },
            path: files.name,
            first_line,
            rows,
            repeated_rows: rows - hashes.len(),
            columns: columns.collect(),
            sources: stats.sources,
        })
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|column| column.name == name)
    }
}

fn column(name: String, stats: &ColumnStats, rows: usize) -> ColumnProfile {
    let date_formats = date_formats(stats);
    let is_number =
        (stats.numbers() > 0 && stats.numbers() >= stats.count(CellType::Word)) || !date_formats.is_empty();
    let is_missing = |cell_type: CellType| {
        cell_type == CellType::Missing || (is_number && cell_type == CellType::MissingNumber)
    };
    let missing_words =
        [CellType::Missing, CellType::MissingNumber].into_iter().filter(|kind| is_missing(*kind));
    let missing_words = missing_words.flat_map(|kind| stats.texts_of(kind));
    let missing_words = missing_words.filter(|(text, _)| !text.is_empty()).collect();
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
    let mut column = ColumnProfile {
        name,
        nature: Nature::Empty,
        reason: String::new(),
        missing,
        missing_words,
        words: stats.count(CellType::Word),
        proposed_markers: None,
        date_formats,
        distinct,
        top,
        numbers,
    };
    (column.nature, column.reason) = nature(&column, stats, rows);
    if column.nature == Nature::Mixed && stats.count_unreadable() == 0 {
        column.proposed_markers = markers_with_words(stats);
    }
    column
}

/// What a column contains, and why.
fn nature(column: &ColumnProfile, stats: &ColumnStats, rows: usize) -> (Nature, String) {
    let (numbers, words) = (stats.numbers(), stats.count(CellType::Word));
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
    if let Some(dates) = dates(column, stats) {
        return dates;
    }
    if may_name
        && words == 0
        && column.distinct.is_none_or(|distinct| distinct == rows)
        && counts_rows(column, rows)
    {
        return (Nature::Identifier, "consecutive whole numbers".to_owned());
    }
    match inferred(stats) {
        Some(ColumnKind::Numeric) if words > 0 => {
            let words_and_counts = stats.texts_of(CellType::Word);
            let named = match markers_with_words(stats) {
                Some(_) => format!("with words: {}", QuotedCounts(&words_and_counts)),
                None => format!("with words, such as {}", Quoted(&first_word(stats))),
            };
            (Nature::Mixed, format!("numbers, but {} {named}", Count(words, "cell")))
        }
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
        Some(ColumnKind::Date) => (Nature::Kind(ColumnKind::Date), "dates".to_owned()),
        Some(ColumnKind::Categorical) if stats.are_codes() => {
            let padded = stats.texts_of(CellType::Padded).into_iter().map(|(text, _)| text).min();
            let code = match padded {
                Some(code) => format!("{} starts with 0", Quoted(&code)),
                None => format!("all like {}", Quoted(&first_of(stats, CellType::Exponent))),
            };
            (Nature::Kind(ColumnKind::Categorical), format!("codes ({code}), {different} distinct"))
        }
        Some(ColumnKind::Categorical) => {
            (Nature::Kind(ColumnKind::Categorical), format!("{different} distinct texts"))
        }
        None if is_of_each => (Nature::Identifier, "a distinct text in each row".to_owned()),
        None => (Nature::FreeText, format!("{different} distinct texts in {rows} rows")),
    }
}

/// What a column of dates contains, and an example; none of another column.
fn dates(column: &ColumnProfile, stats: &ColumnStats) -> Option<(Nature, String)> {
    let mut cells: Vec<String> = stats.texts_of(CellType::Word).into_iter().map(|(text, _)| text).collect();
    cells.sort_unstable();
    // The first that shows the difference between the formats, if one does.
    let differs = |cell: &&String| {
        let mut readings = column.date_formats.iter().map(|format| format.read(cell));
        let first = readings.next();
        readings.all(|reading| Some(reading) != first)
    };
    let cell = cells.iter().find(differs).or(cells.first())?;
    let read = |format: &DateFormat| Some(format.in_words(format.read(cell)?));
    match column.date_formats.as_slice() {
        [] => None,
        [format] => {
            let reason = format!("{} is {} ({format})", Quoted(cell), read(format)?);
            Some((Nature::Kind(ColumnKind::Date), reason))
        }
        several => {
            let readings: Vec<String> =
                several.iter().filter_map(|format| Some(format!("{} ({format})", read(format)?))).collect();
            let reason = format!("{} may be {}", Quoted(cell), readings.join(" or "));
            Some((Nature::UnclearDate, reason))
        }
    }
}

/// The format with which all cells that look like numbers are numbers, if they are not and one format fits.
pub(crate) fn proposed_format(columns: &[ColumnStats]) -> Option<NumberFormat> {
    let columns: Vec<&ColumnStats> =
        columns.iter().filter(|stats| stats.numbers() >= stats.count(CellType::Word)).collect();
    if columns.iter().all(|stats| stats.count_unreadable() == 0) {
        return None;
    }
    let cells = columns.iter().flat_map(|stats| stats.texts.iter());
    let cells = cells.filter(|(_, (cell_type, _))| cell_type.is_number()).map(|(text, _)| text.as_str());
    guess_format(cells)
}

/// Whether the numbers are consecutive, one for each row.
fn counts_rows(column: &ColumnProfile, rows: usize) -> bool {
    column
        .numbers
        .is_some_and(|NumberRange { low, high, are_whole, .. }| are_whole && high - low == (rows - 1) as f64)
}

fn first_word(stats: &ColumnStats) -> String {
    first_of(stats, CellType::Word)
}

/// The first text of this type by bytes.
fn first_of(stats: &ColumnStats, cell_type: CellType) -> String {
    stats.texts_of(cell_type).into_iter().map(|(text, _)| text).min().unwrap_or_default()
}

impl ColumnStats {
    /// The number of cells that look like numbers but cannot be parsed.
    pub(crate) fn count_unreadable(&self) -> usize {
        let is_unreadable = |(text, (cell_type, _)): &(&String, &(CellType, usize))| {
            cell_type.is_number() && self.format.number(text).is_none()
        };
        self.texts.iter().filter(is_unreadable).map(|(_, (_, count))| count).sum::<usize>()
            + self.beyond.unreadable
    }

    /// One of them, if its text was kept.
    fn first_unreadable(&self) -> Option<&str> {
        let unreadable = self
            .texts
            .iter()
            .filter(|(text, (cell_type, _))| cell_type.is_number() && self.format.number(text).is_none());
        unreadable.map(|(text, _)| text.as_str()).min()
    }

    /// The range of the numbers, if there are any.
    fn number_range(&self) -> Option<NumberRange> {
        let mut kept: Vec<(f64, usize)> = self
            .texts
            .iter()
            .filter(|(_, (cell_type, _))| cell_type.is_number())
            .filter_map(|(text, (_, count))| Some((self.format.number(text)?, *count)))
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
