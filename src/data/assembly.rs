//! The rows of a file from those of its chunks, which threads read in any order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use super::chunks::{Chunk, Chunks};
use super::error::Told;
use super::fault::Fault;
use super::lexer::LineEnds;
use super::matrix::Matrix;
use super::records::{ChunkRows, Content, Outcome, Reader, Scratch};

/// The rows of a file, as they were written.
#[derive(Debug)]
pub(super) struct RawRows {
    pub(super) matrix: Matrix,
    /// The class of each row.
    pub(super) labels: Vec<u32>,
    pub(super) line_ends: LineEnds,
}

/// Turns a label and its line into the number of a class.
pub(super) type ClassOf<'c> = dyn FnMut(&str, u64) -> Result<u32, Box<Told>> + Send + 'c;

/// Reads all rows, on several threads if there is more than the `first` chunk; the others are
/// still in `chunks`. `class_of` is asked in the order of the file, for each class about once per
/// chunk.
///
/// What comes out depends on the file alone: the first fault in its order, unless the file as a
/// whole is damaged, which explains more.
pub(super) fn read_rows(
    reader: &Reader<'_>,
    first: &Chunk,
    chunks: &mut Chunks,
    class_of: &mut ClassOf<'_>,
) -> Result<RawRows, Box<Told>> {
    let mut assembly = Assembly::new(*reader, class_of);
    assembly.add(0, reader.read(first, &mut Scratch::new()));
    if !first.is_last && !assembly.is_refused() {
        assembly = on_threads(reader, chunks, assembly);
    }
    assembly.finish(chunks)
}

fn on_threads<'a>(reader: &Reader<'_>, chunks: &mut Chunks, assembly: Assembly<'a>) -> Assembly<'a> {
    let (chunks, assembly) = (Mutex::new(chunks), Mutex::new(assembly));
    let is_refused = AtomicBool::new(false);
    let work = || {
        let (mut chunk, mut scratch) = (Chunk::default(), Scratch::new());
        while !is_refused.load(Ordering::Relaxed) {
            // Reading is for one at a time, parsing for all at once.
            let next = lock(&chunks).next(&mut chunk);
            let outcome = match next {
                Ok(true) => reader.read(&chunk, &mut scratch),
                Ok(false) => break,
                Err(told) => Outcome { lines: 0, content: Content::Damaged(told) },
            };
            let mut assembly = lock(&assembly);
            assembly.add(chunk.index, outcome);
            is_refused.fetch_or(assembly.is_refused(), Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        for _ in 1..reader.format.reading.threads.get() {
            // Where the system gives no more threads, fewer do the same.
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    assembly.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// A panic of another thread is passed on when all have ended.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was read so far.
struct Assembly<'a> {
    reader: Reader<'a>,
    class_of: &'a mut ClassOf<'a>,
    /// Chunks that came before one that is before them.
    waiting: BTreeMap<usize, Outcome>,
    next: usize,
    rows: RawRows,
    /// Lines of the chunks so far.
    lines: u64,
    /// The first blank line behind the last record so far.
    blank: Option<u64>,
    /// The first fault, or a later one that explains more.
    fault: Option<Box<Told>>,
}

impl<'a> Assembly<'a> {
    fn new(reader: Reader<'a>, class_of: &'a mut ClassOf<'a>) -> Self {
        let matrix = Matrix::new(reader.features);
        Self {
            reader,
            class_of,
            waiting: BTreeMap::new(),
            next: 0,
            rows: RawRows { matrix, labels: Vec::new(), line_ends: LineEnds::default() },
            lines: 0,
            blank: None,
            fault: None,
        }
    }

    /// Adds what is known of a chunk.
    fn add(&mut self, index: usize, outcome: Outcome) {
        self.waiting.insert(index, outcome);
        while let Some(outcome) = self.waiting.remove(&self.next) {
            self.next += 1;
            let before = self.lines;
            self.lines += outcome.lines;
            match outcome.content {
                Content::Rows(_) if self.is_refused() => {}
                Content::Rows(rows) => self.fault = self.append(rows, before).err(),
                Content::Damaged(told) => {
                    let told = told.below(before);
                    self.fault = Some(match self.fault.take() {
                        Some(first) => first.or_weightier(told),
                        None => told,
                    });
                }
            }
        }
    }

    /// Whether reading on cannot make it good.
    fn is_refused(&self) -> bool {
        self.fault.is_some() || self.too_many_cells().is_some()
    }

    /// Adds the rows of a chunk that `before` lines are before.
    fn append(&mut self, chunk: ChunkRows, before: u64) -> Result<(), Box<Told>> {
        if let Some(blank) = self.blank.filter(|_| !chunk.labels.is_empty() || chunk.fault.is_some()) {
            return Err(Told::at_line(blank, Fault::BlankLine));
        }
        self.blank = self.blank.or(chunk.blank.map(|line| line + before));
        let mut ids = Vec::with_capacity(chunk.classes.len());
        for (class, line) in chunk.classes {
            ids.push((self.class_of)(&class, line + before).map_err(|told| self.reader.at_label(told))?);
        }
        if let Some(told) = chunk.fault {
            return Err(told.below(before));
        }
        self.rows.labels.extend(chunk.labels.iter().map(|&label| ids[label as usize]));
        chunk.block.into_iter().for_each(|block| self.rows.matrix.push(block));
        self.rows.line_ends.add(chunk.line_ends);
        Ok(())
    }

    /// The rows that the lines so far make are too many.
    fn too_many_cells(&self) -> Option<Fault> {
        let Reader { format, features, .. } = self.reader;
        let limit = format.reading.limit;
        let rows = self.lines.saturating_sub(u64::from(format.header));
        let needs = rows.saturating_mul(features as u64).saturating_mul(size_of::<f64>() as u64);
        (needs > limit).then_some(Fault::TooManyCells { needs, rows: rows as usize, features, limit })
    }

    /// The rows, or the fault that matters most; what is left in `chunks` may have it.
    fn finish(mut self, chunks: &mut Chunks) -> Result<RawRows, Box<Told>> {
        let limit = self.too_many_cells().map(|fault| Told::at_line(1, fault));
        if let Some(fault) = self.fault.take().or(limit) {
            let (fault, lines) = chunks.skip(fault, self.lines);
            self.lines = lines;
            return Err(match self.too_many_cells() {
                Some(cells) if fault.fault.weight() == 0 => Told::at_line(1, cells),
                _ => fault,
            });
        }
        match self.rows.labels.is_empty() {
            true => Err(Told::at_line(1, Fault::NoRows)),
            false => Ok(self.rows),
        }
    }
}
