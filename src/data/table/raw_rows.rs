//! Reads the rows of files to train on, unscaled.

use std::collections::HashMap;
use std::ops::ControlFlow;

use crate::data::csv::chunks::Chunks;
use crate::data::csv::chunks::chunk::{Chunk, ChunkPlace};
use crate::data::csv::chunks::merge::{Merged, read_chunks};
use crate::data::csv::chunks::ordered_pool::ChunkReader;
use crate::data::csv::line_ends::LineEnds;
use crate::data::csv::position::LineCounter;
use crate::data::csv::row_reader::{Cell, LeftOut, ReadSummary, RowReader, RowText, RowVisitor};
use crate::data::error::phrases::Advice;
use crate::data::error::{AtOffset, ErrorKind, Located};
use crate::data::schema::layout::RowLayout;
use crate::data::table::matrix::Block;
use crate::data::table::row_store::RowStore;

/// The rows of a file.
#[derive(Debug)]
pub(crate) struct RawRows {
    /// The features.
    pub(crate) store: RowStore,
    /// The other values of each row, row after row.
    pub(crate) other_values: Vec<f64>,
    /// For each text of a row: its number in each row.
    pub(crate) texts: Vec<Vec<u32>>,
    pub(crate) left_out: RowsLeftOut,
    pub(crate) line_ends: LineEnds,
    /// Comment lines that were skipped.
    pub(crate) comments: usize,
}

/// The number of rows that were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowsLeftOut {
    /// A value is missing.
    pub(crate) missing: usize,
    /// The weight is 0.
    pub(crate) no_weight: usize,
}

impl RowsLeftOut {
    fn count(&mut self, why: LeftOut) {
        match why {
            LeftOut::Missing => self.missing += 1,
            LeftOut::NoWeight => self.no_weight += 1,
        }
    }
}

/// Turns a text, one of those of a row, and its line into a number.
pub(crate) type NumberOf<'c> = dyn FnMut(usize, &str, u64) -> Result<u32, Box<Located>> + Send + 'c;

/// Reads all rows, on several threads if there is more than the `first` chunk; the others are
/// still in `chunks`. `number_of` is asked in the order of the file, for each text about once per
/// chunk.
///
/// The result does not depend on threads or chunk size: it is the first error in the file, unless the file as
/// a whole is damaged, which explains more. `store` is empty and takes the features.
pub(crate) fn read_rows(
    reader: RowReader<'_>,
    first: &Chunk,
    chunks: &mut Chunks,
    store: RowStore,
    number_of: &mut NumberOf<'_>,
) -> Result<RawRows, Box<Located>> {
    let layout = reader.layout;
    let texts = vec![Vec::new(); layout.texts];
    let (left_out, line_ends) = (RowsLeftOut::default(), LineEnds::default());
    let mut rows = RawRows { store, other_values: Vec::new(), texts, left_out, line_ends, comments: 0 };
    let merged: Merged = read_chunks(&TrainingReader(reader), first, chunks, |chunk, lines| {
        rows.append(chunk, lines, layout, number_of).map(ControlFlow::Continue)
    });
    let Merged { line_ends, comments, .. } = merged.or_fault(chunks)?;
    (rows.line_ends, rows.comments) = (line_ends, comments);
    match (rows.store.rows(), rows.left_out) {
        (0, RowsLeftOut { missing: 0, no_weight: 0 }) => Err(chunks.no_rows(first)),
        (0, RowsLeftOut { missing: 0, .. }) => Err(Located::at_line(1, ErrorKind::NoRowCountsHere)),
        (0, RowsLeftOut { missing, .. }) => Err(Located::at_line(1, ErrorKind::AllDropped(missing))),
        _ => Ok(rows),
    }
}

impl RawRows {
    /// Appends the rows of a chunk; `lines` is the number of lines before it.
    fn append(
        &mut self,
        chunk: ChunkRows,
        lines: u64,
        layout: &RowLayout,
        number_of: &mut NumberOf<'_>,
    ) -> Result<(), Box<Located>> {
        for (index, (all, text)) in self.texts.iter_mut().zip(&chunk.texts).enumerate() {
            let mut numbers = Vec::with_capacity(text.found.len());
            for (found, line) in &text.found {
                let number = number_of(index, found, line + lines).map_err(|mut error| {
                    error.field = layout.column_of_text(index);
                    error
                });
                numbers.push(number?);
            }
            make_room(all, text.of_rows.len())?;
            all.extend(text.of_rows.iter().map(|&local| numbers[local as usize]));
        }
        self.left_out.missing += chunk.left_out.missing;
        self.left_out.no_weight += chunk.left_out.no_weight;
        make_room(&mut self.other_values, chunk.other_values.len())?;
        self.other_values.extend(chunk.other_values);
        if let Some(block) = chunk.block {
            let others = size_of_val::<[f64]>(&self.other_values)
                + self.texts.iter().map(|text| size_of_val::<[u32]>(text)).sum::<usize>();
            self.store.push(block, others as u64).map_err(|fault| Located::at_line(1, fault))?;
        }
        Ok(())
    }
}

