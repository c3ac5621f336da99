//! Streams the rows of files to a trained network, chunk by chunk, in bounded memory.

pub(crate) mod chunk;
pub(crate) mod labelled;
pub(crate) mod reading_notes;
pub(crate) mod truth;

use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use crate::data::Role;
use crate::data::csv::chunks::Chunks;
use crate::data::csv::chunks::chunk::{Chunk, ChunkPlace};
use crate::data::csv::chunks::merge::read_chunks;
use crate::data::csv::chunks::ordered_pool::ChunkReader;
use crate::data::csv::dialect::Dialect;
use crate::data::csv::dialect::{CsvFormat, ReadOptions};
use crate::data::csv::file::{CsvFile, column_error, data_error};
use crate::data::csv::row_reader::ReadSummary;
use crate::data::error::{DataError, ErrorKind};
use crate::data::schema::mapping::ColumnMapping;
use crate::data::source::paths::DataPaths;
use crate::data::spec::DataSpec;
use crate::data::stream::chunk::{BadRows, RowChunk, RowProblem, StreamContext};
use crate::data::transform::encoding::Encoding;
use crate::data::transform::reading_format::ReadingFormat;
use crate::text::DisplayPath;

/// Files that have the columns a network was trained on; their rows are still to be read.
#[derive(Debug)]
pub struct RowStream {
    context: StreamContext,
    first: Chunk,
    chunks: Chunks,
}

/// What was noticed in the files.
#[derive(Debug)]
pub struct StreamEnd {
    /// The kinds of line end, if there are several.
    pub mixed_line_ends: Option<String>,
    /// Comment lines that were skipped.
    pub comments: usize,
    /// Where lines are.
    pub lines: LinePlaces,
}

/// Where the lines of all files are.
#[derive(Debug)]
pub struct LinePlaces(Chunks);

impl LinePlaces {
    /// What messages call a line, counted through all files: `line 5`, or `line 5 of b.csv` if there are several files.
    pub fn name_of(&self, line: u64) -> String {
        let (file, before) = self.0.place_of(line);
        let line = line - before;
        match self.0.files().are_several() {
            true => format!("line {line} of {}", DisplayPath(self.0.files().path(file))),
            false => format!("line {line}"),
        }
    }
}

/// Why a stream ended before its file.
#[derive(Debug)]
pub enum StreamError<E> {
    /// The file has an error.
    Data(DataError),
    /// The consumer of the rows failed.
    Consumer(E),
}

impl RowStream {
    /// Opens one or more files, or standard input, and finds the columns of `encoding` in them: by name, in any
    /// order, if there is a header, else by position. The cells of columns with one of `roles` are passed on
    /// verbatim, if the file has them.
    ///
    /// Label and target columns may be absent, and columns that are not features are ignored.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or a feature is not in it.
    pub fn open(
        paths: &DataPaths,
        encoding: &Encoding,
        roles: &[Role],
        bad_rows: BadRows,
    ) -> Result<Self, DataError> {
        Self::open_as(paths, encoding, roles, bad_rows, ReadOptions::default())
    }

    /// [`open`](Self::open) with chunks of another size.
    pub(crate) fn open_as(
        paths: &DataPaths,
        encoding: &Encoding,
        roles: &[Role],
        bad_rows: BadRows,
        reading: ReadOptions,
    ) -> Result<Self, DataError> {
        let ReadingFormat { header, delimiter, quote, comment, skip_rows, skip_footer, .. } =
            encoding.reading;
        let delimiter = Some(delimiter);
        let spec =
            DataSpec { header, delimiter, quote, comment, skip_rows, skip_footer, ..DataSpec::default() };
        let one_column = encoding.features().count() == 1;
        let reading = ReadOptions { limit: u64::MAX, streamed: true, one_column, ..reading };
        let failed = |fault| DataError::new(&paths.name(), fault);
        let format = CsvFormat::new(&spec, reading).map_err(failed)?;
        let file = CsvFile::open(&paths.files()?, format, &[]).map_err(DataError::of_prediction)?;
        let mapping = ColumnMapping::new(encoding, &file.names, roles).map_err(|fault| file.fail(fault))?;
        let (_, first_line, first, chunks) = file.into_parts();
        let names = mapping.names.clone();
        let context = StreamContext { names, first_line, format, mapping, bad_rows };
        Ok(Self { context, first, chunks })
    }

