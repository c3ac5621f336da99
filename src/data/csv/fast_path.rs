//! The fast path for records in which nothing is quoted and nothing is wrong.
//!
//! It either reads exactly what the [`Parser`](crate::data::csv::parser::Parser) and [`number`] would, or gives
//! up, and then they read the record again and say what is wrong with it.

use std::borrow::Cow;

use crate::data::csv::dialect::Dialect;
use crate::data::csv::missing::Markers;
use crate::data::csv::number::{Notation, trim};
use crate::data::csv::row_reader::Cell;
use crate::data::limits::MAX_RECORD_BYTES;
use crate::data::schema::layout::{CellRule, OnMissing, RowLayout};

/// Reads the record of `text` that starts at `start`, its values into `row`, its texts, trimmed,
/// into `cells`; the result is the place of its line end, or the end of the text.
#[inline]
pub(crate) fn parse_simple_record<'t>(
    text: &'t str,
    start: usize,
    dialect: Dialect,
    layout: &RowLayout,
    row: &mut [f64],
    cells: &mut [Cell<'t>],
) -> Option<usize> {
    let bytes = text.as_bytes();
    let (delimiter, quote) = (dialect.delimiter, dialect.quote_or_delimiter());
    if delimiter == b' ' {
        return None; // of which several separate two fields
    }
    let (mut at, mut end) = (start, start);
    for (column, rule) in layout.cells.iter().enumerate() {
        if column > 0 {
            if bytes.get(end) != Some(&delimiter) {
                return None;
            }
            at = end + 1;
        }
        match *rule {
            CellRule::Number { value: index, missing, markers, refuses_codes } => {
                let markers = &layout.markers[markers as usize];
                let is_zero = refuses_codes && bytes.get(at) == Some(&b'0');
                if is_zero && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
                    return None;
                }
                let plain = if markers.is_plain { decimal(bytes, at) } else { None };
                let (value, next) = match plain {
                    Some((value, next)) if is_end(bytes, next, delimiter) => (value, next),
                    _ => {
                        let next = end_of_cell(bytes, at, delimiter, quote)?;
                        let cell = &text[at..next];
                        if refuses_codes && Notation::of(trim(cell)).may_be_code() {
                            return None;
                        }
                        (number_or_nan(cell, missing, markers)?, next)
                    }
                };
                if markers.holds(value) {
                    return None;
                }
                row[index] = value;
                end = next;
            }
            CellRule::Category { value, missing, markers, ref words } => {
                end = end_of_cell(bytes, at, delimiter, quote)?;
                let word = trim(&text[at..end]);
                row[value] = match words.is_missing(word, &layout.markers[markers as usize]) {
                    true if missing == OnMissing::Refuse => return None,
                    true => f64::NAN,
                    false => words.number(word)?,
                };
            }
            CellRule::Text { text: index, markers, .. } => {
                end = end_of_cell(bytes, at, delimiter, quote)?;
                let content = trim(&text[at..end]);
                if layout.markers[markers as usize].in_texts(content) {
                    return None;
                }
                cells[index] = Cell { text: Cow::Borrowed(content), offset: at };
            }
            CellRule::Verbatim { text: index } => {
                end = end_of_cell(bytes, at, delimiter, quote)?;
                cells[index] = Cell { text: Cow::Borrowed(&text[at..end]), offset: at };
            }
            CellRule::Skip => end = end_of_cell(bytes, at, delimiter, quote)?,
        }
    }
    if layout.is_negative(row) {
        return None;
    }
    let is_whole = bytes.get(end) != Some(&delimiter) && end - start <= MAX_RECORD_BYTES;
    is_whole.then_some(end)
}

/// A number in another notation, or NaN if it is missing and may be.
#[inline]
fn number_or_nan(cell: &str, missing: OnMissing, markers: &Markers) -> Option<f64> {
    markers.number(cell).or_else(|| {
        let may_be_nan = missing != OnMissing::Refuse && markers.in_numbers(trim(cell));
        may_be_nan.then_some(f64::NAN)
    })
}

/// Whole numbers up to this are exact in double precision.
const EXACT: u64 = 1 << 53;
/// Any number with this many digits fits into a `u64`.
const DIGITS: usize = 19;
/// Powers of ten, all exact in double precision.
const POWERS: [f64; DIGITS + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19,
];

/// The decimal number without exponent that starts at `start`, and where it ends.
///
/// Correctly rounded: a quotient of two doubles that are exact is rounded once.
#[inline]
fn decimal(bytes: &[u8], start: usize) -> Option<(f64, usize)> {
    let sign = *bytes.get(start)?;
    let first = start + usize::from(sign == b'-' || sign == b'+');
    let (whole, end) = digits(bytes, first, 0);
    let (value, end) = if bytes.get(end) != Some(&b'.') {
        (exact(whole, end - first)?, end)
    } else {
        let (all, next) = digits(bytes, end + 1, whole);
        let decimals = next - end - 1;
        (exact(all, end - first + decimals)? / POWERS[decimals], next)
    };
    Some((if sign == b'-' { -value } else { value }, end))
}

/// The digits as a whole number, if it is exact in double precision.
#[inline]
fn exact(number: u64, digits: usize) -> Option<f64> {
    // Processors convert signed numbers faster, and these are small.
    ((1..=DIGITS).contains(&digits) && number <= EXACT).then_some(number as i64 as f64)
}

