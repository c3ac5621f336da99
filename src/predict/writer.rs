//! What the output formats have in common.

use crate::data::RowChunk;
use crate::predict::prediction::Prediction;

/// Writes rows in an output format.
pub(crate) trait PredictionWriter<F>: Sync {
    /// The bytes before the first row.
    fn header(&self) -> &[u8];

    /// Appends a row of `chunk` with its prediction; returns how many of its texts have a `'` before them, since
    /// a spreadsheet would run them as formulas.
    fn write_prediction(
        &self,
        chunk: &RowChunk<'_>,
        row: usize,
        prediction: &Prediction<F>,
        out: &mut Vec<u8>,
    ) -> u64;

    /// Appends a row of `chunk` with the problem that prevents a prediction; returns the same.
    fn write_problem(&self, chunk: &RowChunk<'_>, row: usize, problem: &str, out: &mut Vec<u8>) -> u64;
}
