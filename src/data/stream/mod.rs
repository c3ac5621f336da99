//! Streams rows to a trained network, chunk by chunk, so that little of a long file is in memory.

pub(crate) mod chunk;
pub(crate) mod labelled;

use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;

use crate::data::Role;
use crate::data::csv::chunks::merge::read_chunks;
use crate::data::csv::chunks::ordered_pool::ChunkReader;
use crate::data::csv::chunks::{Chunk, Chunks};
use crate::data::csv::dialect::Dialect;
use crate::data::csv::dialect::{ReadOptions, TextFormat};
use crate::data::csv::file::{CsvFile, data_error};
use crate::data::csv::row_reader::ReadSummary;
use crate::data::error::{DataError, ErrorKind};
use crate::data::schema::mapping::ColumnMapping;
use crate::data::spec::DataSpec;
use crate::data::stream::chunk::{BadRows, Piece, RowProblem, StreamContext};
use crate::data::transform::encoding::{Encoding, ReadingFormat};

/// A file whose columns were found to be those that a network was trained on. Its rows are still to
/// be read.
#[derive(Debug)]
pub struct RowStream {
    context: StreamContext,
    first: Chunk,
    chunks: Chunks,
}

/// Why a stream ended before its file.
#[derive(Debug)]
pub enum StreamError<E> {
    /// The file is at fault.
    Data(DataError),
    /// The consumer of the rows failed.
    Taker(E),
}

impl RowStream {
    /// Opens a file, or standard input, and finds the columns of `encoding` in it: by name, in any
    /// order, where there is a header, else by place. The cells of columns with one of `roles` come
    /// with each row as they stand, where the file has them.
    ///
    /// The answer's column may be there or not, and other columns do not matter.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or a feature is not in it.
    pub fn open(
        path: &Path,
        encoding: &Encoding,
        roles: &[Role],
        bad_rows: BadRows,
    ) -> Result<Self, DataError> {
        Self::open_as(path, encoding, roles, bad_rows, ReadOptions::default())
    }

    /// [`open`](Self::open) with pieces of another size.
    pub(crate) fn open_as(
        path: &Path,
        encoding: &Encoding,
        roles: &[Role],
        bad_rows: BadRows,
        reading: ReadOptions,
    ) -> Result<Self, DataError> {
        let ReadingFormat { header, delimiter, quote, comment, .. } = encoding.reading;
        let spec = DataSpec { header, delimiter: Some(delimiter), quote, comment, ..DataSpec::default() };
        let one_column = encoding.features().count() == 1;
        let reading = ReadOptions { limit: u64::MAX, streamed: true, one_column, ..reading };
        let failed = |fault| DataError::new(path, fault);
        let format = TextFormat::new(&spec, reading).map_err(failed)?;
        let file = CsvFile::open(path, format, &[]).map_err(DataError::of_prediction)?;
        let mapping = ColumnMapping::new(encoding, &file.names, roles).map_err(|fault| file.fail(fault))?;
        let (path, _, first_line, first, chunks) = file.into_parts();
        let names = mapping.names.clone();
        let context = StreamContext { path, names, first_line, format, mapping, bad_rows };
        Ok(Self { context, first, chunks })
    }

    /// An error of its columns.
    pub(crate) fn fail(&self, fault: ErrorKind) -> DataError {
        let StreamContext { path, first_line, format, .. } = &self.context;
        DataError::of_columns(path, fault, format.header.then_some(*first_line))
    }

    /// The line of the first record.
    pub(crate) fn first_line(&self) -> u64 {
        self.context.first_line
    }

    /// Names of the columns of the file.
    pub fn names(&self) -> &[String] {
        &self.context.names
    }

    /// Places of the columns whose cells come with each row.
    pub fn cells(&self) -> &[usize] {
        &self.context.mapping.cells
    }

    /// Names of the columns that the encoding does not know.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        let StreamContext { mapping, names, .. } = &self.context;
        mapping.unknown.iter().map(|&column| names[column].as_str())
    }

    /// The characters between and around fields; none around them where no field is quoted.
    pub fn delimiter_and_quote(&self) -> (u8, Option<u8>) {
        let Dialect { delimiter, quote, .. } = self.context.format.dialect;
        (delimiter, quote)
    }

    /// What lines of the file start with that are passed over.
    pub fn comment(&self) -> Option<u8> {
        self.context.format.dialect.comments.skipped()
    }

    /// Calls `work` on every piece of the file, on `threads` threads at the same time, each with a
    /// separate state, and `take` on the results, in the order of the file, and the number of
    /// lines before. Returns the names of the kinds of line end that the file has, where there are
    /// several.
    ///
    /// A row has the same values in whatever piece it is, and on however many threads.
    ///
    /// # Errors
    ///
    /// The first fault of the file, or a problem that `work` returned; or the first error of `take`.
    pub fn run<S: Default, T: Send, E: Send>(
        self,
        threads: NonZeroUsize,
        work: impl Fn(&mut S, &Piece<'_>) -> Result<T, RowProblem> + Sync,
        mut take: impl FnMut(T, u64) -> Result<(), E> + Send,
    ) -> Result<Option<String>, StreamError<E>> {
        let Self { mut context, first, mut chunks } = self;
        context.format.reading.threads = threads;
        let job = Job { context: &context, work, makes: PhantomData };
        let mut stopped = None;
        let merged = read_chunks(&job, &first, &mut chunks, |made, lines| {
            stopped = take(made, lines).err();
            Ok(if stopped.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        match (stopped, merged.fault) {
            (Some(error), _) => Err(StreamError::Taker(error)),
            (None, Some(error)) => {
                Err(StreamError::Data(data_error(*error, &context.path, &context.names).of_prediction()))
            }
            (None, None) => Ok(merged.line_ends.mixed()),
        }
    }
}

/// What is done with each piece of a stream.
struct Job<'a, S, T, W> {
    context: &'a StreamContext,
    work: W,
    makes: PhantomData<fn(S) -> T>,
}

impl<S, T, W> ChunkReader for Job<'_, S, T, W>
where
    S: Default,
    T: Send,
    W: Fn(&mut S, &Piece<'_>) -> Result<T, RowProblem> + Sync,
{
    type Scratch = (Vec<f64>, S);
    type Content = T;

    fn read(
        &self,
        text: &str,
        is_first: bool,
        (values, state): &mut Self::Scratch,
    ) -> (ReadSummary, Option<T>) {
        let (piece, mut summary) = self.context.piece(text, is_first, values);
        // What `work` finds is in the rows before what cannot be read.
        let made = match (self.work)(state, &piece) {
            Ok(made) if summary.fault.is_none() => Some(made),
            Ok(_) => None,
            Err(problem) => {
                summary.fault = Some(problem.error);
                None
            }
        };
        (summary, made)
    }

    fn threads(&self) -> usize {
        self.context.format.reading.threads.get()
    }
}
