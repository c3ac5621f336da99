//! From rows to what a network answers.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};

use crate::data::{LastBatch, Scaling, batch_ranges};
use crate::eval::Inputs;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::metrics::{Answers, log_logistic, log_softmax};
use crate::nn::Network;

/// Rows evaluated at once: enough for matrix products to run at speed, few enough to stay in cache.
pub(crate) const CHUNK: usize = 256;

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
        None => chunks(rows.n_rows()),
    };
    let mut workspace = network.reserve_inference(ranges.iter().map(Range::len).max().unwrap_or(0));
    let columns = match meaning {
        Meaning::Classes(classes) => classes,
        Meaning::Values(scaling) => scaling.len(),
    };
    let mut answers = Array2::zeros((rows.n_rows(), columns));
    let mut first = 0;
    rows.show(&ranges, &mut |x| {
        let scores = match batch_size {
            Some(_) => network.scores_as_batch(pool, x, &mut workspace),
            None => network.scores(pool, x, &mut workspace),
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

/// Ranges of rows for passes in which each row is on its own.
pub(crate) fn chunks(n_rows: usize) -> Vec<Range<usize>> {
    (0..n_rows).step_by(CHUNK).map(|start| start..n_rows.min(start + CHUNK)).collect()
}

/// The scores of a row as an answer.
fn read(mut scores: Vec<f64>, meaning: Meaning<'_>) -> Vec<f64> {
    match meaning {
        Meaning::Classes(_) if scores.len() == 1 => log_logistic(scores[0]).to_vec(),
        Meaning::Classes(_) => {
            log_softmax(&mut scores);
            scores
        }
        Meaning::Values(scaling) => {
            let unscaled = |(score, scaling): (f64, &Scaling)| scaling.undo(score);
            scores.into_iter().zip(scaling).map(unscaled).collect()
        }
    }
}

/// Shows all rows of `rows` in [`chunks`].
pub(crate) fn each_chunk<F>(rows: &dyn Inputs<F>, see: &mut dyn FnMut(ArrayView2<'_, F>)) {
    rows.show(&chunks(rows.n_rows()), see);
}
