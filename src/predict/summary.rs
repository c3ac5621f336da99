//! What was noticed while predicting.

use crate::data::UnusualCells;

/// What was noticed while predicting a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PredictSummary {
    /// The number of rows.
    pub rows: u64,
    /// The number of rows without a prediction.
    pub bad_rows: u64,
    /// Texts, ids or classes, that were written with a `'` before them, since a spreadsheet would run them as
    /// formulas.
    pub escaped: u64,
    /// Columns that the model does not know.
    pub unknown_columns: Vec<String>,
    /// Id columns of the training file that are missing.
    pub absent_ids: Vec<String>,
    /// The kinds of line endings of the file, if there are several.
    pub mixed_line_ends: Option<String>,
    /// Comment lines that were skipped.
    pub comments: usize,
    /// Columns with categories that the training rows did not have, in the order of the file.
    pub unseen: Vec<UnseenCategories>,
    /// Columns with cells that are unlike those of the training rows.
    pub unusual: Vec<UnusualCells>,
}

/// Categories of a column that the training rows did not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnseenCategories {
    /// The name of the column.
    pub column: String,
    /// The number of cells with such a category.
    pub cells: u64,
    /// The first such category.
    pub first: String,
}
