//! The chunks of all files of a table, one file after the other.
//!
//! Lines are counted through all files; [`Chunks::place_of`] says which file has one, and where.

pub(crate) mod chunk;
pub(crate) mod file_chunks;
pub(crate) mod merge;
pub(crate) mod ordered_pool;
pub(crate) mod record_boundaries;

use std::mem;
use std::path::Path;

use crate::data::csv::chunks::chunk::Chunk;
use crate::data::csv::chunks::file_chunks::FileChunks;
use crate::data::csv::dialect::CsvFormat;
use crate::data::csv::header::{columns, expect_same_columns};
use crate::data::error::{DataError, ErrorKind, Located};
use crate::data::source::paths::DataFiles;
use crate::data::source::{Disk, FileVersion};
use crate::data::table::SourceFile;

/// The chunks of one or more files, in order. Where they are split depends on the files and the size of a chunk only.
#[derive(Debug)]
pub(crate) struct Chunks {
    files: DataFiles,
    format: CsvFormat,
    /// Names of the columns of files without header, unless it is empty.
    given: Vec<String>,
    /// The names of the columns, once the first chunk was read.
    names: Option<Vec<String>>,
    /// The files before the current one.
    finished: Vec<FinishedFile>,
    current: FileChunks,
    /// The line of the first record of the current file.
    first_line: u64,
    /// Whether the file after the current one could not be opened.
    is_cut: bool,
    /// The number of chunks so far.
    index: usize,
    /// For each file that was parsed, the number of lines before it.
    starts: Vec<u64>,
}

/// A file that was read to its end.
#[derive(Debug)]
struct FinishedFile {
    version: Option<FileVersion>,
    source: SourceFile,
}

impl Chunks {
    /// Opens the first of the files; `given` names the columns of files without header, unless it is empty.
    pub(crate) fn open(files: &DataFiles, format: CsvFormat, given: &[String]) -> Result<Self, DataError> {
        let current = FileChunks::open(files.path(0), format);
        Ok(Self {
            current: current.map_err(|fault| DataError::new(files.path(0), fault))?,
            files: files.clone(),
            format,
            given: given.to_vec(),
            names: None,
            finished: Vec::new(),
            first_line: 1,
            is_cut: false,
            index: 0,
            starts: vec![0],
        })
    }

    /// Replaces `chunk` by the next one. False after the last file. After a fault there is none of its file.
    ///
    /// The first chunk of each file has its columns, which are the same in all files.
    pub(crate) fn next(&mut self, chunk: &mut Chunk) -> Result<bool, Box<Located>> {
        let read = self.next_of_any_file(chunk);
        // Also where there is a fault, which has its place in the order.
        chunk.index = self.index;
        chunk.file = self.finished.len() + usize::from(self.is_cut);
        chunk.place.first_line = self.first_line;
        self.index += 1;
        read
    }

    fn next_of_any_file(&mut self, chunk: &mut Chunk) -> Result<bool, Box<Located>> {
        loop {
            if self.current.next(chunk)? {
                if chunk.place.is_first {
                    self.read_columns(chunk)?;
                }
                return Ok(true);
            }
            if !self.open_next()? {
                return Ok(false);
            }
        }
    }

    fn read_columns(&mut self, first: &Chunk) -> Result<(), Box<Located>> {
        let found = columns(first, self.format, &self.given);
        let (names, first_line) = match &self.names {
            None => found?,
            Some(_) => found.map_err(of_another_file)?,
        };
        self.first_line = first_line;
        match &self.names {
            None => self.names = Some(names),
            Some(expected) => {
                let line = self.format.header.then_some(first_line);
                expect_same_columns(expected, &names, line, self.files.path(0))?;
            }
        }
        Ok(())
    }

    /// Opens the file after the current one; false if there is none.
    fn open_next(&mut self) -> Result<bool, Box<Located>> {
        if !self.has_more_files() {
            return Ok(false);
        }
        match FileChunks::open(self.files.path(self.finished.len() + 1), self.format) {
            Ok(next) => {
                let version = self.current.version();
                let source =
                    source(mem::replace(&mut self.current, next), self.files.path(self.finished.len()));
                self.finished.push(FinishedFile { version, source });
                Ok(true)
            }
            Err(fault) => {
                self.is_cut = true;
                Err(Located::at_line(1, fault))
            }
        }
    }

    /// Whether there are files after the current one.
    pub(crate) fn has_more_files(&self) -> bool {
        !self.is_cut && self.finished.len() + 1 < self.files.paths.len()
    }

    /// The files.
    pub(crate) fn files(&self) -> &DataFiles {
        &self.files
    }

    /// The names of the columns; none before the first chunk was read.
    pub(crate) fn names(&self) -> &[String] {
        self.names.as_deref().unwrap_or_default()
    }

    /// Says where the files begin: for each that was parsed, the number of lines before it.
    pub(crate) fn set_starts(&mut self, starts: Vec<u64>) {
        self.starts = starts;
    }

    /// The place of the file that has a line, and the number of lines before the file.
    pub(crate) fn place_of(&self, line: u64) -> (usize, u64) {
        // A file may have no lines at all; one with an error is the last that was parsed.
        let file = self.starts.partition_point(|&start| start < line).saturating_sub(1);
        (file, self.starts[file])
    }

    /// Whether a file was changed since it was opened.
    pub(crate) fn is_changed(&self, file: usize) -> bool {
        match self.finished.get(file) {
            Some(finished) => {
                Disk::version_of(self.files.path(file)).is_some_and(|now| finished.version != Some(now))
            }
            None => file == self.finished.len() && self.current.is_changed(),
        }
    }

    /// Reads what is left of a file after its fault, `lines` being those of all files so far: the fault, or another one
    /// that explains more.
    pub(crate) fn skip(&mut self, fault: Box<Located>, file: usize, lines: u64) -> Box<Located> {
        match file == self.finished.len() {
            true => self.current.skip(fault, lines),
            false => fault,
        }
    }

    /// The error that no file has a row; `first` is the first chunk.
    pub(crate) fn no_rows(&self, first: &Chunk) -> Box<Located> {
        match self.files.paths.len() {
            0 | 1 => Located::at_line(first.place.first_line, ErrorKind::NoRows),
            files => Located::at_line(1, ErrorKind::NoRowsAnywhere(files)),
        }
    }

    /// What was read from disk.
    pub(crate) fn finish(self) -> Vec<SourceFile> {
        let last = source(self.current, self.files.path(self.finished.len()));
        self.finished.into_iter().map(|file| file.source).chain([last]).collect()
    }
}

/// The error in the columns of a file after the first, of which no lines can be skipped that the first does not have.
fn of_another_file(mut error: Box<Located>) -> Box<Located> {
    error.kind = match error.kind {
        ErrorKind::LinesBefore { lines, .. } => ErrorKind::LaterStart(lines as u64 + 1),
        ErrorKind::SepLine { line, .. } => ErrorKind::LaterStart(line + 1),
        kind => kind,
    };
    error
}

fn source(chunks: FileChunks, path: &Path) -> SourceFile {
    let (sha256, bytes) = chunks.finish();
    SourceFile { path: path.to_owned(), sha256, bytes }
}
