//! The record reader: its fast path against its strict parser, and whole texts against their chunks.

use std::ops::Range;

use crate::data::csv::chunks::chunk::ChunkPlace;
use crate::data::csv::chunks::record_boundaries::RecordBoundaries;
use crate::data::csv::dialect::{Comments, CsvFormat, Dialect, ReadOptions};
use crate::data::csv::missing::Markers;
use crate::data::csv::number_format::NumberFormat;
use crate::data::csv::row_reader::{LeftOut, ReadSummary, RowReader, RowText, RowVisitor};
use crate::data::dates::date_format::DateFormat;
use crate::data::error::AtOffset;
use crate::data::schema::layout::{CellRule, OnMissing, RowLayout, Vocabulary};

/// Most columns of a layout.
const COLUMNS: usize = 8;

/// The first line says how the others are read: a delimiter, a quote, a comment mark, `h` for a header, `m` for
/// configured missing markers or `g` for a decimal comma, then a letter for each column. Any other character means none.
pub fn record_reader(input: &[u8]) {
    let Ok(input) = std::str::from_utf8(input) else { return };
    let Some((rules, text)) = input.split_once('\n') else { return };
    let Some((dialect, rest)) = rules.as_bytes().split_at_checked(5) else { return };
    let &[delimiter, quote, comment, header, markers] = dialect else { return };
    let dialect = Dialect {
        delimiter: if b";\t |".contains(&delimiter) { delimiter } else { b',' },
        quote: b"\"'".contains(&quote).then_some(quote),
        comments: match comment {
            b'#' => Comments::Skipped(b'#'),
            b'r' => Comments::Refused,
            _ => Comments::Absent,
        },
    };
    let format = CsvFormat {
        dialect,
        is_delimiter_set: true,
        header: header == b'h',
        skip_rows: 0,
        skip_footer: 0,
        reading: ReadOptions::default(),
    };
    let own = ["-999".to_owned(), "x".to_owned()];
    let numbers = match markers {
        b'g' => NumberFormat::new(Some(','), Some('.'), &[]),
        _ => NumberFormat::default(),
    };
    let markers = Markers::new((markers == b'm').then_some(&own[..]), numbers);
    let layout = layout(&rest[..rest.len().min(COLUMNS)], markers);
    let reader = RowReader { format, layout: &layout };

    let fast = read::<true>(&reader, text, true);
    let strict = read::<false>(&reader, text, true);
    assert_eq!(fast, strict, "fast and strict");
    if !fast.has_fault {
        in_chunks(&reader, text, &fast);
    }
}

/// Features first, then targets, then the weight.
fn layout(letters: &[u8], markers: Markers) -> RowLayout {
    let words = ["a", "b", "x y", "é"].map(str::to_owned);
    let dates = DateFormat::new("%d.%m.%Y").unwrap_or_else(DateFormat::iso);
    let mut letters: Vec<u8> = if letters.is_empty() { vec![b'N'] } else { letters.to_vec() };
    // At most one weight, as in a schema.
    let weight = letters.iter().position(|&letter| letter == b'W');
    for (column, letter) in letters.iter_mut().enumerate() {
        if *letter == b'W' && Some(column) != weight {
            *letter = b'S';
        }
    }
    let is_feature = |letter: &u8| b"NndKCceBboAaz".contains(letter);
    let features = letters.iter().filter(|letter| is_feature(letter)).count();
    let targets = letters.iter().filter(|&&letter| letter == b'Y').count();
    let (mut feature, mut target, mut texts) = (0, features, 0);
    let next = |count: &mut usize| {
        *count += 1;
        *count - 1
    };
    let cells = letters.iter().map(|letter| {
        let missing = match letter {
            b'n' | b'c' | b'b' | b'a' | b't' => OnMissing::Keep,
            b'd' | b'e' | b'o' | b'z' | b'u' => OnMissing::DropRow,
            _ => OnMissing::Refuse,
        };
        match letter {
            b'N' | b'n' | b'd' | b'K' => CellRule::Number {
                value: next(&mut feature),
                missing,
                markers: 0,
                refuses_codes: *letter == b'K',
            },
            b'C' | b'c' | b'e' => CellRule::Category {
                value: next(&mut feature),
                missing,
                markers: 0,
                words: Box::new(Vocabulary::categories(&words)),
            },
            b'B' | b'b' | b'o' => CellRule::Category {
                value: next(&mut feature),
                missing,
                markers: 0,
                words: Box::new(Vocabulary::Boolean),
            },
            b'A' | b'a' | b'z' => CellRule::Category {
                value: next(&mut feature),
                missing,
                markers: 0,
                words: Box::new(Vocabulary::Dates(dates.clone())),
            },
            b'Y' => CellRule::Number { value: next(&mut target), missing, markers: 0, refuses_codes: false },
            b'W' => CellRule::Number { value: features + targets, missing, markers: 0, refuses_codes: false },
            b'T' | b't' | b'u' => CellRule::Text { text: next(&mut texts), missing, markers: 0 },
            b'V' => CellRule::Verbatim { text: next(&mut texts) },
            _ => CellRule::Skip,
        }
    });
    let cells = cells.collect();
    let weight = weight.map(|_| features + targets);
    let values = features + targets + usize::from(weight.is_some());
    RowLayout { cells, values, features, weight, texts, markers: vec![markers] }
}

