//! The columns of a file, from its first record; and whether those of several files are the same.

use std::path::Path;

use crate::data::csv::chunks::chunk::Chunk;
use crate::data::csv::delimiter_guess;
use crate::data::csv::dialect::CsvFormat;
use crate::data::csv::number::trim;
use crate::data::csv::parser::Parser;
use crate::data::csv::position::line_of;
use crate::data::error::phrases::OtherColumns;
use crate::data::error::{AtOffset, ErrorKind, Located};
use crate::data::limits::MAX_COLUMNS;
use crate::data::schema::numbered_names;

/// The names of the columns and the line of the first record, which has as many fields.
pub(crate) fn columns(
    first: &Chunk,
    format: CsvFormat,
    given: &[String],
) -> Result<(Vec<String>, u64), Box<Located>> {
    let body = first.text()?;
    let mut parser = Parser::new(body, format.dialect);
    parser.skip_raw_lines(format.skip_rows);
    let names = match parser.next_record() {
        Ok(true) => names(&mut parser, format, given),
        Ok(false) if !first.is_last => {
            Err(AtOffset::new(parser.blank_end().unwrap_or_default(), ErrorKind::BlankLine))
        }
        Ok(false) if body.bytes().all(|byte| byte.is_ascii_whitespace()) => {
            Err(AtOffset::new(0, ErrorKind::Empty))
        }
        Ok(false) => {
            let end = body.trim_end_matches(['\n', '\r']).len();
            let (skip_rows, lines) = (format.skip_rows, line_of(body.as_bytes(), end) as usize);
            let kind = if skip_rows >= lines {
                ErrorKind::NoLineLeft { skip_rows, lines }
            } else {
                ErrorKind::NoRows
            };
            Err(AtOffset::new(0, kind))
        }
        Err(at) => Err(at),
    };
    let names = names.map_err(|at| at.located(body.as_bytes()))?;
    Ok((names, line_of(body.as_bytes(), parser.record_start())))
}

/// `parser` is at the first record.
fn names(parser: &mut Parser<'_>, format: CsvFormat, given: &[String]) -> Result<Vec<String>, Box<AtOffset>> {
    if let Some(at) = delimiter_guess::of_sep_line(parser) {
        return Err(at);
    }
    let mut names = Vec::new();
    loop {
        let field = match parser.next_field() {
            Err(at) if names.is_empty() => return Err(delimiter_guess::of_quote(parser, at)),
            field => field?,
        };
        if names.len() == MAX_COLUMNS {
            return Err(AtOffset::new(parser.record_start(), ErrorKind::TooManyColumns));
        }
        names.push(trim(&parser.content(field)).to_owned());
        if field.is_last {
            break;
        }
    }
    match names.len() {
        1 if !format.reading.one_column => {
            return Err(delimiter_guess::of_one_column(format, parser.clone()));
        }
        found if !format.is_delimiter_set => delimiter_guess::check_usual(format, parser, found)?,
        _ => {}
    }
    match names.len() {
        _ if format.header => Ok(names),
        found if given.is_empty() => Ok(numbered_names(found)),
        found if given.len() == found => Ok(given.to_vec()),
        found => Err(AtOffset::new(
            parser.record_start(),
            ErrorKind::NamesForColumns { names: given.len(), found },
        )),
    }
}

/// Checks the columns of another file, whose first record is in this line, against the `expected` ones of the first
/// file: by name and in order if there is a header, else their number.
pub(crate) fn expect_same_columns(
    expected: &[String],
    found: &[String],
    line: Option<u64>,
    first_file: &Path,
) -> Result<(), Box<Located>> {
    let first_file = first_file.to_owned();
    let Some(line) = line else {
        let (expected, found) = (expected.len(), found.len());
        return match expected == found {
            true => Ok(()),
            false => Err(Located::at_line(1, ErrorKind::OtherWidthHere { expected, found, first_file })),
        };
    };
    let is_other = |&index: &usize| expected.get(index) != found.get(index);
    let Some(index) = (0..expected.len().max(found.len())).find(is_other) else { return Ok(()) };
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort_unstable();
        names
    };
    let is_order = sorted(expected) == sorted(found);
    let [expected, found] = [expected, found].map(|names| names.get(index).cloned());
    let kind = ErrorKind::OtherColumns(OtherColumns { index, expected, found, is_order, first_file });
    Err(Box::new(Located { line, character: None, field: Some(index), kind }))
}
