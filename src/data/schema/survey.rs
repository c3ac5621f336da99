//! One pass over a file that counts the cells of each column.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;

pub(crate) use crate::data::schema::column_stats::{CellType, ColumnStats};

use crate::data::csv::chunks::merge::read_chunks;
use crate::data::csv::chunks::ordered_pool::ChunkReader;
use crate::data::csv::chunks::{Chunk, Chunks};
use crate::data::csv::dialect::CsvFormat;
use crate::data::csv::missing::Markers;
use crate::data::csv::number::{number, trim};
use crate::data::csv::row_reader::{ReadSummary, RowReader, RowText, RowVisitor};
use crate::data::error::{AtOffset, ErrorKind, Located};
use crate::data::schema::layout::{CellRule, RowLayout};

/// Counts of the cells of a file.
#[derive(Debug)]
pub(crate) struct FileStats {
    pub(crate) columns: Vec<ColumnStats>,
    pub(crate) rows: usize,
    /// A hash of the cells of each row, if asked for.
    pub(crate) hashes: Vec<u64>,
}

/// The rows whose cells are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SurveyedRows {
    /// All of them, and each is hashed.
    AllHashed,
    /// Those whose weight, in this column if there is one, is not 0.
    Weighted(Option<usize>),
}

/// Counts the cells of columns.
#[derive(Debug)]
pub(crate) struct StatsReader {
    format: CsvFormat,
    /// The line of the first record.
    first_line: u64,
    /// For each column of the file, how many distinct texts are kept.
    limits: Vec<usize>,
    which: SurveyedRows,
    /// The text of a row that is its weight.
    weight: Option<usize>,
    /// The columns that are counted.
    read: Vec<usize>,
    layout: RowLayout,
}

impl StatsReader {
    /// `limits` says for each column of the file how many distinct texts are kept; 0 leaves it out.
    pub(crate) fn new(
        format: CsvFormat,
        first_line: u64,
        markers: &Markers,
        limits: Vec<usize>,
        which: SurveyedRows,
    ) -> Self {
        let read: Vec<usize> = (0..limits.len()).filter(|&column| limits[column] > 0).collect();
        let mut cells = vec![CellRule::Skip; limits.len()];
        read.iter().enumerate().for_each(|(text, &column)| cells[column] = CellRule::Verbatim { text });
        let mut texts = read.len();
        let weight = match which {
            SurveyedRows::AllHashed => None,
            SurveyedRows::Weighted(column) => column.map(|column| match cells[column] {
                CellRule::Verbatim { text } => text,
                _ => {
                    cells[column] = CellRule::Verbatim { text: texts };
                    texts += 1;
                    texts - 1
                }
            }),
        };
        let markers = markers.clone();
        let layout = RowLayout { cells, values: 0, features: 0, weight: None, texts, markers };
        Self { format, first_line, limits, which, weight, read, layout }
    }

    /// Counts all rows: those of the `first` chunk, then those still in `chunks`.
    ///
    /// # Errors
    ///
    /// The first error of the records, or one of the file as a whole.
    pub(crate) fn survey(&self, first: &Chunk, chunks: &mut Chunks) -> Result<FileStats, Box<Located>> {
        let mut columns = vec![ColumnStats::default(); self.limits.len()];
        let mut hashes = Vec::new();
        let mut counted = 0;
        let merged = read_chunks(&self, first, chunks, |chunk: RowCounter<'_>, _| {
            for ((sum, column), &limit) in columns.iter_mut().zip(chunk.columns).zip(&self.limits) {
                sum.merge(column, limit);
            }
            hashes.extend(chunk.hashes);
            counted += chunk.rows;
            Ok(ControlFlow::Continue(()))
        });
        match merged.or_fault(chunks)?.records {
            0 => Err(Located::at_line(self.first_line, ErrorKind::NoRows)),
            _ if counted == 0 => Err(Located::at_line(self.first_line, ErrorKind::NoRowCountsHere)),
            rows => Ok(FileStats { columns, rows, hashes }),
        }
    }

    /// Counts the rows of the first chunk of a file, up to the first error.
    pub(crate) fn sample(&self, first: &Chunk) -> Vec<ColumnStats> {
        // An error is found again when the whole file is read.
        first.text().map_or_else(|_| self.counter(), |text| self.count(text, true).1).columns
    }

    fn count(&self, text: &str, is_first: bool) -> (ReadSummary, RowCounter<'_>) {
        let reader = RowReader { format: self.format, layout: &self.layout, first_line: self.first_line };
        let mut counter = self.counter();
        let summary = reader.read(text, is_first, &mut Vec::new(), &mut counter);
        (summary, counter)
    }

    fn counter(&self) -> RowCounter<'_> {
        let columns = vec![ColumnStats::default(); self.limits.len()];
        RowCounter { reader: self, columns, rows: 0, hashes: Vec::new() }
    }
}

/// Counts the cells of a chunk.
pub(crate) struct RowCounter<'s> {
    reader: &'s StatsReader,
    columns: Vec<ColumnStats>,
    /// Rows that were counted.
    rows: usize,
    hashes: Vec<u64>,
}

impl<'t> RowVisitor<'t> for RowCounter<'_> {
    fn row(&mut self, row: RowText<'_, 't>) {
        let StatsReader { limits, read, layout, which, weight, .. } = self.reader;
        if weight.is_some_and(|weight| number(&row.cells[weight].text) == Some(0.0)) {
            return;
        }
        self.rows += 1;
        let hashes_rows = *which == SurveyedRows::AllHashed;
        let mut hash = DefaultHasher::new();
        for (cell, &column) in row.cells.iter().zip(read) {
            let text = trim(&cell.text);
            self.columns[column].add(text, &layout.markers, limits[column]);
            if hashes_rows {
                text.hash(&mut hash);
            }
        }
        self.hashes.extend(hashes_rows.then(|| hash.finish()));
    }

    fn bad_row(&mut self, _: RowText<'_, 't>, fault: Box<AtOffset>) -> Result<(), Box<AtOffset>> {
        Err(fault) // Unreachable: verbatim cells are never refused.
    }
}

impl<'s> ChunkReader for &'s StatsReader {
    type Scratch = ();
    type Content = RowCounter<'s>;

    fn read(&self, text: &str, is_first: bool, (): &mut ()) -> (ReadSummary, Option<RowCounter<'s>>) {
        let (summary, counter) = self.count(text, is_first);
        (summary, Some(counter))
    }

    fn threads(&self) -> usize {
        self.format.reading.threads.get()
    }
}
