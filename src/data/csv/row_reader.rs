//! Reads the rows of a text: every cell of every record, checked.
//!
//! Training, prediction, evaluation and the survey of columns all read through [`RowReader`], so
//! that the rules for records exist once. They differ in their [`RowLayout`] and [`RowVisitor`].

use std::borrow::Cow;
use std::ops::Range;

use crate::data::csv::chunks::chunk::ChunkPlace;
use crate::data::csv::dialect::CsvFormat;
use crate::data::csv::dialect::Dialect;
use crate::data::csv::fast_path::parse_simple_record;
use crate::data::csv::line_ends::LineEnds;
use crate::data::csv::missing::Markers;
use crate::data::csv::number;
use crate::data::csv::number::{Notation, trim};
use crate::data::csv::parser::{Field, Parser};
use crate::data::csv::position::line_of;
use crate::data::error::{AtOffset, ErrorKind, Located};
use crate::data::schema::layout::{CellRule, OnMissing, RowLayout, Vocabulary};

/// How the records of a file become rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowReader<'r> {
    pub(crate) format: CsvFormat,
    pub(crate) layout: &'r RowLayout,
}

/// Receives the rows of a text, in order.
pub(crate) trait RowVisitor<'t> {
    /// Every cell can be used.
    fn row(&mut self, row: RowText<'_, 't>);

    /// A cell cannot be used; `fault` is that of the first one. An error ends the reading.
    fn bad_row(&mut self, row: RowText<'_, 't>, fault: Box<AtOffset>) -> Result<(), Box<AtOffset>>;

    /// The row is left out.
    fn left_out(&mut self, _: LeftOut) {}
}

/// A row apart from its numbers.
#[derive(Debug)]
pub(crate) struct RowText<'v, 't> {
    /// The record in the text, without its line end.
    pub(crate) bytes: Range<usize>,
    /// Whether it was read by the fast path, so that no field is quoted.
    pub(crate) is_simple: bool,
    /// Those of the layout.
    pub(crate) cells: &'v mut [Cell<'t>],
}

/// A cell that is read as text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell<'t> {
    pub(crate) text: Cow<'t, str>,
    /// Where its content starts in the text of all rows.
    pub(crate) offset: usize,
}

/// Why a row is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// Its weight is 0. This comes before anything that is wrong with its other cells.
    NoWeight,
    /// A value is missing.
    Missing,
}

/// The result of reading a text, without its rows. Lines count from its start.
#[derive(Debug, Default)]
pub(crate) struct ReadSummary {
    /// Records, the header not counted.
    pub(crate) records: usize,
    pub(crate) line_ends: LineEnds,
    /// Comment lines that were skipped.
    pub(crate) comments: usize,
    /// The first of the blank lines at the end.
    pub(crate) blank: Option<u64>,
    /// The fault that ended the reading.
    pub(crate) fault: Option<Box<Located>>,
}

/// The outcome of a record that was read field by field.
enum RowState {
    Good,
    Bad(Box<AtOffset>),
    LeftOut(LeftOut),
}

