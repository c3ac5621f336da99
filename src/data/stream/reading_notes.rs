//! What is unusual about rows that were read.

use std::collections::BTreeMap;

use crate::data::transform::usual::UnusualCells;

/// What was left out, missing or unlike the training rows while a file was read for evaluation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadingNotes {
    /// Rows of weight 0, which were left out: they have no effect.
    pub without_weight: u64,
    /// The column of the weights, if the file does not have it: all weights are 1 then.
    pub missing_weights: Option<String>,
    /// Rows that were left out because they cannot be evaluated.
    pub skipped: u64,
    /// Where the first row is that was left out, such as `line 5`, and the reason.
    pub first_skipped: Option<(String, String)>,
    /// Columns that the training file did not have.
    pub unknown_columns: Vec<String>,
    /// The kinds of line end of the file, if there are several.
    pub mixed_line_ends: Option<String>,
    /// Comment lines that were skipped.
    pub comments: usize,
    /// The number of cells with a category that the training rows did not have, by column.
    pub unseen: BTreeMap<String, u64>,
    /// Columns with cells that are unlike those of the training rows.
    pub unusual: Vec<UnusualCells>,
}
