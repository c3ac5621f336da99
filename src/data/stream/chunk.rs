//! Some rows of a file for a trained network.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use crate::data::csv::fast_path::read_plain;
use crate::data::csv::file::width;
use crate::data::csv::format::Format;
use crate::data::csv::missing::Markers;
use crate::data::csv::parser::{Lexer, LineEnds};
use crate::data::csv::reader::{check_width, value};
use crate::data::error::{At, Told};
use crate::data::error_kind::Fault;
use crate::data::schema::layout::Take;
use crate::data::schema::mapping::Matching;
use crate::text::Quoted;

/// What holds for all rows of a file.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) path: PathBuf,
    /// Of the columns.
    pub(crate) names: Vec<String>,
    /// Of the first record.
    pub(crate) first_line: u64,
    pub(crate) format: Format,
    pub(crate) matching: Matching,
    pub(crate) bad_rows: BadRows,
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
    /// The kinds of line end in the text.
    pub(crate) line_ends: LineEnds,
}

/// What is in a text beside numbers.
#[derive(Default)]
struct Found<'p> {
    cells: Vec<Cow<'p, str>>,
    records: Vec<Record>,
    problems: BTreeMap<usize, RowProblem>,
}

/// Where a record is in the text of its piece.
#[derive(Debug)]
struct Record {
    bytes: Range<usize>,
    /// Whether no field is quoted.
    is_plain: bool,
}

/// Why a row cannot be used; its line counts from the start of its piece.
#[derive(Debug)]
pub struct RowProblem {
    pub(crate) told: Box<Told>,
    column: Option<String>,
}

impl Frame {
    /// Reads the rows of a text up to its first fault, which one of a cell is if bad rows are refused;
    /// without one, the result is where the blank lines begin that end it.
    pub(crate) fn piece<'p>(
        &'p self,
        text: &'p str,
        is_first: bool,
        values: &'p mut Vec<f64>,
    ) -> (Piece<'p>, Result<Option<usize>, Box<At>>) {
        let mut lexer = Lexer::new(text, self.format.dialect);
        let mut found = Found::default();
        values.clear();
        let read = self.read_all(&mut lexer, is_first, values, &mut found);
        let Found { cells, records, problems } = found;
        let line_ends = lexer.line_ends();
        let piece = Piece { text, frame: self, values, cells, records, problems, line_ends };
        (piece, read.map(|()| lexer.blank_end()))
    }

    fn read_all<'p>(
        &self,
        lexer: &mut Lexer<'p>,
        is_first: bool,
        values: &mut Vec<f64>,
        Found { cells, records, problems }: &mut Found<'p>,
    ) -> Result<(), Box<At>> {
        let Self { matching: Matching { layout, .. }, format, .. } = self;
        let text = lexer.text();
        let mut texts = vec![""; layout.texts.len()];
        if format.header && is_first && lexer.next_record()? {
            width(lexer)?;
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
                    let problem = self.read_row(lexer, row, cells)?;
                    match problem {
                        Some(at) if self.bad_rows == BadRows::Refuse => return Err(at),
                        Some(at) => drop(problems.insert(records.len(), self.problem(*at, text))),
                        None => {}
                    }
                    let record = &text[start..lexer.position()];
                    start + record.strip_suffix('\n').unwrap_or(record).trim_end_matches('\r').len()
                }
            };
            records.push(Record { bytes: start..end, is_plain });
        }
        Ok(())
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
        cells.resize(first_cell + layout.texts.len(), Cow::Borrowed(""));
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

    fn problem(&self, at: At, text: &str) -> RowProblem {
        let column = at.field.and_then(|column| self.names.get(column).cloned());
        RowProblem { told: at.told(text.as_bytes()), column }
    }
}

impl<'p> Piece<'p> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.records.len()
    }

    /// The values of the features of a row, as an [`Encoder`](crate::data::Encoder) takes them; those that
    /// its problem is about are of no meaning.
    pub fn values(&self, row: usize) -> &'p [f64] {
        let features = self.frame.matching.layout.values.len();
        &self.values[row * features..][..features]
    }

    /// The cells of a row that come as they stand, see [`RowStream::cells`](crate::data::RowStream::cells).
    pub fn cells(&self, row: usize) -> &[Cow<'p, str>] {
        let count = self.frame.matching.layout.texts.len();
        &self.cells[row * count..][..count]
    }

    /// A row as it stands in the file, without its line end, and whether no field of it is quoted.
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

    /// The cells that mean a missing value.
    pub(crate) fn markers(&self) -> &Markers {
        &self.frame.matching.layout.markers
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

    /// A problem with the cell of a row in `column` of the file.
    pub(crate) fn refuse(&self, row: usize, column: usize, fault: Fault) -> RowProblem {
        let at = At { offset: self.records[row].bytes.start, field: Some(column), fault };
        self.frame.problem(at, self.text)
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
        self.frame.problem(at, self.text)
    }
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(column) = &self.column {
            write!(f, "column {}: ", Quoted(column))?;
        }
        write!(f, "{}", self.told.fault)
    }
}
