//! A chunk of the rows of a file, for a trained network.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::ops::Range;

use crate::data::csv::chunks::chunk::ChunkPlace;
use crate::data::csv::dialect::CsvFormat;
use crate::data::csv::missing::Markers;
use crate::data::csv::parser::Parser;
use crate::data::csv::row_reader::{ReadSummary, RowReader, RowText, RowVisitor};
use crate::data::error::{AtOffset, ErrorKind, Located};
use crate::data::schema::mapping::ColumnMapping;
use crate::text::Quoted;

/// What all rows of a file have in common.
#[derive(Debug)]
pub(crate) struct StreamContext {
    /// The names of the columns.
    pub(crate) names: Vec<String>,
    /// The line of the first record of the first file.
    pub(crate) first_line: u64,
    pub(crate) format: CsvFormat,
    pub(crate) mapping: ColumnMapping,
    pub(crate) bad_rows: BadRows,
}

/// What happens to a row with an invalid cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRows {
    /// It is an error and ends the reading.
    Refuse,
    /// It comes with its [`RowProblem`].
    Mark,
}

/// Consecutive rows of a file.
#[derive(Debug)]
pub struct RowChunk<'t> {
    text: &'t str,
    context: &'t StreamContext,
    values: &'t [f64],
    cells: Vec<Cow<'t, str>>,
    records: Vec<Record>,
    problems: BTreeMap<usize, RowProblem>,
}

/// Collects the cells, positions and problems of rows.
struct RowCollector<'t> {
    context: &'t StreamContext,
    text: &'t str,
    cells: Vec<Cow<'t, str>>,
    records: Vec<Record>,
    problems: BTreeMap<usize, RowProblem>,
}

/// The position of a record in the text of its chunk.
#[derive(Debug)]
struct Record {
    bytes: Range<usize>,
    /// Whether no field is quoted.
    is_plain: bool,
}

/// Why a row cannot be used; its line counts from the start of its chunk.
#[derive(Debug)]
pub struct RowProblem {
    pub(crate) error: Box<Located>,
    column: Option<String>,
}

impl StreamContext {
    /// Reads the rows of a text up to its first error; with [`BadRows::Refuse`] an invalid cell is one.
    pub(crate) fn read_chunk<'t>(
        &'t self,
        text: &'t str,
        place: ChunkPlace,
        values: &'t mut Vec<f64>,
    ) -> (RowChunk<'t>, ReadSummary) {
        let reader = RowReader { format: self.format, layout: &self.mapping.layout };
        let (cells, records, problems) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut collector = RowCollector { context: self, text, cells, records, problems };
        let summary = reader.read(text, place, values, &mut collector);
        let RowCollector { cells, records, problems, .. } = collector;
        (RowChunk { text, context: self, values, cells, records, problems }, summary)
    }

    fn problem(&self, at: AtOffset, text: &str) -> RowProblem {
        let column = at.field.and_then(|column| self.names.get(column).cloned());
        RowProblem { error: at.located(text.as_bytes()), column }
    }
}

impl<'t> RowVisitor<'t> for RowCollector<'t> {
    fn row(&mut self, row: RowText<'_, 't>) {
        self.cells.extend(row.cells.iter_mut().map(|cell| mem::take(&mut cell.text)));
        self.records.push(Record { bytes: row.bytes, is_plain: row.is_simple });
    }

    fn bad_row(&mut self, row: RowText<'_, 't>, mut fault: Box<AtOffset>) -> Result<(), Box<AtOffset>> {
        fault.kind = fault.kind.of_prediction();
        if self.context.bad_rows == BadRows::Refuse {
            return Err(fault);
        }
        self.problems.insert(self.records.len(), self.context.problem(*fault, self.text));
        self.row(row);
        Ok(())
    }
}

impl<'t> RowChunk<'t> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.records.len()
    }

    /// The values of the features of a row, to be encoded. Where the row has a problem, the values of the
    /// cells concerned are arbitrary.
    pub fn values(&self, row: usize) -> &'t [f64] {
        let features = self.context.mapping.layout.values;
        &self.values[row * features..][..features]
    }

    /// The cells of a row that are passed on verbatim, see [`RowStream::cells`](crate::data::RowStream::cells).
    pub fn cells(&self, row: usize) -> &[Cow<'t, str>] {
        let count = self.context.mapping.layout.texts;
        &self.cells[row * count..][..count]
    }

    /// The text of a row in the file, without its line end, and whether none of its fields is quoted.
    pub fn record(&self, row: usize) -> (&'t str, bool) {
        let Record { bytes, is_plain } = &self.records[row];
        (&self.text[bytes.clone()], *is_plain)
    }

    /// All fields of a row, without quotes around them.
    pub fn fields(&self, row: usize) -> Vec<Cow<'t, str>> {
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

    /// Which cells of a column of the file are missing values.
    pub(crate) fn markers(&self, column: usize) -> &Markers {
        let ColumnMapping { layout, markers, .. } = &self.context.mapping;
        &layout.markers[markers[column] as usize]
    }

    /// Why a row cannot be used, if there is a reason and bad rows are marked.
    pub fn problem(&self, row: usize) -> Option<&RowProblem> {
        self.problems.get(&row)
    }

    /// Features (by their index among the features) of a row whose category was not among those of
    /// the training rows.
    pub fn unseen(&self, row: usize) -> impl Iterator<Item = usize> {
        let values = self.values(row);
        let categories = self.context.mapping.categories.iter();
        categories
            .filter(|&&(feature, count)| values[feature] == f64::from(count))
            .map(|&(feature, _)| feature)
    }

    /// The index in the file of the column of a feature.
    pub fn column_of(&self, feature: usize) -> usize {
        self.context.mapping.features[feature]
    }

    /// A problem with the cell of a row in `column` of the file.
    pub(crate) fn refuse(&self, row: usize, column: usize, kind: ErrorKind) -> RowProblem {
        let at = AtOffset { offset: self.records[row].bytes.start, field: Some(column), kind };
        self.context.problem(at, self.text)
    }

    /// The problem that the outputs for a row are not finite: `overflow` is the first of its features whose
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
