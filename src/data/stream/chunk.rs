//! Some rows of a file for a trained network.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::ops::Range;
use std::path::PathBuf;

use crate::data::csv::dialect::TextFormat;
use crate::data::csv::missing::Markers;
use crate::data::csv::parser::Parser;
use crate::data::csv::row_reader::{ReadSummary, RowReader, RowText, RowVisitor};
use crate::data::error::{AtOffset, ErrorKind, Located};
use crate::data::schema::mapping::ColumnMapping;
use crate::text::Quoted;

/// What holds for all rows of a file.
#[derive(Debug)]
pub(crate) struct StreamContext {
    pub(crate) path: PathBuf,
    /// Of the columns.
    pub(crate) names: Vec<String>,
    /// Of the first record.
    pub(crate) first_line: u64,
    pub(crate) format: TextFormat,
    pub(crate) mapping: ColumnMapping,
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
    context: &'p StreamContext,
    values: &'p [f64],
    cells: Vec<Cow<'p, str>>,
    records: Vec<Record>,
    problems: BTreeMap<usize, RowProblem>,
}

/// Collects what rows have apart from numbers.
struct RowCollector<'p> {
    context: &'p StreamContext,
    text: &'p str,
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
    pub(crate) error: Box<Located>,
    column: Option<String>,
}

impl StreamContext {
    /// Reads the rows of a text up to its first fault, which includes that of a cell if bad rows are
    /// refused.
    pub(crate) fn piece<'p>(
        &'p self,
        text: &'p str,
        is_first: bool,
        values: &'p mut Vec<f64>,
    ) -> (Piece<'p>, ReadSummary) {
        let reader =
            RowReader { format: self.format, layout: &self.mapping.layout, first_line: self.first_line };
        let (cells, records, problems) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut collector = RowCollector { context: self, text, cells, records, problems };
        let summary = reader.read(text, is_first, values, &mut collector);
        let RowCollector { cells, records, problems, .. } = collector;
        (Piece { text, context: self, values, cells, records, problems }, summary)
    }

    fn problem(&self, at: AtOffset, text: &str) -> RowProblem {
        let column = at.field.and_then(|column| self.names.get(column).cloned());
        RowProblem { error: at.located(text.as_bytes()), column }
    }
}

impl<'p> RowVisitor<'p> for RowCollector<'p> {
    fn row(&mut self, row: RowText<'_, 'p>) {
        self.cells.extend(row.cells.iter_mut().map(|cell| mem::take(&mut cell.text)));
        self.records.push(Record { bytes: row.bytes, is_plain: row.is_simple });
    }

    fn bad_row(&mut self, row: RowText<'_, 'p>, mut fault: Box<AtOffset>) -> Result<(), Box<AtOffset>> {
        fault.kind = fault.kind.of_prediction();
        if self.context.bad_rows == BadRows::Refuse {
            return Err(fault);
        }
        self.problems.insert(self.records.len(), self.context.problem(*fault, self.text));
        self.row(row);
        Ok(())
    }
}

impl<'p> Piece<'p> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.records.len()
    }

    /// The values of the features of a row, by which an encoder makes inputs; those that
    /// its problem is about are of no meaning.
    pub fn values(&self, row: usize) -> &'p [f64] {
        let features = self.context.mapping.layout.values;
        &self.values[row * features..][..features]
    }

    /// The cells of a row that come as they stand, see [`RowStream::cells`](crate::data::RowStream::cells).
    pub fn cells(&self, row: usize) -> &[Cow<'p, str>] {
        let count = self.context.mapping.layout.texts;
        &self.cells[row * count..][..count]
    }

    /// A row as it stands in the file, without its line end, and whether no field of it is quoted.
    pub fn record(&self, row: usize) -> (&'p str, bool) {
        let Record { bytes, is_plain } = &self.records[row];
        (&self.text[bytes.clone()], *is_plain)
    }

    /// All fields of a row, without quotes around them.
    pub fn fields(&self, row: usize) -> Vec<Cow<'p, str>> {
        let mut parser = Parser::new(self.record(row).0, self.context.format.dialect);
        let mut fields = Vec::new();
        if let Ok(true) = parser.next_record() {
            while let Ok(field) = parser.next_field() {
                fields.push(parser.content(field));
                if field.is_last {
                    break;
                }
            }
        }
        fields
    }

    /// The cells that mean a missing value.
    pub(crate) fn markers(&self) -> &Markers {
        &self.context.mapping.layout.markers
    }

    /// Why a row cannot be used, if there is a reason and bad rows are marked.
    pub fn problem(&self, row: usize) -> Option<&RowProblem> {
        self.problems.get(&row)
    }

    /// Features (by their place among the features) of a row whose category was not among those of
    /// the training rows.
    pub fn unseen(&self, row: usize) -> impl Iterator<Item = usize> {
        let values = self.values(row);
        let categories = self.context.mapping.categories.iter();
        categories
            .filter(|&&(feature, count)| values[feature] == f64::from(count))
            .map(|&(feature, _)| feature)
    }

    /// The column of a feature, in the file.
    pub fn column_of(&self, feature: usize) -> usize {
        self.context.mapping.features[feature]
    }

    /// A problem with the cell of a row in `column` of the file.
    pub(crate) fn refuse(&self, row: usize, column: usize, kind: ErrorKind) -> RowProblem {
        let at = AtOffset { offset: self.records[row].bytes.start, field: Some(column), kind };
        self.context.problem(at, self.text)
    }

    /// A problem with what a network made of a row: `overflow` is the first of its features whose
    /// scaled value is outside the range of `dtype`, if there is one.
    pub fn not_finite(&self, row: usize, overflow: Option<usize>, dtype: &'static str) -> RowProblem {
        let (column, kind) = match overflow {
            Some(feature) => {
                let value = self.values(row)[feature];
                (Some(self.column_of(feature)), ErrorKind::ScaledTooFar { value, dtype })
            }
            None => (None, ErrorKind::ScoresNotFinite),
        };
        let at = AtOffset { offset: self.records[row].bytes.start, field: column, kind };
        self.context.problem(at, self.text)
    }
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(column) = &self.column {
            write!(f, "column {}: ", Quoted(column))?;
        }
        write!(f, "{}", self.error.kind)
    }
}
