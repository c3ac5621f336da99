//! Metrics of regression.

use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::metrics::interval::{IntervalScale, by_influence};
use crate::metrics::{Measure, UndefinedReason};

/// The metrics of predicted values on some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression {
    /// Rows that count: those of a weight greater than 0.
    pub n_rows: u64,
    /// The metrics of each target.
    pub targets: Vec<TargetMeasures>,
}

/// The metrics of one target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetMeasures {
    /// Root mean squared error: the root of the mean of `(truth - prediction)^2`, in the unit of the target.
    pub rmse: Measure,
    /// Mean absolute error: the mean of `|truth - prediction|`, in the unit of the target.
    pub mae: Measure,
    /// `1 - sum (truth - prediction)^2 / sum (truth - mean of truth)^2`: 1 is perfect, 0 is as good
    /// as predicting the mean of these rows, less than 0 is worse.
    pub r2: Measure,
}

impl Regression {
    /// Computes the metrics of predictions, `(n, targets)`, both in the unit of the target.
    ///
    /// Everything is weighted by `weights`, finite and at least 0, if there are any.
    ///
    /// # Panics
    ///
    /// If truth and predictions have different shapes, or there are not as many weights as rows.
    pub fn of(truth: ArrayView2<'_, f64>, predictions: ArrayView2<'_, f64>, weights: Option<&[f64]>) -> Self {
        assert_eq!(truth.dim(), predictions.dim(), "a prediction for each row and target");
        let equal;
        let weights = match weights {
            Some(weights) => weights,
            None => {
                equal = vec![1.0; truth.nrows()];
                &equal
            }
        };
        assert_eq!(truth.nrows(), weights.len(), "a weight for each row");
        let columns = truth.columns().into_iter().zip(predictions.columns());
        Self {
            n_rows: weights.iter().filter(|weight| **weight > 0.0).count() as u64,
            targets: columns.map(|(truth, predictions)| target(truth, predictions, weights)).collect(),
        }
    }

    /// Computes the metrics of the baseline that predicts `means`, those of the training rows, for every row.
    pub fn of_means(truth: ArrayView2<'_, f64>, means: &[f64], weights: Option<&[f64]>) -> Self {
        Self::of(truth, Array2::from_shape_fn(truth.dim(), |(_, target)| means[target]).view(), weights)
    }
}

impl TargetMeasures {
    /// The metrics by name.
    pub fn measures(&self) -> [(&'static str, Measure); 3] {
        [("rmse", self.rmse), ("mae", self.mae), ("r2", self.r2)]
    }
}

/// Influences of a row of weight `w` and error `e`: on the root of the mean square `m`,
/// `w (e^2 - m) / (2 sqrt(m) sum of w)`; on the mean of `|e|`, `w (|e| - mae) / sum of w`; on R2,
/// `w ((1 - r2) (y - mean)^2 - e^2) / sum of w (y - mean)^2`.
fn target(truth: ArrayView1<'_, f64>, predictions: ArrayView1<'_, f64>, weights: &[f64]) -> TargetMeasures {
    let rows = || {
        let rows = truth.iter().zip(predictions).zip(weights).filter(|(_, weight)| **weight > 0.0);
        rows.map(|((truth, prediction), &weight)| (*truth, truth - prediction, weight))
    };
    let (Some(square), Some(absolute), Some(mean)) = (
        weighted_mean(rows().map(|(_, error, weight)| (error * error, weight))),
        weighted_mean(rows().map(|(_, error, weight)| (error.abs(), weight))),
        weighted_mean(rows().map(|(truth, _, weight)| (truth, weight))),
    ) else {
        let undefined = Measure::undefined(UndefinedReason::NoRows);
        return TargetMeasures { rmse: undefined, mae: undefined, r2: undefined };
    };
    let rmse = square.value.sqrt();
    // Relative to the first row, so that constant targets have distances of exactly 0.
    let distance = |truth: f64| truth - mean.value;
    let constant = rows().all(|(truth, ..)| Some(truth) == rows().next().map(|(first, ..)| first));
    let r2 = if constant {
        Measure::undefined(UndefinedReason::ConstantTruth)
    } else {
        let total: f64 = rows().map(|(truth, _, weight)| weight * distance(truth).powi(2)).sum();
        let rest = rows().map(|(_, error, weight)| weight * error * error).sum::<f64>() / total;
        let squares = rows().map(|(truth, error, weight)| {
            (weight * (rest * distance(truth).powi(2) - error * error) / total).powi(2)
        });
        by_influence(1.0 - rest, squares.sum(), mean.rows, IntervalScale::LogOfRest)
    };
    TargetMeasures {
        rmse: by_influence(rmse, square.squares / (4.0 * square.value), square.rows, IntervalScale::Log),
        mae: by_influence(absolute.value, absolute.squares, absolute.rows, IntervalScale::Log),
        r2,
    }
}

/// A mean over rows, with the sum of the squares of its influences.
pub(crate) struct WeightedMean {
    pub(crate) value: f64,
    pub(crate) squares: f64,
    pub(crate) rows: u64,
}

/// The mean of pairs of a value and a weight greater than 0; none without any.
pub(crate) fn weighted_mean(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<WeightedMean> {
    let first = pairs.clone().next()?.0;
    let (mut rows, mut total, mut sum) = (0, 0.0, 0.0);
    for (value, weight) in pairs.clone() {
        rows += 1;
        total += weight;
        // Distances from the first value keep the accuracy despite a large offset.
        sum += weight * (value - first);
    }
    let value = first + sum / total;
    let squares = pairs.map(|(value_here, weight)| (weight * (value_here - value) / total).powi(2)).sum();
    Some(WeightedMean { value, squares, rows })
}
