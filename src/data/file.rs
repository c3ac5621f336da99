//! One data file: its columns, then its rows.

use std::path::{Path, PathBuf};

use super::assembly::{ClassOf, RawRows, read_rows};
use super::cell::trim;
use super::chunks::{Chunk, Chunks};
use super::error::{At, DataError, Told};
use super::fault::Fault;
use super::format::Format;
use super::lexer::Lexer;
use super::limits::MAX_COLUMNS;
use super::records::Reader;
use super::schema::{Role, numbered_names};

/// A file whose columns are known; its rows are still to be read.
#[derive(Debug)]
pub(super) struct CsvFile {
    pub(super) path: PathBuf,
    /// Of the columns.
    pub(super) names: Vec<String>,
    format: Format,
    first: Chunk,
    chunks: Chunks,
}

impl CsvFile {
    /// Reads a file up to its first record.
    pub(super) fn open(path: &Path, format: Format) -> Result<Self, DataError> {
        let mut chunks = Chunks::open(path, format).map_err(|fault| DataError::new(path, fault))?;
        let mut first = Chunk::default();
        let read = chunks.next(&mut first);
        match read.and_then(|_| columns(&first, format)) {
            Ok(names) => Ok(Self { path: path.to_owned(), names, format, first, chunks }),
            Err(told) => {
                let (told, _) = chunks.skip(told, first.lines());
                Err(told.error(path, &[]))
            }
        }
    }

    /// Reads the rows. `roles` are those of this file's columns.
    pub(super) fn rows(&mut self, roles: &[Role], class_of: &mut ClassOf<'_>) -> Result<RawRows, DataError> {
        let reader = Reader::new(self.format, roles);
        let rows = read_rows(&reader, &self.first, &mut self.chunks, class_of);
        rows.map_err(|told| self.error(*told))
    }

    /// The hash, in hexadecimal, and the number of the bytes on disk, once the rows were read.
    pub(super) fn finish(self) -> (String, u64) {
        self.chunks.finish()
    }

    /// An error at a place in this file.
    pub(super) fn error(&self, told: Told) -> DataError {
        told.error(&self.path, &self.names)
    }

    /// An error of this file as a whole.
    pub(super) fn fail(&self, fault: Fault) -> DataError {
        DataError::new(&self.path, fault)
    }
}

/// Characters that files use as delimiter, the likeliest first.
const DELIMITERS: [char; 5] = [';', '\t', '|', ',', ' '];

/// The names of the columns, by the first record.
fn columns(first: &Chunk, format: Format) -> Result<Vec<String>, Box<Told>> {
    let body = first.text()?;
    let is_blank = body.bytes().all(|byte| byte.is_ascii_whitespace());
    let names = match is_blank {
        true if first.is_last => Err(At::new(0, Fault::Empty)),
        true => Err(At::new(0, Fault::BlankLine)),
        false => names(body, format),
    };
    names.map_err(|at| at.told(body.as_bytes()))
}

fn names(body: &str, format: Format) -> Result<Vec<String>, Box<At>> {
    let mut lexer = Lexer::new(body, format.delimiter);
    lexer.next_record()?;
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
