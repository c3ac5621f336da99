//! What is wrong with a data file, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::data::error_kind::Fault;
use crate::data::source::file_signature;
use crate::text::{DisplayPath, Quoted, STANDARD_INPUT};

/// Why data cannot be used: place, offending value, what is allowed and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{place}{fault}")]
pub struct DataError {
    place: Box<Place>,
    fault: Box<Fault>,
}

/// Who has to act on a [`DataError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataErrorKind {
    /// `[data]` asks for what these data do not have.
    Config,
    /// The content of a file is at fault.
    Data,
    /// A file cannot be read.
    Io,
    /// A file is over a limit of size.
    Limit,
}

impl DataError {
    pub(crate) fn new(path: &Path, fault: Fault) -> Self {
        let place = Place { path: path.to_owned(), line: None, character: None, column: None };
        Self { place: Box::new(place), fault: Box::new(fault) }
    }

    /// An error about what the columns of a file are, whose header is in this line if it has one.
    pub(crate) fn of_columns(path: &Path, fault: Fault, header: Option<u64>) -> Self {
        let line = header.filter(|_| fault.is_of_the_header());
        Self::new(path, fault).at(line, None, None)
    }

    /// The same error with its place in the file, as far as it has one.
    pub(crate) fn at(
        mut self,
        line: Option<u64>,
        character: Option<u64>,
        column: Option<(usize, String)>,
    ) -> Self {
        *self.place = Place { path: self.place.path, line, character, column };
        self
    }

    /// The same error with the columns that have missing values, where it is about one.
    pub(crate) fn with_missing(mut self, counted: impl FnOnce() -> Vec<(String, usize)>) -> Self {
        if let Fault::MissingValue { columns, .. } = &mut *self.fault {
            *columns = counted();
        }
        self
    }

    /// The same error where a model says how files are read, and no config could.
    pub(crate) fn of_prediction(mut self) -> Self {
        *self.fault = self.fault.of_prediction();
        self
    }

    /// Who has to act.
    pub fn kind(&self) -> DataErrorKind {
        self.fault.kind()
    }

    /// The file concerned.
    pub fn path(&self) -> &Path {
        &self.place.path
    }

    /// The physical line concerned, from 1, where there is one.
    pub fn line(&self) -> Option<u64> {
        self.place.line
    }

    /// Index (from 0) and name of the column concerned, where there is one.
    pub fn column(&self) -> Option<(usize, &str)> {
        self.place.column.as_ref().map(|(index, name)| (*index, name.as_str()))
    }
}

#[derive(Debug)]
struct Place {
    path: PathBuf,
    line: Option<u64>,
    character: Option<u64>, // in the line, from 1
    column: Option<(usize, String)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", DisplayPath(&self.path))?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(character) = self.character {
            write!(f, ":{character}")?;
        }
        if let Some((index, name)) = &self.column {
            write!(f, ", column {} (index {index})", Quoted(name))?;
        }
        f.write_str(": ")
    }
}

/// A fault whose place is told as people count.
#[derive(Debug)]
pub(crate) struct Told {
    /// From 1: of the file, or of a part of it until that is known.
    pub(crate) line: u64,
    /// In the line, from 1, where that is worth telling.
    pub(crate) character: Option<u64>,
    /// Index of the field in its record, where the fault is in a field.
    pub(crate) field: Option<usize>,
    pub(crate) fault: Fault,
}

impl Told {
    pub(crate) fn at_line(line: u64, fault: Fault) -> Box<Self> {
        Box::new(Self { line, character: None, field: None, fault })
    }

    /// The one of two faults of a file that explains more, this one if both are alike.
    pub(crate) fn or_weightier(self: Box<Self>, later: Box<Self>) -> Box<Self> {
        if later.fault.weight() > self.fault.weight() { later } else { self }
    }

    /// Moves the place down by `lines`.
    pub(crate) fn below(mut self: Box<Self>, lines: u64) -> Box<Self> {
        self.line += lines;
        if let Fault::AfterQuote { opened_in } = &mut self.fault {
            *opened_in += lines;
        }
        self
    }

    /// The error, `names` being those of the file's columns.
    pub(crate) fn error(self, path: &Path, names: &[String]) -> DataError {
        let Self { line, character, field, mut fault } = self;
        match &mut fault {
            Fault::NotUtf8 { offset, guess, .. } => *guess = file_signature::guess(path, *offset),
            Fault::Disguised(guise) if path == Path::new(STANDARD_INPUT) => {
                *guise = file_signature::of_standard_input(guise);
            }
            _ => {}
        }
        let line = (!fault.is_of_the_file()).then_some(line);
        let column = field.and_then(|index| Some((index, names.get(index)?.clone())));
        DataError::new(path, fault).at(line, character, column)
    }
}

/// A fault at a place in some text, not yet told as line and column.
#[derive(Debug)]
pub(crate) struct At {
    /// Byte of the text.
    pub(crate) offset: usize,
    /// Index of the field in its record, where the fault is in a field.
    pub(crate) field: Option<usize>,
    pub(crate) fault: Fault,
}

impl At {
    /// Boxed, so that the results of the inner loops stay small.
    pub(crate) fn new(offset: usize, fault: Fault) -> Box<Self> {
        Box::new(Self { offset, field: None, fault })
    }

    pub(crate) fn field(offset: usize, field: usize, fault: Fault) -> Box<Self> {
        Box::new(Self { offset, field: Some(field), fault })
    }
}
