//! Predicts one chunk of a file.

use std::collections::BTreeMap;
use std::ops::Range;

use ndarray::{Array2, ArrayViewMut2, s};

use crate::data::{BadRows, CellCheck, RowChunk, RowProblem, UnusualCounts};
use crate::kernel::real::Real;
use crate::kernel::{ThreadPool, with_simd};
use crate::nn::{CHUNK_ROWS, Workspace, row_chunks};
use crate::predict::committee::{Committee, NetworkGroup};
use crate::predict::conformal::Conformal;
use crate::predict::mean::MeanPredictions;
use crate::predict::options::PredictOptions;
use crate::predict::prediction::Prediction;
use crate::predict::writer::PredictionWriter;

/// Predicts the rows of chunks; shared by all threads.
pub(crate) struct Predictor<'m, F> {
    committee: &'m Committee<'m, F>,
    cells: CellCheck,
    writer: Box<dyn PredictionWriter<F>>,
    bad_rows: BadRows,
    conformal: Option<&'m Conformal>,
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
    groups: Vec<GroupState<F>>,
    mean: MeanPredictions<F>,
    prediction: Prediction<F>,
    text_capacity: usize, // length of the longest text so far
}

/// For the networks of one model.
struct GroupState<F> {
    x: Array2<F>, // (CHUNK_ROWS, inputs); rows beyond the current batch are stale
    workspace: Workspace<F>,
}

impl<'m, F: Real> Predictor<'m, F> {
    pub(crate) fn new(
        committee: &'m Committee<'m, F>,
        cells: CellCheck,
        writer: Box<dyn PredictionWriter<F>>,
        options: &PredictOptions<'m>,
    ) -> Self {
        let PredictOptions { bad_rows, conformal, .. } = *options;
        Self { committee, cells, writer, bad_rows, conformal }
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
        let WorkerState { pool, groups, mean, prediction, text_capacity } =
            state.get_or_insert_with(|| self.new_state());
        let rows = chunk.rows();
        let mut text = Vec::with_capacity(*text_capacity);
        let (mut bad_rows, mut escaped) = (0, 0);
        let mut unusual = self.cells.counts();
        for batch in row_chunks(rows) {
            mean.clear();
            for (group, state) in self.committee.groups.iter().zip(&mut *groups) {
                let mut x = state.x.slice_mut(s![..batch.len(), ..]);
                encode(group, chunk, batch.clone(), x.view_mut());
                for network in &group.networks {
                    mean.add(network.outputs(pool, x.view(), &mut state.workspace), group.targets);
                }
            }
            for (index, row) in batch.enumerate() {
                if let Some(problem) = chunk.problem(row) {
                    bad_rows += 1;
                    escaped += self.writer.write_problem(chunk, row, &problem.to_string(), &mut text);
                } else if mean.get(index, prediction) {
                    self.cells.add(chunk.values(row), &mut unusual);
                    self.conformal.into_iter().for_each(|conformal| conformal.apply(prediction));
                    escaped += self.writer.write_prediction(chunk, row, prediction, &mut text);
                } else {
                    let of_group = |(group, state): (&NetworkGroup<'_, F>, &GroupState<F>)| {
                        let overflow = state.x.row(index).iter().position(|x| !x.is_finite());
                        overflow.and_then(|input| group.encoder.scaled_feature(input))
                    };
                    let feature = self.committee.groups.iter().zip(&*groups).find_map(of_group);
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
        let of_group = |group: &NetworkGroup<'_, F>| GroupState {
            x: Array2::zeros((CHUNK_ROWS, group.encoder.inputs())),
            workspace: group.networks[0].inference_workspace(CHUNK_ROWS),
        };
        let targets = &self.committee.reading.targets;
        WorkerState {
            pool: ThreadPool::single(),
            groups: self.committee.groups.iter().map(of_group).collect(),
            mean: MeanPredictions::zeros(targets),
            prediction: Prediction::zeros(targets),
            text_capacity: 0,
        }
    }
}

/// Encodes some rows of a chunk for the networks of a group.
fn encode<F: Real>(
    group: &NetworkGroup<'_, F>,
    chunk: &RowChunk<'_>,
    rows: Range<usize>,
    mut x: ArrayViewMut2<'_, F>,
) {
    with_simd(
        #[inline(always)]
        || {
            for (row, mut x) in rows.zip(x.rows_mut()) {
                let x = x.as_slice_mut().expect("the rows of a whole array are contiguous");
                group.encoder.encode(chunk.values(row), x);
            }
        },
    );
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
