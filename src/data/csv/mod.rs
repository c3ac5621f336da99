//! Bytes to records and numbers, with line and column of every error.

pub(crate) mod chunks;
pub(crate) mod delimiter_guess;
pub(crate) mod dialect;
pub(crate) mod fast_path;
pub(crate) mod file;
pub(crate) mod header;
pub(crate) mod line_ends;
pub(crate) mod missing;
pub(crate) mod number;
pub(crate) mod number_format;
pub(crate) mod parser;
pub(crate) mod position;
pub(crate) mod row_reader;
pub(crate) mod table_guess;
