//! Which columns a trained model uses, and how: permutation importance, partial dependence, columns that can replace
//! each other, and the weights of a linear model.
//!
//! All columns are those of the file: the inputs that one column has (one for each category, encodings of a number,
//! the indicator of missing values) change together, since cells are changed before they are encoded.

pub(crate) mod association;
pub(crate) mod dependence;
pub(crate) mod importance;
pub(crate) mod json;
pub(crate) mod linear;
pub(crate) mod rows;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rand::seq::SliceRandom;

use crate::data::{BadRows, DataError, DataPaths, LabelledRows, ReadingNotes};
pub use crate::explain::association::AssociatedColumns;
pub use crate::explain::dependence::{DependencePoint, PartialDependence};
pub use crate::explain::importance::ColumnImportance;
pub use crate::explain::linear::{ColumnWeights, LinearWeights};
use crate::explain::rows::AskedRows;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::model::Model;
use crate::predict::PredictError;
use crate::predict::committee::Committee;
use crate::random::stream;
use crate::train::with_dtype;

/// How a model is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExplainOptions {
    /// Of the permutations, and of the rows if there are more than `max_rows`.
    pub seed: u64,
    /// How often each column is permuted; at least 1.
    pub repeats: u32,
    /// At most this many rows are used, drawn at random.
    pub max_rows: NonZeroUsize,
    /// The number of columns with partial dependence, at most.
    pub dependence: usize,
    /// What happens to a row that cannot be used.
    pub bad_rows: BadRows,
    /// The number of threads; does not affect the results.
    pub threads: NonZeroUsize,
}

/// What a model uses.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The number of rows that were used.
    pub rows: usize,
    /// The number of rows of the file that could have been.
    pub rows_in_file: usize,
    /// Of the permutations.
    pub seed: u64,
    /// How often each column was permuted.
    pub repeats: u32,
    /// The loss whose rise is measured, then the score whose drop is: `log_loss` in nats per row and `accuracy`; for one
    /// target `rmse` in its unit and `r2`; for several `scaled_rmse`, where the unit of each is the standard deviation of
    /// the target in the training rows, and the mean of `r2`.
    pub metrics: [&'static str; 2],
    /// Both on the rows as they are; none where undefined.
    pub unchanged: [Option<f64>; 2],
    /// The most important one first.
    pub columns: Vec<ColumnImportance>,
    /// Of the most important columns, in their order, without those that have no value in any row.
    pub dependence: Vec<PartialDependence>,
    /// Pairs of columns that can replace each other, the closest first.
    pub associated: Vec<AssociatedColumns>,
    /// Those of the linear model that was trained next to the model, if there is one.
    pub linear: Option<LinearWeights>,
}

/// Why a model cannot be explained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// Several models do not predict the same.
    #[error(transparent)]
    Models(#[from] PredictError),
    /// The rows cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A prediction for a row as it is overflowed.
    #[error(
        "the prediction for row {row} is not finite; are its values far from those of the training rows?"
    )]
    NotFinite {
        /// Among the rows that are used, from 1.
        row: usize,
    },
}

/// Explains the mean of `models`, at least one, on the labelled rows of CSV files, and compares with the weights of
/// a `linear` model for the same columns.
///
/// # Errors
///
/// If the models do not predict the same, the file cannot be read, or a prediction is not finite.
///
/// # Panics
///
/// Without a model.
pub fn explain(
    models: &[Model],
    linear: Option<&Model>,
    paths: &DataPaths,
    options: &ExplainOptions,
) -> Result<(Explanation, ReadingNotes), ExplainError> {
    with_dtype!(models[0].plan.training.dtype, F => explain_in::<F>(models, linear, paths, options))
}

fn explain_in<F: Real>(
    models: &[Model],
    linear: Option<&Model>,
    paths: &DataPaths,
    options: &ExplainOptions,
) -> Result<(Explanation, ReadingNotes), ExplainError> {
    let committee = Committee::<F>::new(models)?;
    let encoding = &committee.reading;
    let file = LabelledRows::<F>::read_with_features(paths, encoding, options.bad_rows, options.threads)?;
    let rows_in_file = file.truth.len();
    let asked = AskedRows::new(&committee, drawn_rows(&file, options), file);
    let base = asked.predictions(&ThreadPool::single(), &|_, _| {});
    if let Some(row) = base.not_finite() {
        return Err(ExplainError::NotFinite { row: row + 1 });
    }
    let criteria = asked.criteria(&base);
    let names: Vec<String> = encoding.features().map(|(name, _)| name.to_owned()).collect();
    let mut columns = in_parallel(options.threads, names.len(), |pool, feature| {
        importance::of_column(&asked, &criteria, pool, feature, &names[feature], options)
    });
    columns.sort_by(|left, right| {
        let key = |column: &ColumnImportance| column.loss.value.unwrap_or(f64::INFINITY);
        key(right).total_cmp(&key(left)).then(left.feature.cmp(&right.feature))
    });
    let ranked: Vec<usize> = columns.iter().map(|column| column.feature).collect();
    let explanation = Explanation {
        rows: asked.features.nrows(),
        rows_in_file,
        seed: options.seed,
        repeats: options.repeats,
        metrics: criteria.names(),
        unchanged: criteria.unchanged(),
        dependence: dependence::of_columns(&asked, &ranked, options.dependence, options.threads),
        associated: association::associated(&asked.features, encoding),
        linear: linear.and_then(|model| linear::weights::<F>(model, encoding, &asked.features)),
        columns,
    };
    Ok((explanation, asked.notes))
}

/// The indices of the rows that are used, in the order of the file: all, or as many as are allowed.
fn drawn_rows<F>(file: &LabelledRows<F>, options: &ExplainOptions) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..file.truth.len()).collect();
    if options.max_rows.get() < rows.len() {
        rows.shuffle(&mut stream(options.seed, "explain_rows", &[]));
        rows.truncate(options.max_rows.get());
        rows.sort_unstable();
    }
    rows
}

/// The results of `work` for each index below `count`, in order; each thread has a pool of itself.
fn in_parallel<T: Send>(
    threads: NonZeroUsize,
    count: usize,
    work: impl Fn(&ThreadPool, usize) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new((0..count).map(|_| None).collect::<Vec<Option<T>>>());
    let on_a_thread = || {
        let pool = ThreadPool::single();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                break;
            }
            let result = work(&pool, index);
            results.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(result);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.get().min(count) {
            // If there is no thread, the others do its work.
            let _ = thread::Builder::new().spawn_scoped(scope, on_a_thread);
        }
        on_a_thread();
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.into_iter().flatten().collect()
}
