//! Size limits.

/// Bytes of the text of one file: 1 TiB. Of standard input, which is kept in memory, there may be as
/// many as [`DataSpec::memory`](super::DataSpec::memory) says.
pub const MAX_BYTES: u64 = 1 << 40;
/// Bytes of rows that are evaluated at once, with their labels, weights and predictions: 4 GiB.
pub const MAX_INPUT_BYTES: u64 = 4 << 30;
/// Bytes of the distinct values and row hashes that a survey of the columns of a file keeps: 1 GiB.
pub(crate) const MAX_SURVEY_BYTES: u64 = 1 << 30;
/// Columns of a file, features or not.
pub const MAX_COLUMNS: usize = 65_536;
/// Bytes of one record, without its line end: 1 MiB.
pub const MAX_RECORD_BYTES: usize = 1 << 20;
/// Blank lines at the end of a file.
pub(crate) const MAX_BLANK_LINES: u64 = 1 << 20;
/// Bytes of standard input that are read after a fault, in case that another one explains more: 16 MiB.
pub(crate) const MAX_BYTES_BEHIND: usize = 16 << 20;
/// Bytes that are read after an open quote, more than any record has, to find out whether it is ever closed: 16 MiB.
pub(crate) const MAX_QUOTED_BYTES: usize = 16 << 20;
/// Categories of a column.
pub const MAX_CATEGORIES: usize = 100_000;
/// Classes of a label column.
pub const MAX_CLASSES: usize = 10_000;
