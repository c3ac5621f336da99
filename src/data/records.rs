//! The records of a chunk: every cell of every record, checked.

use std::collections::HashMap;

use super::cell::{self, is_missing_label, number, trim};
use super::chunks::Chunk;
use super::dialect::Dialect;
use super::error::{At, Told};
use super::fault::Fault;
use super::file::width;
use super::format::Format;
use super::lexer::{Lexer, LineEnds};
use super::matrix::Block;
use super::place::{LineCounter, line_of};
use super::plain::read_plain;
use super::schema::Role;

/// How the records of a file are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'r> {
    pub(super) format: Format,
    /// Of the columns.
    pub(super) roles: &'r [Role],
    pub(super) features: usize,
    /// The line of the first record, which says how many columns there are.
    pub(super) first_line: u64,
}

/// What is known of a chunk.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) lines: u64,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Rows(ChunkRows),
    /// It cannot be read, or is no text.
    Damaged(Box<Told>),
}

/// The rows of a chunk; lines count from its start.
#[derive(Debug)]
pub(super) struct ChunkRows {
    /// None where there is a fault.
    pub(super) block: Option<Block>,
    /// The class of each row, an index into `classes`.
    pub(super) labels: Vec<u32>,
    /// In order of appearance, each with the line where it first does.
    pub(super) classes: Vec<(String, u64)>,
    pub(super) line_ends: LineEnds,
    /// The first of the blank lines at the end.
    pub(super) blank: Option<u64>,
    /// The first fault; what is behind it was not read.
    pub(super) fault: Option<Box<Told>>,
}

/// Numbers of a chunk before they are stored; kept from one to the next.
pub(super) type Scratch = Vec<f64>;

impl<'r> Reader<'r> {
    pub(super) fn new(format: Format, roles: &'r [Role], first_line: u64) -> Self {
        let features = roles.iter().filter(|role| matches!(role, Role::Feature(_))).count();
        Self { format, roles, features, first_line }
    }

    /// Reads a chunk.
    pub(super) fn read(&self, chunk: &Chunk, scratch: &mut Scratch) -> Outcome {
        let content = match chunk.text() {
            Err(told) => Content::Damaged(told),
            Ok(text) => Content::Rows(self.rows(text, chunk.index == 0, scratch)),
        };
        Outcome { lines: chunk.lines(), content }
    }

    /// The same fault, of the label column.
    pub(super) fn at_label(&self, mut told: Box<Told>) -> Box<Told> {
        told.field = self.roles.iter().position(|role| *role == Role::Label);
        told
    }

    fn rows(&self, text: &str, is_first: bool, values: &mut Scratch) -> ChunkRows {
        let mut lexer = Lexer::new(text, self.format.dialect);
        let mut labels = Labels::new(text);
        values.clear();
        let read = self.read_all(&mut lexer, is_first, values, &mut labels);
        let block = read.and_then(|()| Block::pack(values, self.features).map_err(|fault| At::new(0, fault)));
        let (block, fault) = match block {
            Ok(block) => (Some(block), None),
            Err(at) => (None, Some(at.told(text.as_bytes()))),
        };
        let blank = lexer.blank_end().map(|offset| line_of(text.as_bytes(), offset));
        let Labels { classes, of_rows: labels, .. } = labels;
        ChunkRows { block, labels, classes, line_ends: lexer.line_ends(), blank, fault }
    }

    fn read_all<'t>(
        &self,
        lexer: &mut Lexer<'t>,
        is_first: bool,
        values: &mut Scratch,
        labels: &mut Labels<'t>,
    ) -> Result<(), Box<At>> {
        let Self { format: Format { dialect, header, .. }, roles, features, .. } = *self;
        if header && is_first && lexer.next_record()? {
            width(lexer)?;
        }
        while lexer.next_record()? {
            let (record, start) = (lexer.record_start(), values.len());
            values.resize(start + features, 0.0);
            let row = &mut values[start..];
            match read_plain(lexer.text(), record, dialect, roles, row) {
                Some(plain) => {
                    lexer.end_record(plain.end);
                    labels.add(plain.label, record);
                }
                None => self.read_row(lexer, is_first, row, labels)?,
            }
        }
        Ok(())
    }

    /// Reads the cells of the current record into `row`, and its label.
    fn read_row(
        &self,
        lexer: &mut Lexer<'_>,
        is_first_chunk: bool,
        row: &mut [f64],
        labels: &mut Labels<'_>,
    ) -> Result<(), Box<At>> {
        let roles = self.roles;
        let mut label = None; // and its column
        let mut fault = None; // the first of the row
        let mut found = 0;
        let mut last;
        loop {
            last = lexer.next_field()?;
            match roles.get(found) {
                Some(Role::Feature(feature)) => {
                    let cell = lexer.content(last);
                    match number(&cell) {
                        Some(value) => row[*feature] = value,
                        None => {
                            fault.get_or_insert_with(|| At::field(last.start(), found, cell::fault(&cell)));
                        }
                    }
                }
                Some(Role::Label) => {
                    let cell = lexer.content(last);
                    let text = trim(&cell);
                    label = Some((last, found));
                    if is_missing_label(text) {
                        let missing = || At::field(last.start(), found, Fault::Missing(text.to_owned()));
                        fault.get_or_insert_with(missing);
                    }
                }
                Some(Role::Ignored) | None => {}
            }
            found += 1;
            if last.is_last {
                break;
            }
        }
        // A row that lacks a field has its later values in the wrong columns, so this comes first.
        if found != roles.len() {
            let hint = width_hint(roles.len(), found, &lexer.content(last), self.format.dialect);
            return Err(At::new(
                lexer.record_start(),
                Fault::Ragged { expected: roles.len(), found, first_line: self.first_line, hint },
            ));
        }
        // A label before the fault may be one itself.
        if let Some((label, column)) = label
            && fault.as_ref().is_none_or(|at| at.field > Some(column))
        {
            labels.add(trim(&lexer.content(label)), label.start());
        }
        match fault {
            None => Ok(()),
            Some(mut at) => {
                let is_first = is_first_chunk && lexer.record_start() == 0;
                if let (true, Fault::NotANumber { why, .. }) = (is_first, &mut at.fault) {
                    *why = "if the first line names the columns, set `header = true` in [data]";
                }
                Err(at)
            }
        }
    }
}

/// The labels of a chunk.
struct Labels<'t> {
    ids: HashMap<String, u32>,
    lines: LineCounter<'t>,
    classes: Vec<(String, u64)>,
    of_rows: Vec<u32>,
}

impl<'t> Labels<'t> {
    fn new(text: &'t str) -> Self {
        let lines = LineCounter::new(text.as_bytes());
        Self { ids: HashMap::new(), lines, classes: Vec::new(), of_rows: Vec::new() }
    }

    /// Adds the label that is at `offset`.
    fn add(&mut self, label: &str, offset: usize) {
        let id = match self.ids.get(label) {
            Some(&id) => id,
            None => {
                let id = self.classes.len() as u32;
                self.ids.insert(label.to_owned(), id);
                self.classes.push((label.to_owned(), self.lines.line_of(offset)));
                id
            }
        };
        self.of_rows.push(id);
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
