//! The rows of a file from those of its chunks.

use std::ops::ControlFlow;

use crate::data::csv::chunks::{Chunk, Chunks};
use crate::data::csv::ordered_pool::in_order;
use crate::data::csv::parser::LineEnds;
use crate::data::csv::reader::{ChunkRows, Content, Outcome, Reader};
use crate::data::csv::trailing_blank::BlankEnd;
use crate::data::error::Told;
use crate::data::error_kind::Fault;
use crate::data::table::row_store::Store;

/// The rows of a file, as they were written.
#[derive(Debug)]
pub(crate) struct RawRows {
    /// The features.
    pub(crate) store: Store,
    /// The values of each row that are no features, row after row.
    pub(crate) beside: Vec<f64>,
    /// For each text of a row: its number in each row.
    pub(crate) texts: Vec<Vec<u32>>,
    /// Rows that were left out.
    pub(crate) dropped: usize,
    pub(crate) line_ends: LineEnds,
}

/// Turns a text, one of those of a row, and its line into a number.
pub(crate) type NumberOf<'c> = dyn FnMut(usize, &str, u64) -> Result<u32, Box<Told>> + Send + 'c;

/// Reads all rows, on several threads if there is more than the `first` chunk; the others are
/// still in `chunks`. `number_of` is asked in the order of the file, for each text about once per
/// chunk.
///
/// What comes out depends on the file alone: the first fault in its order, unless the file as a
/// whole is damaged, which explains more. `store` is empty and takes the features.
pub(crate) fn read_rows(
    reader: &Reader<'_>,
    first: &Chunk,
    chunks: &mut Chunks,
    store: Store,
    number_of: &mut NumberOf<'_>,
) -> Result<RawRows, Box<Told>> {
    let mut assembly = Assembly::new(*reader, store, number_of);
    in_order(reader, first, chunks, &mut |outcome| assembly.add(outcome));
    assembly.finish(chunks)
}

/// What was read so far.
struct Assembly<'a> {
    reader: Reader<'a>,
    number_of: &'a mut NumberOf<'a>,
    rows: RawRows,
    /// Lines of the chunks so far.
    lines: u64,
    blank: BlankEnd,
    /// The first fault, or a later one that explains more.
    fault: Option<Box<Told>>,
}

impl<'a> Assembly<'a> {
    fn new(reader: Reader<'a>, store: Store, number_of: &'a mut NumberOf<'a>) -> Self {
        let texts = vec![Vec::new(); reader.layout.texts.len()];
        let rows = RawRows { store, beside: Vec::new(), texts, dropped: 0, line_ends: LineEnds::default() };
        Self { reader, number_of, rows, lines: 0, blank: BlankEnd::default(), fault: None }
    }

    /// Adds what is known of the next chunk, and breaks off when reading on cannot make it good.
    fn add(&mut self, outcome: Outcome) -> ControlFlow<()> {
        let before = self.lines;
        self.lines += outcome.lines;
        match outcome.content {
            Content::Rows(_) if self.fault.is_some() => {}
            Content::Rows(rows) => self.fault = self.append(*rows, before).err(),
            Content::Damaged(told) => {
                let told = told.below(before);
                self.fault = Some(match self.fault.take() {
                    Some(first) => first.or_weightier(told),
                    None => told,
                });
            }
        }
        if self.fault.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Adds the rows of a chunk that `before` lines are before.
    fn append(&mut self, chunk: ChunkRows, before: u64) -> Result<(), Box<Told>> {
        let goes_on = chunk.records > 0 || chunk.fault.is_some();
        self.blank.add(goes_on, chunk.blank.map(|line| line + before), self.lines)?;
        let mut numbers = Vec::with_capacity(chunk.texts.len());
        for (index, text) in chunk.texts.iter().enumerate() {
            let mut of_text = Vec::with_capacity(text.found.len());
            for (found, line) in &text.found {
                let number = (self.number_of)(index, found, line + before);
                of_text.push(number.map_err(|told| self.reader.at_text(index, told))?);
            }
            numbers.push(of_text);
        }
        if let Some(told) = chunk.fault {
            return Err(told.below(before));
        }
        for ((all, text), numbers) in self.rows.texts.iter_mut().zip(&chunk.texts).zip(&numbers) {
            make_room(all, text.of_rows.len())?;
            all.extend(text.of_rows.iter().map(|&local| numbers[local as usize]));
        }
        self.rows.dropped += chunk.dropped;
        make_room(&mut self.rows.beside, chunk.beside.len())?;
        self.rows.beside.extend(chunk.beside);
        if let Some(block) = chunk.block {
            let beside = size_of_val::<[f64]>(&self.rows.beside)
                + self.rows.texts.iter().map(|text| size_of_val::<[u32]>(text)).sum::<usize>();
            self.rows.store.push(block, beside as u64).map_err(|fault| Told::at_line(1, fault))?;
        }
        self.rows.line_ends.add(chunk.line_ends);
        Ok(())
    }

    /// The rows, or the fault that matters most; what is left in `chunks` may have it.
    fn finish(mut self, chunks: &mut Chunks) -> Result<RawRows, Box<Told>> {
        if let Some(fault) = self.fault.take() {
            return Err(chunks.skip(fault, self.lines));
        }
        match (self.rows.store.rows(), self.rows.dropped) {
            (0, 0) => Err(Told::at_line(self.reader.first_line, Fault::NoRows)),
            (0, dropped) => Err(Told::at_line(1, Fault::AllDropped(dropped))),
            _ => Ok(self.rows),
        }
    }
}

/// Room for more, as it is needed, if there is memory.
fn make_room<T>(all: &mut Vec<T>, more: usize) -> Result<(), Box<Told>> {
    all.try_reserve(more).map_err(|_| {
        let needs = ((all.len() + more) * size_of::<T>()) as u64;
        Told::at_line(1, Fault::OutOfMemory { needs })
    })
}