impl RowReader<'_> {
    /// Reads a text at this place of its file up to its first fault. The
    /// values go to `values`, row after row, in the order of the layout; those of a cell that
    /// cannot be used are arbitrary.
    pub(crate) fn read<'t>(
        &self,
        text: &'t str,
        place: ChunkPlace,
        values: &mut Vec<f64>,
        visitor: &mut impl RowVisitor<'t>,
    ) -> ReadSummary {
        self.read_as::<true>(text, place, values, visitor)
    }

    /// Like [`read`](Self::read), for fuzzing also with every record read field by field.
    pub(crate) fn read_as<'t, const FAST: bool>(
        &self,
        text: &'t str,
        place: ChunkPlace,
        values: &mut Vec<f64>,
        visitor: &mut impl RowVisitor<'t>,
    ) -> ReadSummary {
        let mut parser = Parser::new(text, self.format.dialect);
        let mut records = 0;
        values.clear();
        let read = self.read_all::<FAST>(&mut parser, place, values, visitor, &mut records);
        ReadSummary {
            records,
            line_ends: parser.line_ends(),
            comments: parser.comments(),
            blank: parser.blank_end().map(|offset| line_of(text.as_bytes(), offset)),
            fault: read.err().map(|at| at.located(text.as_bytes())),
        }
    }

    fn read_all<'t, const FAST: bool>(
        &self,
        parser: &mut Parser<'t>,
        place: ChunkPlace,
        values: &mut Vec<f64>,
        visitor: &mut impl RowVisitor<'t>,
        records: &mut usize,
    ) -> Result<(), Box<AtOffset>> {
        let Self { format: CsvFormat { dialect, header, skip_rows, .. }, layout, .. } = *self;
        let (width, may_drop, text) = (layout.values, layout.may_drop(), parser.text());
        let mut cells = vec![Cell::default(); layout.texts];
        if place.is_first {
            parser.skip_raw_lines(skip_rows);
        }
        if header && place.is_first && parser.next_record()? {
            parser.skip_fields()?;
        }
        while parser.next_record()? {
            *records += 1;
            let (start, first_value) = (parser.record_start(), values.len());
            values.resize(first_value + width, 0.0);
            let row = &mut values[first_value..];
            let simple_end = match FAST {
                true => parse_simple_record(text, start, dialect, layout, row, &mut cells),
                false => None,
            };
            let state = match simple_end {
                Some(end) => {
                    parser.end_record(end);
                    if layout.is_without_weight(row) {
                        RowState::LeftOut(LeftOut::NoWeight)
                    } else if may_drop && layout.drops(row) {
                        RowState::LeftOut(LeftOut::Missing)
                    } else {
                        RowState::Good
                    }
                }
                None => self.read_record(parser, place, row, &mut cells)?,
            };
            let end = simple_end.unwrap_or_else(|| {
                let record = &text[start..parser.position()];
                start + record.strip_suffix('\n').unwrap_or(record).trim_end_matches('\r').len()
            });
            let row_text = RowText { bytes: start..end, is_simple: simple_end.is_some(), cells: &mut cells };
            match state {
                RowState::Good => visitor.row(row_text),
                RowState::Bad(fault) => visitor.bad_row(row_text, fault)?,
                RowState::LeftOut(why) => {
                    values.truncate(first_value);
                    visitor.left_out(why);
                }
            }
        }
        Ok(())
    }

    /// Reads the current record field by field: its numbers into `row`, its texts into `cells`.
    fn read_record<'t>(
        &self,
        parser: &mut Parser<'t>,
        place: ChunkPlace,
        row: &mut [f64],
        cells: &mut [Cell<'t>],
    ) -> Result<RowState, Box<AtOffset>> {
        let layout = self.layout;
        let mut first_fault = None;
        let mut is_dropped = false;
        let mut column = 0;
        let last = loop {
            let field = parser.next_field()?;
            let fault = match layout.cells.get(column) {
                None | Some(CellRule::Skip) => None,
                Some(&CellRule::Number { value, missing, markers, refuses_codes }) => {
                    let (cell, markers) = (parser.content(field), &layout.markers[markers as usize]);
                    let read = match refuses_codes && Notation::of(trim(&cell)).may_be_code() {
                        true => Err(number::fault(&cell, markers)),
                        false => number_value(&cell, value, missing, markers, layout),
                    };
                    // A weight that cannot be read is not 0.
                    row[value] = read.as_ref().map_or(f64::NAN, |number| *number);
                    read.err()
                }
                Some(CellRule::Category { value, missing, markers, words }) => {
                    let markers = &layout.markers[*markers as usize];
                    let read = category_value(&parser.content(field), *missing, words, markers);
                    read.map(|number| row[*value] = number).err()
                }
                Some(&CellRule::Verbatim { text }) => {
                    cells[text] = Cell { text: parser.content(field), offset: field.start() };
                    None
                }
                Some(&CellRule::Text { text: index, missing, markers }) => {
                    let text = match parser.content(field) {
                        Cow::Borrowed(text) => Cow::Borrowed(trim(text)),
                        Cow::Owned(text) => Cow::Owned(trim(&text).to_owned()),
                    };
                    let is_missing = layout.markers[markers as usize].in_texts(&text);
                    is_dropped |= is_missing && missing == OnMissing::DropRow;
                    let is_refused = is_missing && missing == OnMissing::Refuse;
                    let fault =
                        is_refused.then(|| ErrorKind::Missing { text: text.clone().into_owned(), rows: 0 });
                    cells[index] = Cell { text, offset: field.start() };
                    fault
                }
            };
            if let (None, Some(fault)) = (&first_fault, fault) {
                first_fault = Some(AtOffset::in_field(field.start(), column, fault));
            }
            column += 1;
            if field.is_last {
                break field;
            }
        };
        // A row that lacks a field has its later values in the wrong columns, so this comes first.
        self.check_width(parser, place, column, last)?;
        Ok(match first_fault {
            _ if layout.is_without_weight(row) => RowState::LeftOut(LeftOut::NoWeight),
            Some(fault) => RowState::Bad(fault),
            None if is_dropped || layout.drops(row) => RowState::LeftOut(LeftOut::Missing),
            None => RowState::Good,
        })
    }

    /// Refuses a record whose number of fields is not that of the first one; `last` is its last
    /// field.
    fn check_width(
        &self,
        parser: &Parser<'_>,
        place: ChunkPlace,
        found: usize,
        last: Field,
    ) -> Result<(), Box<AtOffset>> {
        let expected = self.layout.cells.len();
        if found == expected {
            return Ok(());
        }
        let hint = width_hint(expected, found, &parser.content(last), self.format.dialect);
        // Where the record ends too early or too late.
        Err(AtOffset::new(
            last.start(),
            ErrorKind::Ragged { expected, found, first_line: place.first_line, hint },
        ))
    }
}