    /// An error of its columns.
    pub(crate) fn fail(&self, fault: ErrorKind) -> DataError {
        let StreamContext { first_line, format, .. } = &self.context;
        column_error(self.chunks.files(), fault, format.header.then_some(*first_line))
    }

    /// The error that no file has a row.
    pub(crate) fn no_rows(&self) -> DataError {
        data_error(*self.chunks.no_rows(&self.first), &self.chunks, &[])
    }

    /// Names of the columns of the file.
    pub fn names(&self) -> &[String] {
        &self.context.names
    }

    /// Indices of the columns whose cells are passed on.
    pub fn cells(&self) -> &[usize] {
        &self.context.mapping.cells
    }

    /// Names of the columns that the training file did not have.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        let StreamContext { mapping, names, .. } = &self.context;
        mapping.unknown.iter().map(|&column| names[column].as_str())
    }

    /// The delimiter and the quote; no quote where fields are never quoted.
    pub fn delimiter_and_quote(&self) -> (u8, Option<u8>) {
        let Dialect { delimiter, quote, .. } = self.context.format.dialect;
        (delimiter, quote)
    }

    /// The end of its first line, and whether it begins with a byte order mark.
    pub fn line_end_and_mark(&self) -> (&'static str, bool) {
        (self.first.line_end(), self.first.has_mark())
    }

    /// The first byte of lines that are skipped.
    pub fn comment(&self) -> Option<u8> {
        self.context.format.dialect.comments.skipped()
    }

    /// Calls `work` on every chunk of the files, on `threads` threads, each with a separate state; and `take`
    /// on each result and the number of lines before it in all files, in their order.
    ///
    /// The values of a row do not depend on chunk size or threads.
    ///
    /// # Errors
    ///
    /// The first error in the file, of `work` or of `take`.
    pub fn run<S: Default, T: Send, E: Send>(
        self,
        threads: NonZeroUsize,
        work: impl Fn(&mut S, &RowChunk<'_>) -> Result<T, RowProblem> + Sync,
        mut take: impl FnMut(T, u64) -> Result<(), E> + Send,
    ) -> Result<StreamEnd, StreamError<E>> {
        let Self { mut context, first, mut chunks } = self;
        context.format.reading.threads = threads;
        let job = Job { context: &context, work, makes: PhantomData };
        let mut stopped = None;
        let merged = read_chunks(&job, &first, &mut chunks, |made, lines| {
            stopped = take(made, lines).err();
            Ok(if stopped.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        match (stopped, merged.fault) {
            (Some(error), _) => Err(StreamError::Consumer(error)),
            (None, Some(mut error)) => {
                let StreamContext { names, format, first_line, .. } = &context;
                // In another file it would skip rows of the first.
                let (file, _) = chunks.place_of(error.line);
                if !format.header && file == 0 && error.line == *first_line {
                    error.kind.advise(&format!(
                        "if this line names the columns, which the training file did not, skip it with --skip-rows \
                         {first_line}"
                    ));
                }
                Err(StreamError::Data(data_error(*error, &chunks, names).of_prediction()))
            }
            (None, None) => {
                let (mixed_line_ends, comments) = (merged.line_ends.mixed(), merged.comments);
                Ok(StreamEnd { mixed_line_ends, comments, lines: LinePlaces(chunks) })
            }
        }
    }
}

/// The work on each chunk of a stream.
struct Job<'a, S, T, W> {
    context: &'a StreamContext,
    work: W,
    makes: PhantomData<fn(S) -> T>,
}

impl<S, T, W> ChunkReader for Job<'_, S, T, W>
where
    S: Default,
    T: Send,
    W: Fn(&mut S, &RowChunk<'_>) -> Result<T, RowProblem> + Sync,
{
    type Scratch = (Vec<f64>, S);
    type Content = T;

    fn read(
        &self,
        text: &str,
        place: ChunkPlace,
        (values, state): &mut Self::Scratch,
    ) -> (ReadSummary, Option<T>) {
        let (chunk, mut summary) = self.context.read_chunk(text, place, values);
        // An error of `work` is in a row before the one that cannot be read.
        let made = match (self.work)(state, &chunk) {
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
