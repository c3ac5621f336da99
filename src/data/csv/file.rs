//! The files of a table, as one: their columns, then their rows.

use std::path::Path;

use crate::data::csv::chunks::Chunks;
use crate::data::csv::chunks::chunk::Chunk;
use crate::data::csv::dialect::CsvFormat;
use crate::data::csv::missing::Markers;
use crate::data::csv::row_reader::RowReader;
use crate::data::error::{DataError, ErrorKind, Located};
use crate::data::schema::layout::RowLayout;
use crate::data::schema::survey::{ColumnStats, FileStats, StatsReader, SurveyedRows};
use crate::data::source::encoding_guess::guess_encoding;
use crate::data::source::paths::DataFiles;
use crate::data::table::raw_rows::{NumberOf, RawRows, read_rows};
use crate::data::table::row_store::RowStore;
use crate::data::table::{SourceFile, SourceFiles};

/// One or more files whose columns are known; their rows are still to be read.
#[derive(Debug)]
pub(crate) struct CsvFile {
    /// The names of the columns.
    pub(crate) names: Vec<String>,
    format: CsvFormat,
    first: Chunk,
    chunks: Chunks,
    /// The line of the first record of the first file.
    pub(crate) first_line: u64,
}

impl CsvFile {
    /// Reads the first of the files up to its first record. `given` names the columns of files without header,
    /// unless it is empty.
    pub(crate) fn open(files: &DataFiles, format: CsvFormat, given: &[String]) -> Result<Self, DataError> {
        let mut chunks = Chunks::open(files, format, given)?;
        let mut first = Chunk::default();
        match chunks.next(&mut first) {
            Ok(_) => {
                let (names, first_line) = (chunks.names().to_vec(), first.place.first_line);
                Ok(Self { names, format, first, chunks, first_line })
            }
            Err(error) => {
                let error = chunks.skip(error, 0, first.lines());
                Err(data_error(*error, &chunks, &[]))
            }
        }
    }

    /// What messages call the files.
    pub(crate) fn path(&self) -> &Path {
        &self.chunks.files().name
    }

    /// The columns, the line of the first record, the first chunk, and the other chunks.
    pub(crate) fn into_parts(self) -> (Vec<String>, u64, Chunk, Chunks) {
        (self.names, self.first_line, self.first, self.chunks)
    }

    /// Reads the rows. `layout` is that of this file's columns.
    pub(crate) fn rows(
        &mut self,
        layout: &RowLayout,
        number_of: &mut NumberOf<'_>,
    ) -> Result<RawRows, DataError> {
        let reader = RowReader { format: self.format, layout };
        let store = RowStore::new(layout.features, self.format.reading.memory, self.chunks.files().path(0));
        let rows = read_rows(reader, &self.first, &mut self.chunks, store, number_of);
        rows.map_err(|error| self.error(*error))
    }

    /// Surveys the columns of all rows, of which `most` different texts are kept; 0 leaves a
    /// column out. The rows cannot be read after that.
    pub(crate) fn survey(
        mut self,
        markers: (Vec<Markers>, Vec<u32>),
        most: Vec<usize>,
        which: SurveyedRows,
    ) -> Result<FileStats, DataError> {
        let surveyor = StatsReader::new(self.format, markers, most, which);
        let surveys = surveyor.survey(&self.first, &mut self.chunks);
        let mut stats = surveys.map_err(|error| self.error(*error))?;
        stats.sources = self.chunks.finish();
        Ok(stats)
    }

    /// Surveys the columns of the first rows.
    pub(crate) fn sample(
        &self,
        markers: (Vec<Markers>, Vec<u32>),
        most: Vec<usize>,
        which: SurveyedRows,
    ) -> Vec<ColumnStats> {
        StatsReader::new(self.format, markers, most, which).sample(&self.first)
    }

    /// Where the data came from, once `rows` were read.
    pub(crate) fn finish(self, rows: usize) -> SourceFiles {
        let name = self.path().to_owned();
        SourceFiles::new(name, rows, self.chunks.finish())
    }

    /// An error at a place in these files.
    pub(crate) fn error(&self, error: Located) -> DataError {
        data_error(error, &self.chunks, &self.names)
    }

    /// An error of the columns, or of the files as a whole.
    pub(crate) fn fail(&self, fault: ErrorKind) -> DataError {
        column_error(self.chunks.files(), fault, self.format.header.then_some(self.first_line))
    }
}

/// An error about what the columns are, which are named in this line of the first file if there is a header.
pub(crate) fn column_error(files: &DataFiles, fault: ErrorKind, header: Option<u64>) -> DataError {
    match header.filter(|_| fault.is_of_the_header()) {
        Some(line) => DataError::new(files.path(0), fault).at(Some(line), None, None),
        None => DataError::new(&files.name, fault),
    }
}

/// The error at a line of all files, whose columns have these names: with the name of its file and the line there. If
/// the file was changed, its content may have any error; where text is not UTF-8, the encoding is guessed from it.
pub(crate) fn data_error(mut error: Located, chunks: &Chunks, names: &[String]) -> DataError {
    let files = chunks.files();
    let (file, lines) = chunks.place_of(error.line);
    let concerned = if error.kind.is_of_all_rows() { 0..files.paths.len() } else { file..file + 1 };
    if let Some(changed) = concerned.clone().find(|&file| chunks.is_changed(file)) {
        return DataError::new(files.path(changed), ErrorKind::Changed);
    }
    if concerned.len() > 1 {
        return DataError::new(&files.name, error.kind);
    }
    if let ErrorKind::NotUtf8 { offset, guess, .. } = &mut error.kind {
        *guess = guess_encoding(files.path(file), *offset);
    }
    error.above(lines).error(files.path(file), names)
}

/// Whether the same was read of two readings of the same files; the error names the first that was changed.
pub(crate) fn expect_same(before: &[SourceFile], now: &[SourceFile]) -> Result<(), DataError> {
    match before.iter().zip(now).find(|(before, now)| before.sha256 != now.sha256) {
        Some((changed, _)) => Err(DataError::new(&changed.path, ErrorKind::Changed)),
        None => Ok(()),
    }
}