/// The value of a cell of a numeric column, which is this one of the row.
fn number_value(
    cell: &str,
    value: usize,
    missing: OnMissing,
    markers: &Markers,
    layout: &RowLayout,
) -> Result<f64, ErrorKind> {
    let text = trim(cell);
    let found = markers.number(cell);
    let is_missing = match found {
        Some(number) => markers.holds(number),
        None => markers.in_numbers(text),
    };
    match found {
        _ if is_missing && missing != OnMissing::Refuse => Ok(f64::NAN),
        _ if is_missing && value >= layout.features => {
            Err(ErrorKind::Missing { text: text.to_owned(), rows: 0 })
        }
        Some(number) if number < 0.0 && layout.weight == Some(value) => {
            Err(ErrorKind::NegativeWeight(text.to_owned()))
        }
        Some(number) if !is_missing => Ok(number),
        _ => Err(number::fault(cell, markers)),
    }
}

/// The value of a cell of a categorical or boolean column.
fn category_value(
    cell: &str,
    missing: OnMissing,
    words: &Vocabulary,
    markers: &Markers,
) -> Result<f64, ErrorKind> {
    let text = trim(cell);
    match words.is_missing(text, markers) {
        true if missing == OnMissing::Refuse => {
            Err(ErrorKind::MissingValue { text: text.to_owned(), columns: Vec::new() })
        }
        true => Ok(f64::NAN),
        false => words.number(text).ok_or_else(|| words.fault(text)),
    }
}

/// What may have made a record too long; `last` is its last field.
fn width_hint(expected: usize, found: usize, last: &str, dialect: Dialect) -> &'static str {
    if found < expected {
        ""
    } else if last.is_empty() {
        "; is there a delimiter too many at the end?"
    } else if dialect.delimiter == b',' {
        "; a value with a comma in it needs quotes, a decimal comma must be a point"
    } else {
        "; a value with the delimiter in it needs quotes"
    }
}