/// A row that was read.
#[derive(Debug, PartialEq)]
enum Row {
    /// Where it is, the bits of its values, and its texts with their places.
    Good(Range<usize>, Vec<u64>, Vec<(String, usize)>),
    /// Where it is and what is wrong; its values are arbitrary.
    Bad(Range<usize>, String),
    Dropped,
}

/// All that a reader says of a text.
#[derive(Debug, PartialEq)]
struct Reading {
    rows: Vec<Row>,
    records: usize,
    has_fault: bool,
    /// The kinds of line ends, comment lines, blank lines at the end, and the fault.
    summary: String,
}

fn read<const FAST: bool>(reader: &RowReader<'_>, text: &str, is_first: bool) -> Reading {
    let (mut values, mut collected) = (Vec::new(), Collected(Vec::new()));
    let place = ChunkPlace { is_first, first_line: 1 };
    let summary = reader.read_as::<FAST>(text, place, &mut values, &mut collected);
    let width = reader.layout.values;
    let mut rows = collected.0;
    let mut kept = 0;
    for row in &mut rows {
        if let Row::Good(_, bits, _) = row {
            *bits = values[kept..kept + width].iter().map(|value| value.to_bits()).collect();
        }
        kept += if matches!(row, Row::Dropped) { 0 } else { width };
    }
    let ReadSummary { records, line_ends, comments, blank, fault } = summary;
    let has_fault = fault.is_some();
    // A record that ends the reading may have left its values.
    assert!(has_fault || kept == values.len(), "{kept} values of {}", values.len());
    Reading { rows, records, has_fault, summary: format!("{line_ends:?} {comments} {blank:?} {fault:?}") }
}

struct Collected(Vec<Row>);

impl<'t> RowVisitor<'t> for Collected {
    fn row(&mut self, row: RowText<'_, 't>) {
        let cells = row.cells.iter().map(|cell| (cell.text.clone().into_owned(), cell.offset)).collect();
        self.0.push(Row::Good(row.bytes, Vec::new(), cells));
    }

    fn bad_row(&mut self, row: RowText<'_, 't>, fault: Box<AtOffset>) -> Result<(), Box<AtOffset>> {
        self.0.push(Row::Bad(row.bytes, format!("{fault:?} {}", fault.kind)));
        Ok(())
    }

    fn left_out(&mut self, _: LeftOut) {
        self.0.push(Row::Dropped);
    }
}

/// Cut where a file would be, a text has the same rows.
fn in_chunks(reader: &RowReader<'_>, text: &str, whole: &Reading) {
    let half = &text.as_bytes()[..text.len() / 2];
    let Some(cut) = RecordBoundaries::new(reader.format.dialect).last_in(half) else { return };
    let (first, second) =
        (read::<true>(reader, &text[..cut], true), read::<true>(reader, &text[cut..], false));
    assert!(!first.has_fault && !second.has_fault, "cut at {cut}: {first:?} {second:?}");
    assert_eq!(first.records + second.records, whole.records, "cut at {cut}");
    let moved = second.rows.into_iter().map(|row| match row {
        Row::Good(bytes, bits, cells) => Row::Good(
            bytes.start + cut..bytes.end + cut,
            bits,
            cells.into_iter().map(|(text, offset)| (text, offset + cut)).collect(),
        ),
        Row::Bad(bytes, fault) => Row::Bad(bytes.start + cut..bytes.end + cut, fault),
        Row::Dropped => Row::Dropped,
    });
    for (row, expected) in first.rows.into_iter().chain(moved).zip(&whole.rows) {
        match (&row, expected) {
            // The text of a fault has its place.
            (Row::Bad(place, _), Row::Bad(expected, _)) => assert_eq!(place, expected, "cut at {cut}"),
            _ => assert_eq!(row, *expected, "cut at {cut}"),
        }
    }
}
