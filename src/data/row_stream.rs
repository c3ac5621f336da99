//! Rows for a trained network, piece by piece: however long the file, little of it is in memory.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};

use super::Role;
use super::chunks::{Chunk, Chunks};
use super::dialect::Dialect;
use super::encoding::{Encoding, ReadingFormat};
use super::error::{At, DataError, Told};
use super::fault::Fault;
use super::file::{CsvFile, width};
use super::format::{Format, Reading};
use super::layout::Take;
use super::lexer::Lexer;
use super::matching::Matching;
use super::place::line_of;
use super::plain::read_plain;
use super::records::{check_width, value};
use super::shown::Shown;
use super::spec::DataSpec;
use super::workers::{Work, in_order};

/// A file whose columns were found to be those that a network was trained on. Its rows are still to
/// be read.
#[derive(Debug)]
pub struct RowStream {
    frame: Frame,
    first: Chunk,
    chunks: Chunks,
}

/// What holds for all rows of a file.
#[derive(Debug)]
struct Frame {
    path: PathBuf,
    /// Of the columns.
    names: Vec<String>,
    /// Of the first record.
    first_line: u64,
    format: Format,
    matching: Matching,
    bad_rows: BadRows,
}

/// What becomes of a row in which a cell cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRows {
    /// It is an error, and the last row that is looked at.
    Refuse,
    /// It comes with its [`RowProblem`].
    Mark,
}

/// Some rows that follow each other.
#[derive(Debug)]
pub struct Piece<'p> {
    text: &'p str,
    frame: &'p Frame,
    values: &'p [f64],
    cells: Vec<Cow<'p, str>>,
    records: Vec<Record>,
    problems: BTreeMap<usize, RowProblem>,
}

/// Where a record is in the text of its piece.
#[derive(Debug)]
struct Record {
    bytes: Range<usize>,
    /// Whether there is no quote in it.
    is_plain: bool,
}

/// Why a row cannot be used; its line counts from the start of its piece.
#[derive(Debug)]
pub struct RowProblem {
    told: Box<Told>,
    column: Option<String>,
}

/// Why a stream ended before its file.
#[derive(Debug)]
pub enum StreamError<E> {
    /// The file is at fault.
    Data(DataError),
    /// Whoever took the rows had enough.
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
        Self::open_as(path, encoding, roles, bad_rows, Reading::default())
    }

    /// [`open`](Self::open) with pieces of another size.
    pub(super) fn open_as(
        path: &Path,
        encoding: &Encoding,
        roles: &[Role],
        bad_rows: BadRows,
        reading: Reading,
    ) -> Result<Self, DataError> {
        let ReadingFormat { header, delimiter, quote, comment, .. } = encoding.reading;
        let spec = DataSpec { header, delimiter, quote, comment, ..DataSpec::default() };
        let one_column = encoding.features().count() == 1;
        let reading = Reading { limit: u64::MAX, streamed: true, one_column, ..reading };
        let failed = |fault| DataError::new(path, fault);
        let format = Format::new(&spec, reading).map_err(failed)?;
        let (path, names, first_line, first, chunks) = CsvFile::open(path, format, &[])?.into_parts();
        let matching = Matching::new(encoding, &names, roles).map_err(failed)?;
        let names = matching.names.clone();
        let frame = Frame { path, names, first_line, format, matching, bad_rows };
        Ok(Self { frame, first, chunks })
    }

    /// Names of the columns of the file.
    pub fn names(&self) -> &[String] {
        &self.frame.names
    }

    /// Places of the columns whose cells come with each row.
    pub fn cells(&self) -> &[usize] {
        &self.frame.matching.cells
    }

    /// Names of the columns that the encoding does not know.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        let Frame { matching, names, .. } = &self.frame;
        matching.unknown.iter().map(|&column| names[column].as_str())
    }

    /// The characters between and around fields; none around them where no field is quoted.
    pub fn delimiter_and_quote(&self) -> (u8, Option<u8>) {
        let Dialect { delimiter, quote, .. } = self.frame.format.dialect;
        (delimiter, quote)
    }

    /// Calls `work` on every piece of the file, on `threads` threads at the same time, each with a
    /// state of its own, and `take` on what came of them, in the order of the file.
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
        mut take: impl FnMut(T) -> Result<(), E> + Send,
    ) -> Result<(), StreamError<E>> {
        let Self { mut frame, first, mut chunks } = self;
        frame.format.reading.threads = threads;
        let mut progress = Progress::default();
        let mut ended = Ok(());
        in_order(
            &Job { frame: &frame, work, makes: PhantomData },
            &first,
            &mut chunks,
            &mut |outcome: Outcome<T>| {
                ended = match progress.advance(outcome) {
                    Ok(made) => take(made).map_err(Stop::Taker),
                    Err(told) => Err(Stop::Told(told)),
                };
                if ended.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            },
        );
        ended.map_err(|stop| match stop {
            Stop::Told(told) => StreamError::Data(told.error(&frame.path, &frame.names)),
            Stop::Taker(error) => StreamError::Taker(error),
        })
    }
}