/// Appends the digits that start at `start` to those of a number; wrong if there are more than 19.
#[inline]
fn digits(bytes: &[u8], start: usize, mut number: u64) -> (u64, usize) {
    let mut end = start;
    while let Some(digit) = bytes.get(end).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10) {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        end += 1;
    }
    (number, end)
}

/// Where the cell that starts at `start` ends, unless there is a quote in it.
#[inline]
fn end_of_cell(bytes: &[u8], start: usize, delimiter: u8, quote: u8) -> Option<usize> {
    let mut end = start;
    while !is_end(bytes, end, delimiter) {
        if bytes[end] == quote {
            return None;
        }
        end += 1;
    }
    Some(end)
}

#[inline]
fn is_end(bytes: &[u8], at: usize, delimiter: u8) -> bool {
    match bytes.get(at) {
        Some(&byte) => byte == delimiter || byte == b'\n' || byte == b'\r',
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::csv::dialect::Comments;
    use crate::data::csv::number_format::NumberFormat;

    const DIALECT: Dialect = Dialect { delimiter: b',', quote: Some(b'"'), comments: Comments::Refused };

    fn layout(missing: OnMissing) -> RowLayout {
        RowLayout {
            cells: vec![
                CellRule::Number { value: 1, missing: OnMissing::Refuse, markers: 0, refuses_codes: true },
                CellRule::Text { text: 0, missing: OnMissing::Refuse, markers: 0 },
                CellRule::Skip,
                CellRule::Number { value: 0, missing, markers: 0, refuses_codes: false },
            ],
            values: 2,
            features: 2,
            weight: None,
            texts: 1,
            markers: vec![Markers::new(None, NumberFormat::default())],
        }
    }

    fn read(text: &str) -> Option<(usize, Cow<'_, str>, [f64; 2])> {
        let (mut row, mut cells) = ([0.0; 2], [Cell::default()]);
        let end = parse_simple_record(text, 0, DIALECT, &layout(OnMissing::Refuse), &mut row, &mut cells)?;
        let [Cell { text, .. }] = cells;
        Some((end, text, row))
    }

    #[test]
    fn simple_records_are_read_to_their_end() {
        assert_eq!(read("1,a,é,-2.5\nrest"), Some((11, "a".into(), [-2.5, 1.0])));
        assert_eq!(read("1.e3, a\t,,\t+4 \r\n"), Some((14, "a".into(), [4.0, 1000.0])));
        assert_eq!(read("0,a,,01e3"), Some((9, "a".into(), [1000.0, 0.0])));
        assert_eq!(read("1,a,,2"), Some((6, "a".into(), [2.0, 1.0])));
    }

    #[test]
    fn quoted_or_wrong_records_are_left_to_the_parser() {
        for text in [
            "\"1\",a,x,2",
            "1,a,\"x\",2",
            "1,a,x\"y,2",
            "1,?,x,2",
            "1,a,x",
            "1,a,x,2,",
            "1,a\n,x,2",
            "1,a,x,",
            "1,a,x,y",
            "1,a,x,1:2",
            "01,a,,2",
            " 01,a,,2",
            "1E3,a,,2",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let long = format!("1,a,{},2", "x".repeat(MAX_RECORD_BYTES - 6));
        assert!(read(&long).is_some());
        assert_eq!(read(&long.replacen('a', "aa", 1)), None);
    }

    #[test]
    fn a_value_may_be_missing_only_where_allowed() {
        let (mut row, mut cells) = ([0.0; 2], [Cell::default()]);
        let mut read =
            |text| parse_simple_record(text, 0, DIALECT, &layout(OnMissing::Keep), &mut row, &mut cells);
        assert_eq!((read("1,a,,"), read("1,a,, NA"), read(",a,,1")), (Some(5), Some(8), None));
        assert!(row[0].is_nan());
    }

    fn matches_the_standard_library(text: &str) {
        if let Some((value, end)) = decimal(text.as_bytes(), 0) {
            let expected: f64 = text[..end].parse().expect("what is read is a number");
            assert_eq!(value.to_bits(), expected.to_bits(), "{text}");
        }
    }

    #[test]
    fn edge_case_decimals_are_rounded_correctly() {
        for text in [
            "0",
            "-0",
            "-0.0",
            "00.10",
            ".5",
            "5.",
            "+5",
            "0.1",
            "9007199254740992",
            "9007199254740993",
            "0.9007199254740993",
            "900719925474099.3",
            "0000000000000000001",
            "0.0000000000000000001",
            "00000000000000000001",
            "99999999999999999999999",
            "18446744073709551617",
            "1.8446744073709551617",
            "1.7976931348623157",
            "123456.789",
            "5e3",
            "1..2",
        ] {
            matches_the_standard_library(text);
        }
        for text in ["", ".", "-", "+", "-.", "--1", "e5", "9007199254740993", "00000000000000000001"] {
            assert_eq!(decimal(text.as_bytes(), 0), None, "{text}");
        }
        assert_eq!(decimal(b"9007199254740992", 0), Some((9_007_199_254_740_992.0, 16)));
    }

    proptest! {
        #[test]
        fn decimals_are_rounded_correctly(text in "[-+]?[0-9]{0,12}\\.?[0-9]{0,12}") {
            matches_the_standard_library(&text);
        }
    }
}
