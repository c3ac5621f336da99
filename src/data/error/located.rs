//! Errors with their place in a text.

use std::path::Path;

use crate::data::error::{DataError, ErrorKind};

/// An error at a line, and a character or field of it.
#[derive(Debug)]
pub(crate) struct Located {
    /// From 1: of the file, or of a part of it until that is known.
    pub(crate) line: u64,
    /// In the line, from 1, where the message names it.
    pub(crate) character: Option<u64>,
    /// Index of the field in its record, where the error is in a field.
    pub(crate) field: Option<usize>,
    pub(crate) kind: ErrorKind,
}

impl Located {
    pub(crate) fn at_line(line: u64, kind: ErrorKind) -> Box<Self> {
        Box::new(Self { line, character: None, field: None, kind })
    }

    /// The more informative of two errors of a file; `self` if neither is.
    pub(crate) fn more_informative(self: Box<Self>, later: Box<Self>) -> Box<Self> {
        if later.kind.rank() > self.kind.rank() { later } else { self }
    }

    /// Moves the place down by `lines`.
    pub(crate) fn below(mut self: Box<Self>, lines: u64) -> Box<Self> {
        self.line += lines;
        if let ErrorKind::AfterQuote { opened_in } = &mut self.kind {
            *opened_in += lines;
        }
        self
    }

    /// Moves the place up by `lines`.
    pub(crate) fn above(mut self, lines: u64) -> Self {
        self.line -= lines;
        if let ErrorKind::AfterQuote { opened_in } = &mut self.kind {
            *opened_in -= lines;
        }
        self
    }

    /// The error, `names` being those of the file's columns.
    pub(crate) fn error(self, path: &Path, names: &[String]) -> DataError {
        let Self { line, character, field, kind } = self;
        let line = (!kind.is_of_the_file()).then_some(line);
        let column = field.and_then(|index| Some((index, names.get(index)?.clone())));
        DataError::new(path, kind).at(line, character, column)
    }
}

/// An error at a byte of a text, whose line is not counted yet.
#[derive(Debug)]
pub(crate) struct AtOffset {
    /// Byte of the text.
    pub(crate) offset: usize,
    /// Index of the field in its record, where the error is in a field.
    pub(crate) field: Option<usize>,
    pub(crate) kind: ErrorKind,
}

impl AtOffset {
    /// Boxed, so that the results of the inner loops stay small.
    pub(crate) fn new(offset: usize, kind: ErrorKind) -> Box<Self> {
        Box::new(Self { offset, field: None, kind })
    }

    pub(crate) fn in_field(offset: usize, field: usize, kind: ErrorKind) -> Box<Self> {
        Box::new(Self { offset, field: Some(field), kind })
    }
}