impl Frame {
    /// Reads the rows of a text; a fault of the text as a whole ends it, one of a cell if bad rows
    /// are refused.
    fn piece<'p>(
        &'p self,
        text: &'p str,
        is_first: bool,
        values: &'p mut Vec<f64>,
    ) -> Result<(Piece<'p>, Option<usize>), Box<At>> {
        let Self { matching: Matching { layout, .. }, format, .. } = self;
        let mut lexer = Lexer::new(text, format.dialect);
        let (mut cells, mut records, mut problems) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut texts = vec![""; layout.texts];
        values.clear();
        if format.header && is_first && lexer.next_record()? {
            width(&mut lexer)?;
        }
        while lexer.next_record()? {
            let (start, first) = (lexer.record_start(), values.len());
            values.resize(first + layout.values.len(), 0.0);
            let row = &mut values[first..];
            let plain = read_plain(text, start, format.dialect, layout, row, &mut texts);
            let is_plain = plain.is_some();
            let end = match plain {
                Some(end) => {
                    lexer.end_record(end);
                    cells.extend(texts.iter().map(|&text| Cow::Borrowed(text)));
                    end
                }
                None => {
                    let problem = self.read_row(&mut lexer, row, &mut cells)?;
                    match problem {
                        Some(at) if self.bad_rows == BadRows::Refuse => return Err(at),
                        Some(at) => drop(problems.insert(records.len(), self.problem(at, text))),
                        None => {}
                    }
                    let record = &text[start..lexer.position()];
                    start + record.strip_suffix('\n').unwrap_or(record).trim_end_matches('\r').len()
                }
            };
            records.push(Record { bytes: start..end, is_plain });
        }
        let blank = lexer.blank_end();
        Ok((Piece { text, frame: self, values, cells, records, problems }, blank))
    }

    /// Reads the current record; the result is what is wrong with one of its cells.
    fn read_row<'t>(
        &self,
        lexer: &mut Lexer<'t>,
        row: &mut [f64],
        cells: &mut Vec<Cow<'t, str>>,
    ) -> Result<Option<Box<At>>, Box<At>> {
        let layout = &self.matching.layout;
        let first_cell = cells.len();
        cells.resize(first_cell + layout.texts, Cow::Borrowed(""));
        let (mut column, mut problem) = (0, None);
        let last = loop {
            let field = lexer.next_field()?;
            match layout.takes.get(column).copied().unwrap_or(Take::Nothing) {
                Take::Raw(index) => cells[first_cell + index] = lexer.content(field),
                take @ (Take::Number(index) | Take::Word(index)) => {
                    match value(&lexer.content(field), take, layout) {
                        Ok(value) => row[index] = value,
                        Err(fault) if problem.is_none() => {
                            problem = Some(At::field(field.start(), column, fault.of_prediction()));
                        }
                        Err(_) => {}
                    }
                }
                Take::Text(_) | Take::Nothing => {}
            }
            column += 1;
            if field.is_last {
                break field;
            }
        };
        let format = (self.format.dialect, self.first_line);
        check_width(lexer, layout.takes.len(), column, last, format)?;
        Ok(problem)
    }

    fn problem(&self, at: Box<At>, text: &str) -> RowProblem {
        let column = at.field.and_then(|column| self.names.get(column).cloned());
        RowProblem { told: at.told(text.as_bytes()), column }
    }
}

