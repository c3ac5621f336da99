//! One pass over all files that counts the cells of each column.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;

pub(crate) use crate::data::schema::column_stats::{CellType, ColumnStats};

use crate::data::csv::chunks::Chunks;
use crate::data::csv::chunks::chunk::{Chunk, ChunkPlace};
use crate::data::csv::chunks::merge::read_chunks;
use crate::data::csv::chunks::ordered_pool::ChunkReader;
use crate::data::csv::dialect::CsvFormat;
use crate::data::csv::missing::Markers;
use crate::data::csv::number::trim;
use crate::data::csv::row_reader::{ReadSummary, RowReader, RowText, RowVisitor};
use crate::data::error::{AtOffset, ErrorKind, Located};
use crate::data::schema::layout::{CellRule, RowLayout};
use crate::data::table::SourceFile;

/// Counts of the cells of all files.
#[derive(Debug)]
pub(crate) struct FileStats {
    pub(crate) columns: Vec<ColumnStats>,
    pub(crate) rows: usize,
    /// A hash of the cells of each row, if asked for.
    pub(crate) hashes: Vec<u64>,
    /// The files; filled in once they were read.
    pub(crate) sources: Vec<SourceFile>,
}

/// The rows whose cells are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SurveyedRows {
    /// All of them, and each is hashed.
    AllHashed,
    /// Those whose weight, in this column if there is one, is not 0.
    Weighted(Option<usize>),
}

/// Bytes that a distinct text takes besides its characters.
const BYTES_OF_TEXT: usize = 64;

/// Counts the cells of columns.
#[derive(Debug)]
pub(crate) struct StatsReader {
    format: CsvFormat,
    /// For each column of the file, how many distinct texts are kept.
    limits: Vec<usize>,
    /// For each column of the file, the number of its missing markers.
    numbers: Vec<u32>,
    which: SurveyedRows,
    /// The text of a row that is its weight, and the number of its missing markers.
    weight: Option<(usize, usize)>,
    /// The columns that are counted.
    read: Vec<usize>,
    layout: RowLayout,
}

impl StatsReader {
    /// `markers` are those of all columns, and for each column the number of its markers; `limits` says for each column of the
    /// file how many distinct texts are kept; 0 leaves it out.
    pub(crate) fn new(
        format: CsvFormat,
        (markers, numbers): (Vec<Markers>, Vec<u32>),
        limits: Vec<usize>,
        which: SurveyedRows,
    ) -> Self {
        let read: Vec<usize> = (0..limits.len()).filter(|&column| limits[column] > 0).collect();
        let mut cells = vec![CellRule::Skip; limits.len()];
        read.iter().enumerate().for_each(|(text, &column)| cells[column] = CellRule::Verbatim { text });
        let mut texts = read.len();
        let weight = match which {
            SurveyedRows::AllHashed => None,
            SurveyedRows::Weighted(column) => column.map(|column| {
                let text = match cells[column] {
                    CellRule::Verbatim { text } => text,
                    _ => {
                        cells[column] = CellRule::Verbatim { text: texts };
                        texts += 1;
                        texts - 1
                    }
                };
                (text, numbers[column] as usize)
            }),
        };
        let layout = RowLayout { cells, values: 0, features: 0, weight: None, texts, markers };
        Self { format, limits, numbers, which, weight, read, layout }
    }

    /// Counts all rows: those of the `first` chunk, then those still in `chunks`.
    ///
    /// # Errors
    ///
    /// The first error of the records, or one of the file as a whole.
    pub(crate) fn survey(&self, first: &Chunk, chunks: &mut Chunks) -> Result<FileStats, Box<Located>> {
        let mut columns = vec![ColumnStats::default(); self.limits.len()];
        let mut hashes: Vec<u64> = Vec::new();
        let limit = self.format.reading.survey;
        let mut bytes_of_texts = 0;
        let mut counted = 0;
        let merged = read_chunks(&self, first, chunks, |chunk: RowCounter<'_>, _| {
            for ((sum, column), &limit) in columns.iter_mut().zip(chunk.columns).zip(&self.limits) {
                bytes_of_texts += sum.merge(column, limit, BYTES_OF_TEXT);
            }
            hashes.extend(chunk.hashes);
            counted += chunk.rows;
            match (bytes_of_texts + hashes.len() * size_of::<u64>()) as u64 > limit {
                true => Err(Located::at_line(1, ErrorKind::TooManyTexts { limit })),
                false => Ok(ControlFlow::Continue(())),
            }
        });
        match merged.or_fault(chunks)?.records {
            0 => Err(chunks.no_rows(first)),
            _ if counted == 0 => Err(Located::at_line(1, ErrorKind::NoRowCountsHere)),
            rows => Ok(FileStats { columns, rows, hashes, sources: Vec::new() }),
        }
    }

    /// Counts the rows of the first chunk of a file, up to the first error.
    pub(crate) fn sample(&self, first: &Chunk) -> Vec<ColumnStats> {
        // An error is found again when the whole file is read.
        first.text().map_or_else(|_| self.counter(), |text| self.count(text, first.place).1).columns
    }

    fn count(&self, text: &str, place: ChunkPlace) -> (ReadSummary, RowCounter<'_>) {
        let reader = RowReader { format: self.format, layout: &self.layout };
        let mut counter = self.counter();
        let summary = reader.read(text, place, &mut Vec::new(), &mut counter);
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
        let StatsReader { limits, numbers, read, layout, which, weight, .. } = self.reader;
        if let Some((weight, markers)) = *weight
            && layout.markers[markers].value(&row.cells[weight].text) == Some(0.0)
        {
            return;
        }
        self.rows += 1;
        let hashes_rows = *which == SurveyedRows::AllHashed;
        let mut hash = DefaultHasher::new();
        for (cell, &column) in row.cells.iter().zip(read) {
            let text = trim(&cell.text);
            let markers = &layout.markers[numbers[column] as usize];
            self.columns[column].add(text, markers, limits[column]);
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

    fn read(&self, text: &str, place: ChunkPlace, (): &mut ()) -> (ReadSummary, Option<RowCounter<'s>>) {
        let (summary, counter) = self.count(text, place);
        (summary, Some(counter))
    }

    fn threads(&self) -> usize {
        self.format.reading.threads.get()
    }
}
