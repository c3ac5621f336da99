//! From rows to what a network answers.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};

use crate::data::{LastBatch, Scaling, batch_ranges};
use crate::eval::Inputs;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::metrics::Answers;
use crate::nn::{Network, log_probabilities, row_chunks};

/// What the scores of a network stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning<'a> {
    /// That many classes: a score for each, or one for two classes.
    Classes(usize),
    /// Values, each scaled like this in training.
    Values(&'a [Scaling]),
}

/// What `network` answers to each row, by its running statistics; with a `batch_size`, batches of so
/// many rows in their order by their own statistics instead. The rows behind the last whole batch
/// join it if they are fewer than half a batch.
pub fn answers<F: Real>(
    network: &Network<F>,
    pool: &ThreadPool,
    rows: &dyn Inputs<F>,
    batch_size: Option<usize>,
    meaning: Meaning<'_>,
) -> Answers {
    let ranges = match batch_size {
        Some(batch_size) => batch_ranges(rows.n_rows(), batch_size, LastBatch::Merge),
        None => row_chunks(rows.n_rows()).collect(),
    };
    let mut workspace = network.inference_workspace(ranges.iter().map(Range::len).max().unwrap_or(0));
    let columns = match meaning {
        Meaning::Classes(classes) => classes,
        Meaning::Values(scaling) => scaling.len(),
    };
    let mut answers = Array2::zeros((rows.n_rows(), columns));
    let mut first = 0;
    rows.show(&ranges, &mut |x| {
        let scores = match batch_size {
            Some(_) => network.outputs_with_batch_stats(pool, x, &mut workspace),
            None => network.outputs(pool, x, &mut workspace),
        };
        let mut rows = answers.slice_mut(s![first..first + x.nrows(), ..]);
        for (scores, mut answer) in scores.rows().into_iter().zip(rows.rows_mut()) {
            let scores: Vec<f64> = scores.iter().map(|&score| Real::to_f64(score)).collect();
            read(scores, meaning).into_iter().zip(&mut answer).for_each(|(value, answer)| *answer = value);
        }
        first += x.nrows();
    });
    match meaning {
        Meaning::Classes(_) => Answers::Classes(answers),
        Meaning::Values(_) => Answers::Values(answers),
    }
}

/// The scores of a row as an answer.
fn read(scores: Vec<f64>, meaning: Meaning<'_>) -> Vec<f64> {
    match meaning {
        Meaning::Classes(_) => log_probabilities(scores),
        Meaning::Values(scaling) => {
            let unscaled = |(score, scaling): (f64, &Scaling)| scaling.undo(score);
            scores.into_iter().zip(scaling).map(unscaled).collect()
        }
    }
}

/// Shows all rows of `rows` in [`row_chunks`].
pub(crate) fn each_chunk<F>(rows: &dyn Inputs<F>, see: &mut dyn FnMut(ArrayView2<'_, F>)) {
    rows.show(&row_chunks(rows.n_rows()).collect::<Vec<_>>(), see);
}