/// Reserves memory, or fails with an error.
fn make_room<T>(all: &mut Vec<T>, more: usize) -> Result<(), Box<Located>> {
    all.try_reserve(more).map_err(|_| {
        let needs = ((all.len() + more) * size_of::<T>()) as u64;
        Located::at_line(1, ErrorKind::OutOfMemory { needs })
    })
}

struct TrainingReader<'r>(RowReader<'r>);

/// The rows of a chunk.
struct ChunkRows {
    /// The features; none where there is a fault.
    block: Option<Block>,
    other_values: Vec<f64>,
    texts: Vec<ChunkTexts>,
    left_out: RowsLeftOut,
}

/// The texts of a column of a chunk.
#[derive(Default)]
struct ChunkTexts {
    /// For each row, an index into `found`.
    of_rows: Vec<u32>,
    /// In order of appearance, each with the line where it first does.
    found: Vec<(String, u64)>,
}

impl ChunkReader for TrainingReader<'_> {
    /// The numbers of a chunk before they are stored.
    type Scratch = Vec<f64>;
    type Content = ChunkRows;

    fn read(&self, text: &str, place: ChunkPlace, values: &mut Vec<f64>) -> (ReadSummary, Option<ChunkRows>) {
        let layout = self.0.layout;
        let mut collector = TextCollector::new(text, place.is_first, layout.texts);
        let mut summary = self.0.read(text, place, values, &mut collector);
        let other_values = split_off(values, layout);
        let mut block = None;
        if summary.fault.is_none() {
            match Block::pack(values, layout.features) {
                Ok(packed) => block = Some(packed),
                Err(fault) => summary.fault = Some(Located::at_line(1, fault)),
            }
        }
        let TextCollector { columns, left_out, .. } = collector;
        let texts = columns.into_iter().map(|column| column.texts).collect();
        (summary, Some(ChunkRows { block, other_values, texts, left_out }))
    }

    fn threads(&self) -> usize {
        self.0.format.reading.threads.get()
    }
}

/// Numbers the texts of a chunk.
struct TextCollector<'t> {
    is_first: bool,
    columns: Vec<TextColumn<'t>>,
    left_out: RowsLeftOut,
}

struct TextColumn<'t> {
    ids: HashMap<String, u32>,
    lines: LineCounter<'t>,
    texts: ChunkTexts,
}

impl<'t> TextCollector<'t> {
    fn new(text: &'t str, is_first: bool, columns: usize) -> Self {
        let column = || TextColumn {
            ids: HashMap::new(),
            lines: LineCounter::new(text.as_bytes()),
            texts: ChunkTexts::default(),
        };
        let columns = (0..columns).map(|_| column()).collect();
        Self { is_first, columns, left_out: RowsLeftOut::default() }
    }

    fn add(&mut self, column: usize, cell: &Cell<'_>) {
        let TextColumn { ids, lines, texts } = &mut self.columns[column];
        let id = match ids.get(&*cell.text) {
            Some(&id) => id,
            None => {
                let id = texts.found.len() as u32;
                ids.insert(cell.text.to_string(), id);
                texts.found.push((cell.text.to_string(), lines.line_of(cell.offset)));
                id
            }
        };
        texts.of_rows.push(id);
    }
}

impl<'t> RowVisitor<'t> for TextCollector<'t> {
    fn row(&mut self, row: RowText<'_, 't>) {
        row.cells.iter().enumerate().for_each(|(column, cell)| self.add(column, cell));
    }

    fn bad_row(&mut self, row: RowText<'_, 't>, mut fault: Box<AtOffset>) -> Result<(), Box<AtOffset>> {
        // A text before the error may itself be an error.
        let before = |(_, cell): &(usize, &Cell<'_>)| cell.offset < fault.offset;
        row.cells.iter().enumerate().filter(before).for_each(|(column, cell)| self.add(column, cell));
        let is_first_of_file = self.is_first && row.bytes.start == 0;
        const NAMES: &str = "if the first line names the columns, set `header = true` in [data]";
        match &mut fault.kind {
            ErrorKind::NotANumber { advice, .. } if is_first_of_file => *advice = Advice::Config(NAMES),
            kind if is_first_of_file => kind.advise(NAMES),
            _ => {}
        }
        Err(fault)
    }

    fn left_out(&mut self, why: LeftOut) {
        self.left_out.count(why);
    }
}

/// Separates the values that are not features from the values of all rows.
fn split_off(values: &mut Vec<f64>, layout: &RowLayout) -> Vec<f64> {
    let (width, features) = (layout.values, layout.features);
    if width == features {
        return Vec::new();
    }
    let rows = values.len() / width;
    let mut others = Vec::with_capacity(rows * (width - features));
    for row in 0..rows {
        others.extend_from_slice(&values[row * width + features..][..width - features]);
        values.copy_within(row * width..row * width + features, row * features);
    }
    values.truncate(rows * features);
    others
}