impl<'p> Piece<'p> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.records.len()
    }

    /// The values of the features of a row, as an [`Encoder`](super::Encoder) takes them; those that
    /// its problem is about are of no meaning.
    pub fn values(&self, row: usize) -> &'p [f64] {
        let features = self.frame.matching.layout.values.len();
        &self.values[row * features..][..features]
    }

    /// The cells of a row that come as they stand, see [`RowStream::cells`].
    pub fn cells(&self, row: usize) -> &[Cow<'p, str>] {
        let count = self.frame.matching.layout.texts;
        &self.cells[row * count..][..count]
    }

    /// A row as it stands in the file, without its line end, and whether no quote is in it.
    pub fn record(&self, row: usize) -> (&'p str, bool) {
        let Record { bytes, is_plain } = &self.records[row];
        (&self.text[bytes.clone()], *is_plain)
    }

    /// All fields of a row, without quotes around them.
    pub fn fields(&self, row: usize) -> Vec<Cow<'p, str>> {
        let mut lexer = Lexer::new(self.record(row).0, self.frame.format.dialect);
        let mut fields = Vec::new();
        if let Ok(true) = lexer.next_record() {
            while let Ok(field) = lexer.next_field() {
                fields.push(lexer.content(field));
                if field.is_last {
                    break;
                }
            }
        }
        fields
    }

    /// Why a row cannot be used, if there is a reason and bad rows are marked.
    pub fn problem(&self, row: usize) -> Option<&RowProblem> {
        self.problems.get(&row)
    }

    /// Features (by their place among the features) of a row whose category was not among those of
    /// the training rows.
    pub fn unseen(&self, row: usize) -> impl Iterator<Item = usize> {
        let values = self.values(row);
        let categories = self.frame.matching.categories.iter();
        categories
            .filter(|&&(feature, count)| values[feature] == f64::from(count))
            .map(|&(feature, _)| feature)
    }

    /// The column of a feature, in the file.
    pub fn column_of(&self, feature: usize) -> usize {
        self.frame.matching.features[feature]
    }

    /// A problem with what a network made of a row: `overflow` is the first of its features whose
    /// scaled value is outside the range of `dtype`, if there is one.
    pub fn not_finite(&self, row: usize, overflow: Option<usize>, dtype: &'static str) -> RowProblem {
        let (column, fault) = match overflow {
            Some(feature) => {
                let value = self.values(row)[feature];
                (Some(self.column_of(feature)), Fault::ScaledTooFar { value, dtype })
            }
            None => (None, Fault::ScoresNotFinite),
        };
        let at = At { offset: self.records[row].bytes.start, field: column, fault };
        self.frame.problem(Box::new(at), self.text)
    }
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(column) = &self.column {
            write!(f, "column {}: ", Shown(column))?;
        }
        write!(f, "{}", self.told.fault)
    }
}

/// What is done with each piece of a stream.
struct Job<'a, S, T, W> {
    frame: &'a Frame,
    work: W,
    makes: PhantomData<fn(S) -> T>,
}

/// What came of a piece; lines count from its start.
struct Outcome<T> {
    lines: u64,
    made: Result<Made<T>, Box<Told>>,
}

struct Made<T> {
    result: T,
    is_empty: bool,
    /// The first of the blank lines at the end.
    blank: Option<u64>,
}

impl<S, T, W> Work for Job<'_, S, T, W>
where
    S: Default,
    T: Send,
    W: Fn(&mut S, &Piece<'_>) -> Result<T, RowProblem> + Sync,
{
    type Scratch = (Vec<f64>, S);
    type Outcome = Outcome<T>;

    fn read(&self, chunk: &Chunk, (values, state): &mut Self::Scratch) -> Outcome<T> {
        let made = chunk.text().and_then(|text| {
            let read = self.frame.piece(text, chunk.index == 0, values);
            let (piece, blank) = read.map_err(|at| at.told(text.as_bytes()))?;
            let result = (self.work)(state, &piece).map_err(|problem| problem.told)?;
            let blank = blank.map(|offset| line_of(text.as_bytes(), offset));
            Ok(Made { result, is_empty: piece.records.is_empty(), blank })
        });
        Outcome { lines: chunk.lines(), made }
    }

    fn damaged(&self, told: Box<Told>) -> Outcome<T> {
        Outcome { lines: 0, made: Err(told) }
    }

    fn threads(&self) -> usize {
        self.frame.format.reading.threads.get()
    }
}

/// How far a stream has come.
#[derive(Default)]
struct Progress {
    /// Lines of the pieces so far.
    lines: u64,
    /// The first blank line behind the last record so far.
    blank: Option<u64>,
}

enum Stop<E> {
    Told(Box<Told>),
    Taker(E),
}

impl Progress {
    /// What was made of the next piece, with faults at their lines of the file.
    fn advance<T>(&mut self, outcome: Outcome<T>) -> Result<T, Box<Told>> {
        let before = self.lines;
        self.lines += outcome.lines;
        let goes_on = outcome.made.as_ref().is_ok_and(|made| !made.is_empty)
            || outcome.made.as_ref().is_err_and(|told| told.fault.weight() == 0);
        if let Some(blank) = self.blank.filter(|_| goes_on) {
            return Err(Told::at_line(blank, Fault::BlankLine));
        }
        let made = outcome.made.map_err(|told| told.below(before))?;
        self.blank = self.blank.or(made.blank.map(|line| line + before));
        Ok(made.result)
    }
}
