//! One data file: its columns, then its rows.

use std::path::Path;

use super::cell::trim;
use super::error::{At, DataError};
use super::fault::Fault;
use super::format::Format;
use super::lexer::Lexer;
use super::limits::MAX_COLUMNS;
use super::rows::{RawRows, read_rows};
use super::schema::{Role, numbered_names};
use super::text::Text;

/// A file in memory whose columns are known.
#[derive(Debug)]
pub(super) struct CsvFile {
    pub(super) text: Text,
    /// Of the columns.
    pub(super) names: Vec<String>,
    format: Format,
}

impl CsvFile {
    /// Reads a file up to its first record.
    pub(super) fn open(path: &Path, format: Format) -> Result<Self, DataError> {
        let text = Text::read(path, format.delimiter, format.limit)?;
        match columns(&text.body, format) {
            Ok(names) => Ok(Self { text, names, format }),
            Err(at) => Err(text.error(*at, &[])),
        }
    }

    /// Reads the rows. `roles` are those of this file's columns; `class_of` turns a label and its
    /// place into a number.
    pub(super) fn rows(
        &self,
        roles: &[Role],
        class_of: impl FnMut(&str, usize) -> Result<u32, Box<At>>,
    ) -> Result<RawRows, DataError> {
        read_rows(&self.text.body, self.format, roles, class_of).map_err(|at| self.error(*at))
    }

    /// An error at a place in this file.
    pub(super) fn error(&self, at: At) -> DataError {
        self.text.error(at, &self.names)
    }

    /// An error of this file as a whole.
    pub(super) fn fail(&self, fault: Fault) -> DataError {
        DataError::new(&self.text.path, fault)
    }
}

/// Characters that files use as delimiter, the likeliest first.
const DELIMITERS: [char; 5] = [';', '\t', '|', ',', ' '];

/// The names of the columns, by the first record.
fn columns(body: &str, format: Format) -> Result<Vec<String>, Box<At>> {
    let mut lexer = Lexer::new(body, format.delimiter);
    if !lexer.next_record()? {
        return Err(At::new(0, Fault::Empty));
    }
    let mut names = Vec::new();
    loop {
        let field = match lexer.next_field() {
            Err(at) if names.is_empty() => return Err(other_delimiter(body, at)),
            field => field?,
        };
        if names.len() == MAX_COLUMNS {
            return Err(At::new(lexer.record_start(), Fault::TooManyColumns));
        }
        names.push(trim(&lexer.content(field)).to_owned());
        if field.is_last {
            break;
        }
    }
    if names.len() == 1 {
        return Err(one_column(body, format.delimiter, lexer));
    }
    Ok(if format.header { names } else { numbered_names(names.len()) })
}

/// A quote in the first name that is next to another delimiter gives that away.
fn other_delimiter(body: &str, at: Box<At>) -> Box<At> {
    let (before, after) = body.split_at(at.offset);
    let neighbour = match at.fault {
        Fault::AfterQuote { .. } => after.chars().next(),
        Fault::StrayQuote => before.chars().next_back(),
        _ => None,
    };
    match neighbour.filter(|neighbour| DELIMITERS.contains(neighbour) && *neighbour != ' ') {
        Some(neighbour) => At::new(0, Fault::OtherDelimiter(neighbour)),
        None => at,
    }
}

/// Why there is one column only: another delimiter, or a title above the table. `lexer` has read
/// the first record.
fn one_column(body: &str, delimiter: u8, mut lexer: Lexer<'_>) -> Box<At> {
    let mut lines = body.split(['\n', '\r']).filter(|line| !line.is_empty());
    let (first, second) = (lines.next().unwrap_or_default(), lines.next());
    let others = DELIMITERS.into_iter().filter(|&other| other != char::from(delimiter));
    let mut found = others.filter(|&other| first.contains(other));
    let is_regular = |other: &char| {
        second.is_none_or(|second| second.matches(*other).count() == first.matches(*other).count())
    };
    if let Some(other) = found.clone().find(is_regular) {
        return At::new(0, Fault::OtherDelimiter(other));
    }
    let width = match lexer.next_record() {
        Ok(true) => width(&mut lexer).unwrap_or(1),
        _ => 1,
    };
    if width > 1 {
        let hint = "; if the first line is a title, remove it";
        return At::new(lexer.record_start(), Fault::Ragged { expected: 1, found: width, hint });
    }
    At::new(0, found.find(|&other| other != ' ').map_or(Fault::OneColumn, Fault::OtherDelimiter))
}

/// The number of fields of the current record, none of which was visited.
pub(super) fn width(lexer: &mut Lexer<'_>) -> Result<usize, Box<At>> {
    let mut fields = 1;
    while !lexer.next_field()?.is_last {
        fields += 1;
    }
    Ok(fields)
}
