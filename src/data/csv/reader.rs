//! The records of a chunk: every cell of every record, checked.

use std::collections::HashMap;

use crate::data::csv::chunks::Chunk;
use crate::data::csv::dialect::Dialect;
use crate::data::csv::fast_path::read_plain;
use crate::data::csv::file::width;
use crate::data::csv::format::Format;
use crate::data::csv::number;
use crate::data::csv::number::{number, trim};
use crate::data::csv::ordered_pool::Work;
use crate::data::csv::parser::{Field, Lexer, LineEnds};
use crate::data::csv::position::{LineCounter, line_of};
use crate::data::error::{At, Told};
use crate::data::error_kind::Fault;
use crate::data::schema::layout::{Gap, Layout, Take};
use crate::data::table::matrix::Block;

/// How the records of a file are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'r> {
    pub(crate) format: Format,
    pub(crate) layout: &'r Layout,
    /// The line of the first record, which says how many columns there are.
    pub(crate) first_line: u64,
}

/// What is known of a chunk.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) lines: u64,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Rows(Box<ChunkRows>),
    /// It cannot be read, or is no text.
    Damaged(Box<Told>),
}

/// The rows of a chunk; lines count from its start.
#[derive(Debug)]
pub(crate) struct ChunkRows {
    /// The features; none where there is a fault.
    pub(crate) block: Option<Block>,
    /// The values of each row that are no features.
    pub(crate) beside: Vec<f64>,
    /// Of each text of a row.
    pub(crate) texts: Vec<ChunkTexts>,
    /// Records that were read, header not counted.
    pub(crate) records: usize,
    /// Those of them that are no rows, as a value is missing.
    pub(crate) dropped: usize,
    pub(crate) line_ends: LineEnds,
    /// The first of the blank lines at the end.
    pub(crate) blank: Option<u64>,
    /// The first fault; what is behind it was not read.
    pub(crate) fault: Option<Box<Told>>,
}

/// The texts of a column of a chunk.
#[derive(Debug, Default)]
pub(crate) struct ChunkTexts {
    /// Of each row, an index into `found`.
    pub(crate) of_rows: Vec<u32>,
    /// In order of appearance, each with the line where it first does.
    pub(crate) found: Vec<(String, u64)>,
}

impl<'r> Reader<'r> {
    /// The same fault, of the column with a text.
    pub(crate) fn at_text(&self, text: usize, mut told: Box<Told>) -> Box<Told> {
        told.field = self.layout.column_of_text(text);
        told
    }

    fn rows(&self, text: &str, is_first: bool, values: &mut Vec<f64>) -> ChunkRows {
        let mut lexer = Lexer::new(text, self.format.dialect);
        let mut found = Found::new(text, self.layout.texts.len());
        values.clear();
        let read = self.read_all(&mut lexer, is_first, values, &mut found);
        let beside = split_off(values, self.layout);
        let block =
            read.and_then(|()| Block::pack(values, self.layout.features).map_err(|fault| At::new(0, fault)));
        let (block, fault) = match block {
            Ok(block) => (Some(block), None),
            Err(at) => (None, Some(at.told(text.as_bytes()))),
        };
        let blank = lexer.blank_end().map(|offset| line_of(text.as_bytes(), offset));
        let Found { texts, records, dropped, .. } = found;
        let texts = texts.into_iter().map(|column| column.texts).collect();
        ChunkRows { block, beside, texts, records, dropped, line_ends: lexer.line_ends(), blank, fault }
    }

    fn read_all<'t>(
        &self,
        lexer: &mut Lexer<'t>,
        is_first: bool,
        values: &mut Vec<f64>,
        found: &mut Found<'t>,
    ) -> Result<(), Box<At>> {
        let Self { format: Format { dialect, header, .. }, layout, .. } = *self;
        let (width_of_row, may_drop) = (layout.values.len(), layout.may_drop());
        let mut texts = vec![""; layout.texts.len()];
        if header && is_first && lexer.next_record()? {
            width(lexer)?;
        }
        while lexer.next_record()? {
            let (record, start) = (lexer.record_start(), values.len());
            values.resize(start + width_of_row, 0.0);
            let row = &mut values[start..];
            found.records += 1;
            if let Some(end) = read_plain(lexer.text(), record, dialect, layout, row, &mut texts) {
                lexer.end_record(end);
                if may_drop && layout.drops(row) {
                    found.dropped += 1;
                    values.truncate(start);
                } else {
                    texts.iter().enumerate().for_each(|(index, text)| found.add(index, text, record));
                }
            } else if !self.read_row(lexer, is_first, row, found)? {
                found.dropped += 1;
                values.truncate(start);
            }
        }
        Ok(())
    }

    /// Reads the cells of the current record into `row`, and its texts; false if it is no row, as a
    /// value is missing.
    fn read_row(
        &self,
        lexer: &mut Lexer<'_>,
        is_first_chunk: bool,
        row: &mut [f64],
        found: &mut Found<'_>,
    ) -> Result<bool, Box<At>> {
        let layout = self.layout;
        let mut texts: Vec<Option<(Field, usize)>> = vec![None; layout.texts.len()]; // and their columns
        let mut fault = None; // the first of the row
        let mut is_dropped = false;
        let mut column = 0;
        let mut last;
        loop {
            last = lexer.next_field()?;
            let take = layout.takes.get(column).copied().unwrap_or(Take::Nothing);
            let cell = match take {
                Take::Raw(_) | Take::Nothing => "".into(),
                _ => lexer.content(last),
            };
            match take {
                Take::Number(index) | Take::Word(index) => match value(&cell, take, layout) {
                    Ok(value) => row[index] = value,
                    Err(refused) => {
                        fault.get_or_insert_with(|| At::field(last.start(), column, refused));
                    }
                },
                Take::Text(index) => {
                    texts[index] = Some((last, column));
                    let text = trim(&cell);
                    match layout.texts[index] {
                        _ if !layout.markers.in_texts(text) => {}
                        Gap::DropsRow => is_dropped = true,
                        Gap::Kept => {}
                        Gap::Fault => {
                            let missing = || At::field(last.start(), column, Fault::Missing(text.to_owned()));
                            fault.get_or_insert_with(missing);
                        }
                    }
                }
                Take::Raw(_) | Take::Nothing => {}
            }
            column += 1;
            if last.is_last {
                break;
            }
        }
        // A row that lacks a field has its later values in the wrong columns, so this comes first.
        check_width(lexer, layout.takes.len(), column, last, (self.format.dialect, self.first_line))?;
        if fault.is_none() && (is_dropped || layout.drops(row)) {
            return Ok(false);
        }
        for (index, text) in texts.into_iter().enumerate() {
            // A text before the fault may be one itself.
            if let Some((field, column)) = text
                && fault.as_ref().is_none_or(|at| at.field > Some(column))
            {
                found.add(index, trim(&lexer.content(field)), field.start());
            }
        }
        match fault {
            None => Ok(true),
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

impl Work for Reader<'_> {
    /// Numbers of a chunk before they are stored.
    type Scratch = Vec<f64>;
    type Outcome = Outcome;

    fn read(&self, chunk: &Chunk, scratch: &mut Vec<f64>) -> Outcome {
        let content = match chunk.text() {
            Err(told) => Content::Damaged(told),
            Ok(text) => Content::Rows(Box::new(self.rows(text, chunk.index == 0, scratch))),
        };
        Outcome { lines: chunk.lines(), content }
    }

    fn damaged(&self, told: Box<Told>) -> Outcome {
        Outcome { lines: 0, content: Content::Damaged(told) }
    }

    fn threads(&self) -> usize {
        self.format.reading.threads.get()
    }
}

/// What of a chunk are no values.
struct Found<'t> {
    texts: Vec<TextColumn<'t>>,
    records: usize,
    dropped: usize,
}

