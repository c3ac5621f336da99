//! Predicts one chunk of a file.

use std::collections::BTreeMap;

use ndarray::{Array2, s};

use crate::data::{
    BadRows, CellCheck, Encoder, Encoding, RowChunk, RowProblem, TargetEncoding, UnusualCounts,
};
use crate::kernel::real::Real;
use crate::kernel::{ThreadPool, with_simd};
use crate::nn::{CHUNK_ROWS, Network, Workspace, row_chunks};
use crate::predict::prediction::Prediction;
use crate::predict::writer::PredictionWriter;

/// Predicts the rows of chunks; shared by all threads.
pub(crate) struct Predictor<'m, F> {
    network: &'m Network<F>,
    encoder: Encoder,
    cells: CellCheck,
    targets: &'m TargetEncoding,
    writer: Box<dyn PredictionWriter<F>>,
    bad_rows: BadRows,
}

/// The predictions for a chunk.
pub(crate) struct PredictedChunk {
    /// The rows as they are written.
    pub(crate) text: Vec<u8>,
    pub(crate) rows: u64,
    pub(crate) bad_rows: u64,
    /// Texts with a `'` before them.
    pub(crate) escaped: u64,
    pub(crate) unseen: Vec<UnseenInChunk>,
    pub(crate) unusual: UnusualCounts,
}

/// Categories of a column that the training rows did not have.
pub(crate) struct UnseenInChunk {
    /// The index of the column in the file.
    pub(crate) column: usize,
    /// The number of cells with such a category.
    pub(crate) cells: u64,
    /// The first such category.
    pub(crate) first: String,
}

/// What a thread reuses from chunk to chunk.
pub(crate) struct WorkerState<F> {
    pool: ThreadPool,
    x: Array2<F>, // (CHUNK_ROWS, inputs); rows beyond the current batch are stale
    workspace: Workspace<F>,
    prediction: Prediction<F>,
    text_capacity: usize, // length of the longest text so far
}

impl<'m, F: Real> Predictor<'m, F> {
    pub(crate) fn new(
        network: &'m Network<F>,
        encoding: &'m Encoding,
        writer: Box<dyn PredictionWriter<F>>,
        bad_rows: BadRows,
    ) -> Self {
        let (encoder, cells) = (Encoder::new(encoding), CellCheck::new(encoding));
        Self { network, encoder, cells, targets: &encoding.targets, writer, bad_rows }
    }

    /// What counts as an unusual cell.
    pub(crate) fn cells(&self) -> &CellCheck {
        &self.cells
    }

    /// Predicts the rows of a chunk.
    pub(crate) fn predict(
        &self,
        state: &mut Option<WorkerState<F>>,
        chunk: &RowChunk<'_>,
    ) -> Result<PredictedChunk, RowProblem> {
        let WorkerState { pool, x, workspace, prediction, text_capacity } =
            state.get_or_insert_with(|| self.new_state());
        let rows = chunk.rows();
        let mut text = Vec::with_capacity(*text_capacity);
        let (mut bad_rows, mut escaped) = (0, 0);
        let mut unusual = self.cells.counts();
        for batch in row_chunks(rows) {
            let mut x = x.slice_mut(s![..batch.len(), ..]);
            with_simd(
                #[inline(always)]
                || {
                    for (row, mut x) in batch.clone().zip(x.rows_mut()) {
                        let x = x.as_slice_mut().expect("the rows of a whole array are contiguous");
                        self.encoder.encode(chunk.values(row), x);
                    }
                },
            );
            let outputs = self.network.outputs(pool, x.view(), workspace);
            for ((row, outputs), x) in batch.zip(outputs.rows()).zip(x.rows()) {
                if let Some(problem) = chunk.problem(row) {
                    bad_rows += 1;
                    escaped += self.writer.write_problem(chunk, row, &problem.to_string(), &mut text);
                } else if prediction.set(outputs, self.targets) {
                    self.cells.add(chunk.values(row), &mut unusual);
                    escaped += self.writer.write_prediction(chunk, row, prediction, &mut text);
                } else {
                    let overflow = x.iter().position(|x| !x.is_finite());
                    let feature = overflow.and_then(|input| self.encoder.scaled_feature(input));
                    let problem = chunk.not_finite(row, feature, F::NAME);
                    if self.bad_rows == BadRows::Refuse {
                        return Err(problem);
                    }
                    bad_rows += 1;
                    escaped += self.writer.write_problem(chunk, row, &problem.to_string(), &mut text);
                }
            }
        }
        *text_capacity = text.len().max(*text_capacity);
        Ok(PredictedChunk { text, rows: rows as u64, bad_rows, escaped, unseen: unseen(chunk), unusual })
    }

    fn new_state(&self) -> WorkerState<F> {
        WorkerState {
            pool: ThreadPool::single(),
            x: Array2::zeros((CHUNK_ROWS, self.network.num_inputs())),
            workspace: self.network.inference_workspace(CHUNK_ROWS),
            prediction: Prediction::zeros(self.targets),
            text_capacity: 0,
        }
    }
}

/// The columns with categories that the training rows did not have.
fn unseen(chunk: &RowChunk<'_>) -> Vec<UnseenInChunk> {
    /// How many cells, and the row of the first.
    struct Cells {
        count: u64,
        first_row: usize,
    }
    let mut columns: BTreeMap<usize, Cells> = BTreeMap::new();
    for row in 0..chunk.rows() {
        for feature in chunk.unseen(row) {
            let column = chunk.column_of(feature);
            columns.entry(column).or_insert(Cells { count: 0, first_row: row }).count += 1;
        }
    }
    let found = columns.into_iter().map(|(column, cells)| {
        let first = chunk.fields(cells.first_row).get(column).map(|field| field.trim().to_owned());
        UnseenInChunk { column, cells: cells.count, first: first.unwrap_or_default() }
    });
    found.collect()
}
