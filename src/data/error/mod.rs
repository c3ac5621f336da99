//! The errors of data: what is wrong, and where.

mod kind;
mod located;
pub(crate) mod phrases;
mod properties;
pub(crate) mod remedy;

use std::fmt;
use std::path::{Path, PathBuf};

pub(crate) use crate::data::error::kind::ErrorKind;
pub(crate) use crate::data::error::located::{AtOffset, Located};
use crate::data::schema::column::Role;
use crate::data::schema::column_stats::ColumnStats;
use crate::text::{DisplayPath, Quoted};

/// Why data cannot be used: place, offending value, what is allowed and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{position}{kind}")]
pub struct DataError {
    position: Box<Position>,
    kind: Box<ErrorKind>,
}

/// What a [`DataError`] is about, for exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCategory {
    /// `[data]` does not fit the data.
    Config,
    /// The content of a file.
    Data,
    /// Reading a file.
    Io,
    /// A size limit.
    Limit,
}

impl DataError {
    pub(crate) fn new(path: &Path, kind: ErrorKind) -> Self {
        let position = Position { path: path.to_owned(), line: None, character: None, column: None };
        Self { position: Box::new(position), kind: Box::new(kind) }
    }

    /// The same error with its place in the file, as far as it has one.
    pub(crate) fn at(
        mut self,
        line: Option<u64>,
        character: Option<u64>,
        column: Option<(usize, String)>,
    ) -> Self {
        *self.position = Position { path: self.position.path, line, character, column };
        self
    }

    /// The same error with the columns that have missing values, where it is about one.
    pub(crate) fn with_missing(mut self, counted: impl FnOnce() -> Vec<(String, usize)>) -> Self {
        if let ErrorKind::MissingValue { columns, .. } = &mut *self.kind {
            *columns = counted();
        }
        self
    }

    /// The same error with what its column suggests, which is for `role`; `stats` is asked for its cells where
    /// they matter, and for the first remedy that the place of the line suggests.
    pub(crate) fn explained(
        mut self,
        role: Role,
        stats: impl FnOnce(u64) -> Option<(ColumnStats, &'static str)>,
    ) -> Self {
        if self.kind.depends_on_column()
            && let Some((stats, first)) = stats(self.position.line.unwrap_or(0))
        {
            remedy::explain(&mut self.kind, role, &stats, first);
        }
        self
    }

    /// The same error where a model says how files are read, and no config can be changed.
    pub(crate) fn of_prediction(mut self) -> Self {
        *self.kind = self.kind.of_prediction();
        self
    }

    /// What it is about, for exit codes.
    pub fn category(&self) -> ErrorCategory {
        self.kind.category()
    }

    /// Whether the file was changed while it was read.
    pub fn is_changed(&self) -> bool {
        matches!(*self.kind, ErrorKind::Changed)
    }

    /// The key of `[data]` about the text of the file that has to be set or changed, if it is one.
    pub fn reading_key(&self) -> Option<&'static str> {
        self.kind.reading_key()
    }

    /// The file concerned.
    pub fn path(&self) -> &Path {
        &self.position.path
    }

    /// The physical line concerned, from 1, if there is one.
    pub fn line(&self) -> Option<u64> {
        self.position.line
    }

    /// Index (from 0) and name of the column concerned, where there is one.
    pub fn column(&self) -> Option<(usize, &str)> {
        self.position.column.as_ref().map(|(index, name)| (*index, name.as_str()))
    }
}

#[derive(Debug)]
struct Position {
    path: PathBuf,
    line: Option<u64>,
    character: Option<u64>, // in the line, from 1
    column: Option<(usize, String)>,
}

impl fmt::Display for Position {
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