/// The texts of a column while they are read.
struct TextColumn<'t> {
    ids: HashMap<String, u32>,
    lines: LineCounter<'t>,
    texts: ChunkTexts,
}

impl<'t> Found<'t> {
    fn new(text: &'t str, columns: usize) -> Self {
        let column = || TextColumn {
            ids: HashMap::new(),
            lines: LineCounter::new(text.as_bytes()),
            texts: ChunkTexts::default(),
        };
        Self { texts: (0..columns).map(|_| column()).collect(), records: 0, dropped: 0 }
    }

    /// Adds a text that is at `offset`.
    fn add(&mut self, column: usize, text: &str, offset: usize) {
        let TextColumn { ids, lines, texts } = &mut self.texts[column];
        let id = match ids.get(text) {
            Some(&id) => id,
            None => {
                let id = texts.found.len() as u32;
                ids.insert(text.to_owned(), id);
                texts.found.push((text.to_owned(), lines.line_of(offset)));
                id
            }
        };
        texts.of_rows.push(id);
    }
}

/// The value of a cell.
pub(crate) fn value(cell: &str, take: Take, layout: &Layout) -> Result<f64, Fault> {
    let text = trim(cell);
    match take {
        Take::Word(index) => {
            let value = &layout.values[index];
            match layout.markers.in_texts(text) {
                true if value.gap == Gap::Fault => {
                    Err(Fault::MissingValue { text: text.to_owned(), columns: Vec::new() })
                }
                true => Ok(f64::NAN),
                false => value.words.number(text).ok_or_else(|| Fault::NotBoolean(text.to_owned())),
            }
        }
        Take::Number(index) => {
            let found = number(cell);
            let is_missing = match found {
                Some(value) => layout.markers.holds(value),
                None => layout.markers.in_numbers(text),
            };
            match found {
                _ if is_missing && layout.values[index].gap != Gap::Fault => Ok(f64::NAN),
                _ if is_missing && index >= layout.features => Err(Fault::Missing(text.to_owned())),
                Some(value) if value < 0.0 && layout.weight == Some(index) => {
                    Err(Fault::NegativeWeight(text.to_owned()))
                }
                Some(value) if !is_missing => Ok(value),
                _ => Err(number::fault(cell, &layout.markers)),
            }
        }
        Take::Text(_) | Take::Raw(_) | Take::Nothing => Ok(0.0),
    }
}

/// Takes what is no feature out of the values of all rows.
fn split_off(values: &mut Vec<f64>, layout: &Layout) -> Vec<f64> {
    let (width, features) = (layout.values.len(), layout.features);
    if width == features {
        return Vec::new();
    }
    let rows = values.len() / width;
    let mut beside = Vec::with_capacity(rows * (width - features));
    for row in 0..rows {
        beside.extend_from_slice(&values[row * width + features..][..width - features]);
        values.copy_within(row * width..row * width + features, row * features);
    }
    values.truncate(rows * features);
    beside
}

/// Refuses a record of another number of fields than the first one, whose line comes with the
/// dialect; `last` is its last field.
pub(crate) fn check_width(
    lexer: &Lexer<'_>,
    expected: usize,
    found: usize,
    last: Field,
    (dialect, first_line): (Dialect, u64),
) -> Result<(), Box<At>> {
    if found == expected {
        return Ok(());
    }
    let hint = width_hint(expected, found, &lexer.content(last), dialect);
    // Where the record ends too early or too late.
    Err(At::new(last.start(), Fault::Ragged { expected, found, first_line, hint }))
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
