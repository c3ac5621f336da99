//! Settings of a prediction.

use std::num::NonZeroUsize;

use crate::data::BadRows;
use crate::predict::Conformal;

/// How predictions are made and written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PredictOptions<'a> {
    /// Whether all columns of the file are written before the prediction, not only the id columns.
    pub keep_columns: bool,
    /// What happens to a row that cannot be predicted.
    pub bad_rows: BadRows,
    /// Whether a text that a spreadsheet would run as a formula is prefixed with `'`.
    pub escape_formulas: bool,
    /// Whether rows are written as JSON objects, one per line, instead of as CSV.
    pub json: bool,
    /// What prediction sets or intervals follow from; none are written without it.
    pub conformal: Option<&'a Conformal>,
    /// The number of threads.
    pub threads: NonZeroUsize,
}
