//! One data file: its columns, then its rows.

use std::path::{Path, PathBuf};

use crate::data::csv::chunks::{Chunk, Chunks};
use crate::data::csv::delimiter_guess;
use crate::data::csv::dialect::CsvFormat;
use crate::data::csv::missing::Markers;
use crate::data::csv::number::trim;
use crate::data::csv::parser::Parser;
use crate::data::csv::position::line_of;
use crate::data::csv::row_reader::RowReader;
use crate::data::error::{AtOffset, DataError, ErrorKind, Located};
use crate::data::limits::MAX_COLUMNS;
use crate::data::schema::layout::RowLayout;
use crate::data::schema::numbered_names;
use crate::data::schema::survey::{ColumnStats, FileStats, StatsReader, SurveyedRows};
use crate::data::source::encoding_guess::guess_encoding;
use crate::data::table::SourceFile;
use crate::data::table::raw_rows::{NumberOf, RawRows, read_rows};
use crate::data::table::row_store::RowStore;

/// A file whose columns are known; its rows are still to be read.
#[derive(Debug)]
pub(crate) struct CsvFile {
    pub(crate) path: PathBuf,
    /// The names of the columns.
    pub(crate) names: Vec<String>,
    format: CsvFormat,
    first: Chunk,
    chunks: Chunks,
    /// The line of the first record.
    pub(crate) first_line: u64,
}

impl CsvFile {
    /// Reads a file up to its first record. `given` names the columns of a file without header,
    /// unless it is empty.
    pub(crate) fn open(path: &Path, format: CsvFormat, given: &[String]) -> Result<Self, DataError> {
        let mut chunks = Chunks::open(path, format).map_err(|fault| DataError::new(path, fault))?;
        let mut first = Chunk::default();
        let read = chunks.next(&mut first);
        match read.and_then(|_| columns(&first, format, given)) {
            Ok((names, first_line)) => {
                Ok(Self { path: path.to_owned(), names, format, first, chunks, first_line })
            }
            Err(error) => Err(data_error(*chunks.skip(error, first.lines()), path, &[])),
        }
    }

    /// The path, the columns, the line of the first record, the first chunk, and the other chunks.
    pub(crate) fn into_parts(self) -> (PathBuf, Vec<String>, u64, Chunk, Chunks) {
        (self.path, self.names, self.first_line, self.first, self.chunks)
    }

    /// Reads the rows. `layout` is that of this file's columns.
    pub(crate) fn rows(
        &mut self,
        layout: &RowLayout,
        number_of: &mut NumberOf<'_>,
    ) -> Result<RawRows, DataError> {
        let reader = RowReader { format: self.format, layout, first_line: self.first_line };
        let store = RowStore::new(layout.features, self.format.reading.memory, &self.path);
        let rows = read_rows(reader, &self.first, &mut self.chunks, store, number_of);
        rows.map_err(|error| self.error(*error))
    }

    /// Surveys the columns of all rows, of which `most` different texts are kept; 0 leaves a
    /// column out. The rows cannot be read after that.
    pub(crate) fn survey(
        mut self,
        markers: &Markers,
        most: Vec<usize>,
        which: SurveyedRows,
    ) -> Result<FileStats, DataError> {
        let Self { format, first_line, .. } = self;
        let surveyor = StatsReader::new(format, first_line, markers, most, which);
        let surveys = surveyor.survey(&self.first, &mut self.chunks);
        surveys.map_err(|error| self.error(*error))
    }

    /// Surveys the columns of the first rows.
    pub(crate) fn sample(
        &self,
        markers: &Markers,
        most: Vec<usize>,
        which: SurveyedRows,
    ) -> Vec<ColumnStats> {
        let Self { format, first_line, .. } = *self;
        StatsReader::new(format, first_line, markers, most, which).sample(&self.first)
    }

    /// Where the data came from, once `rows` were read.
    pub(crate) fn finish(self, rows: usize) -> SourceFile {
        let (sha256, bytes) = self.chunks.finish();
        SourceFile { path: self.path, sha256, bytes, rows }
    }

    /// An error at a place in this file.
    pub(crate) fn error(&self, error: Located) -> DataError {
        data_error(error, &self.path, &self.names)
    }

    /// An error of its columns, or of this file as a whole.
    pub(crate) fn fail(&self, fault: ErrorKind) -> DataError {
        DataError::of_columns(&self.path, fault, self.format.header.then_some(self.first_line))
    }
}

/// The error in the file at `path`, whose columns have these names; where text is not UTF-8, the
/// encoding is guessed from it.
pub(crate) fn data_error(mut error: Located, path: &Path, names: &[String]) -> DataError {
    if let ErrorKind::NotUtf8 { offset, guess, .. } = &mut error.kind {
        *guess = guess_encoding(path, *offset);
    }
    error.error(path, names)
}

/// The names of the columns and the line of the first record, which has as many fields.
fn columns(first: &Chunk, format: CsvFormat, given: &[String]) -> Result<(Vec<String>, u64), Box<Located>> {
    let body = first.text()?;
    let mut parser = Parser::new(body, format.dialect);
    let names = match parser.next_record() {
        Ok(true) => names(&mut parser, format, given),
        Ok(false) if !first.is_last => {
            Err(AtOffset::new(parser.blank_end().unwrap_or_default(), ErrorKind::BlankLine))
        }
        Ok(false) if body.bytes().all(|byte| byte.is_ascii_whitespace()) => {
            Err(AtOffset::new(0, ErrorKind::Empty))
        }
        Ok(false) => Err(AtOffset::new(0, ErrorKind::NoRows)),
        Err(at) => Err(at),
    };
    let names = names.map_err(|at| at.located(body.as_bytes()))?;
    Ok((names, line_of(body.as_bytes(), parser.record_start())))
}

/// `parser` is at the first record.
fn names(parser: &mut Parser<'_>, format: CsvFormat, given: &[String]) -> Result<Vec<String>, Box<AtOffset>> {
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
