//! Suggests another delimiter for a file that the given one does not fit.

use crate::data::csv::dialect::CsvFormat;
use crate::data::csv::dialect::Dialect;
use crate::data::csv::parser::Parser;
use crate::data::csv::position::line_of;
use crate::data::error::{AtOffset, ErrorKind};
use crate::data::spec::DataSpec;

/// Characters that files use as delimiter, the most common first after the comma, which is usual.
pub(crate) const DELIMITERS: [char; 4] = [';', '\t', '|', ','];
/// Others that do, but are common in texts and times, too, equally often in each line.
const COMMON: [char; 2] = [':', ' '];
/// Lines that are looked at above and below a table.
pub(crate) const MOST_LINES: usize = 20;
/// Records that a delimiter has to fit.
const ENOUGH_RECORDS: usize = 10;

/// The cause of a quoting error in the first name: another delimiter, if one is next to the quote.
pub(crate) fn of_quote(parser: &Parser<'_>, at: Box<AtOffset>) -> Box<AtOffset> {
    let (before, after) = parser.text().split_at(at.offset);
    let neighbour = match at.kind {
        ErrorKind::AfterQuote { .. } => after.chars().next(),
        ErrorKind::StrayQuote => before.chars().next_back(),
        _ => None,
    };
    match neighbour.filter(|neighbour| DELIMITERS.contains(neighbour) || *neighbour == ':') {
        Some(neighbour) => AtOffset::new(parser.record_start(), ErrorKind::OtherDelimiter(neighbour)),
        None => at,
    }
}

/// The line `sep=;` that Excel reads, if the first record is one.
pub(crate) fn of_sep_line(parser: &Parser<'_>) -> Option<Box<AtOffset>> {
    let start = parser.record_start();
    let line = parser.text()[start..].split(['\n', '\r']).next().unwrap_or_default();
    let delimiter = delimiter_of_sep_line(line)?;
    let line = line_of(parser.text().as_bytes(), start);
    Some(AtOffset::new(start, ErrorKind::SepLine { delimiter, line }))
}

/// The delimiter that a line such as `sep=;` names.
pub(crate) fn delimiter_of_sep_line(line: &str) -> Option<char> {
    let is_sep = line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep="));
    let mut rest = line.get(4..).filter(|_| is_sep)?.chars();
    rest.next().filter(|_| rest.next().is_none())
}

/// How many lines are before a table, and the delimiter and number of its columns; none if the text does not begin
/// with other lines.
fn lines_before(text: &str, dialect: Dialect) -> Option<(usize, char, usize)> {
    let mut start = 0;
    for lines in 1..=MOST_LINES {
        start += text[start..].find('\n')? + 1;
        for delimiter in [char::from(dialect.delimiter)].into_iter().chain(DELIMITERS) {
            let dialect = Dialect { delimiter: u8::try_from(delimiter).ok()?, ..dialect };
            if let Some(width) = even_width(&text[start..], dialect) {
                return Some((lines, delimiter, width));
            }
        }
    }
    None
}

/// Why there is one column only: another delimiter, or a title above the table. `parser` has read
/// the first record.
pub(crate) fn of_one_column(format: CsvFormat, mut parser: Parser<'_>) -> Box<AtOffset> {
    let start = parser.record_start();
    let mut lines = parser.text()[start..].split(['\n', '\r']).filter(|line| !line.is_empty());
    let (first, second) = (lines.next().unwrap_or_default(), lines.next());
    let others = DELIMITERS.into_iter().chain(COMMON);
    let others = others.filter(|&other| other != char::from(format.dialect.delimiter));
    let mut found = others.filter(|&other| first.contains(other));
    let is_regular = |other: &char| match u8::try_from(*other) {
        // Their number in a line of text says little.
        Ok(delimiter) if COMMON.contains(other) => {
            even_width(&parser.text()[start..], Dialect { delimiter, ..format.dialect }).is_some()
        }
        _ => second.is_none_or(|second| second.matches(*other).count() == first.matches(*other).count()),
    };
    if let Some(other) = found.clone().find(is_regular) {
        return AtOffset::new(start, ErrorKind::OtherDelimiter(other));
    }
    let first_line = line_of(parser.text().as_bytes(), start);
    if let Some((lines, delimiter, width)) = lines_before(&parser.text()[start..], format.dialect) {
        let lines = lines + first_line as usize - 1;
        let delimiter = Some(delimiter).filter(|&other| other != char::from(format.dialect.delimiter));
        return AtOffset::new(start, ErrorKind::LinesBefore { lines, width, delimiter });
    }
    let width = match parser.next_record() {
        Ok(true) => parser.skip_fields().unwrap_or(1),
        _ => 1,
    };
    if width > 1 {
        let hint = "; if the first line is a title, remove it";
        let fault = ErrorKind::Ragged { expected: 1, found: width, first_line, hint };
        return AtOffset::new(parser.record_start(), fault);
    }
    let other = found.find(|other| !COMMON.contains(other));
    AtOffset::new(start, other.map_or(ErrorKind::OneColumn, ErrorKind::OtherDelimiter))
}

/// Refuses a file for which no delimiter is set if another one splits each of its first records into
/// as many fields, or more. `parser` has read the first record, of `found` fields.
pub(crate) fn check_usual(format: CsvFormat, parser: &Parser<'_>, found: usize) -> Result<(), Box<AtOffset>> {
    let start = parser.record_start();
    let text = &parser.text()[start..];
    let usual = format.dialect;
    // Records of different widths are refused anyway.
    let least = if even_width(text, usual).is_some() { found } else { 2 };
    let better = DELIMITERS
        .into_iter()
        .filter(|&other| u32::from(other) != u32::from(usual.delimiter))
        .find_map(|other| {
            let dialect = Dialect { delimiter: u8::try_from(other).ok()?, ..usual };
            even_width(text, dialect).filter(|&width| width >= least).map(|width| (other, width))
        });
    match better {
        None => Ok(()),
        Some((other, with_other)) => {
            let usual = char::from(usual.delimiter);
            Err(AtOffset::new(start, ErrorKind::LikelierDelimiter { usual, found, other, with_other }))
        }
    }
}

/// Whether a text begins with lines that some delimiter splits into equally many fields.
pub(crate) fn looks_like_table(text: &str) -> bool {
    let usual = Dialect::new(&DataSpec::default());
    let delimiters = DELIMITERS.into_iter().filter_map(|delimiter| u8::try_from(delimiter).ok());
    delimiters.into_iter().any(|delimiter| even_width(text, Dialect { delimiter, ..usual }).is_some())
}

/// How many fields the first records have, two or more, if all have the same number.
fn even_width(text: &str, dialect: Dialect) -> Option<usize> {
    if dialect.quote == Some(dialect.delimiter) {
        return None;
    }
    let mut parser = Parser::new(text, dialect);
    let mut widths = Vec::new();
    while widths.len() < ENOUGH_RECORDS && parser.next_record().ok()? {
        widths.push(parser.skip_fields().ok()?);
    }
    // One alone proves nothing.
    let &first = widths.first().filter(|&&first| first > 1 && widths.len() > 1)?;
    widths.iter().all(|&width| width == first).then_some(first)
}
