//! What stands in the columns of a file, counted before it is decided what they are.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;

pub(crate) use crate::data::schema::column_stats::{ColumnSurvey, Sort};

use crate::data::csv::chunks::{Chunk, Chunks};
use crate::data::csv::dialect::TextFormat;
use crate::data::csv::merge::read_chunks;
use crate::data::csv::missing::Markers;
use crate::data::csv::number::trim;
use crate::data::csv::ordered_pool::ChunkReader;
use crate::data::csv::row_reader::{ReadSummary, RowReader, RowText, RowVisitor};
use crate::data::error::{AtOffset, ErrorKind, Located};
use crate::data::schema::layout::{Gap, Layout, Take};

/// What stands in a file.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) columns: Vec<ColumnSurvey>,
    pub(crate) rows: usize,
    /// One for each row, the same for rows with the same cells; none unless asked for.
    pub(crate) hashes: Vec<u64>,
}

/// Surveys columns.
#[derive(Debug)]
pub(crate) struct Surveyor {
    format: TextFormat,
    /// The line of the first record.
    first_line: u64,
    /// For each column of the file, how many different texts are kept.
    most: Vec<usize>,
    /// Whether rows are compared with each other.
    hashes_rows: bool,
    /// Columns that are read, and how.
    read: Vec<usize>,
    layout: Layout,
}

impl Surveyor {
    /// `most` says for each column of the file how many different texts are kept; 0 leaves it out.
    pub(crate) fn new(
        format: TextFormat,
        first_line: u64,
        markers: &Markers,
        most: Vec<usize>,
        hashes_rows: bool,
    ) -> Self {
        let read: Vec<usize> = (0..most.len()).filter(|&column| most[column] > 0).collect();
        let mut takes = vec![Take::Nothing; most.len()];
        read.iter().enumerate().for_each(|(cell, &column)| takes[column] = Take::Raw(cell));
        let layout = Layout {
            takes,
            values: Vec::new(),
            features: 0,
            weight: None,
            texts: vec![Gap::Kept; read.len()],
            markers: markers.clone(),
        };
        Self { format, first_line, most, hashes_rows, read, layout }
    }

    /// Surveys all rows; what is not in the `first` chunk is still in `chunks`.
    ///
    /// # Errors
    ///
    /// The first fault of the records, or one of the file as a whole.
    pub(crate) fn survey(&self, first: &Chunk, chunks: &mut Chunks) -> Result<Survey, Box<Located>> {
        let mut columns = vec![ColumnSurvey::default(); self.most.len()];
        let mut hashes = Vec::new();
        let merged = read_chunks(&self, first, chunks, |chunk: RowCounter<'_>, _| {
            for ((sum, column), &most) in columns.iter_mut().zip(chunk.columns).zip(&self.most) {
                sum.merge(column, most);
            }
            hashes.extend(chunk.hashes);
            Ok(ControlFlow::Continue(()))
        });
        match merged.or_fault(chunks)?.records {
            0 => Err(Located::at_line(self.first_line, ErrorKind::NoRows)),
            rows => Ok(Survey { columns, rows, hashes }),
        }
    }

    /// Surveys the rows of the first chunk of a file, as far as there is no fault.
    pub(crate) fn sample(&self, first: &Chunk) -> Vec<ColumnSurvey> {
        // A fault is found again when the whole file is read.
        first.text().map_or_else(|_| self.counter(), |text| self.count(text, true).1).columns
    }

    fn count(&self, text: &str, is_first: bool) -> (ReadSummary, RowCounter<'_>) {
        let reader = RowReader { format: self.format, layout: &self.layout, first_line: self.first_line };
        let mut counter = self.counter();
        let summary = reader.read(text, is_first, &mut Vec::new(), &mut counter);
        (summary, counter)
    }

    fn counter(&self) -> RowCounter<'_> {
        let columns = vec![ColumnSurvey::default(); self.most.len()];
        RowCounter { surveyor: self, columns, hashes: Vec::new() }
    }
}

/// Counts what is in the rows of a chunk.
pub(crate) struct RowCounter<'s> {
    surveyor: &'s Surveyor,
    columns: Vec<ColumnSurvey>,
    hashes: Vec<u64>,
}

impl<'t> RowVisitor<'t> for RowCounter<'_> {
    fn row(&mut self, row: RowText<'_, 't>) {
        let Surveyor { most, read, layout, hashes_rows, .. } = self.surveyor;
        let mut hash = DefaultHasher::new();
        for (cell, &column) in row.cells.iter().zip(read) {
            let text = trim(&cell.text);
            self.columns[column].add(text, &layout.markers, most[column]);
            if *hashes_rows {
                text.hash(&mut hash);
            }
        }
        self.hashes.extend(hashes_rows.then(|| hash.finish()));
    }

    fn bad_row(&mut self, _: RowText<'_, 't>, fault: Box<AtOffset>) -> Result<(), Box<AtOffset>> {
        Err(fault) // Texts as they are have none.
    }
}

impl<'s> ChunkReader for &'s Surveyor {
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
