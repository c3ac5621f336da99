//! Predictions for classes or values, and the metrics that go with it.

use ndarray::Array2;

use crate::metrics::classification::{Classification, argmax};
use crate::metrics::measure::Measure;
use crate::metrics::regression::Regression;
use crate::targets::Targets;

/// The predictions of a network for some rows.
///
/// ```
/// use bntrain::Predictions;
/// use ndarray::array;
///
/// let predictions = Predictions::Classes(array![[0.75_f64.ln(), 0.25_f64.ln()]]);
/// assert_eq!(predictions.classes(), Some(vec![0]));
/// assert_eq!(predictions.values(), None); // values are for regression
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Predictions {
    /// Logarithms of the probability of each class, `(n, classes)`.
    Classes(Array2<f64>),
    /// Values in the unit of the data, `(n, targets)`.
    Values(Array2<f64>),
}

/// The metrics of either kind.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each documents itself")]
pub enum Metrics {
    Classes(Box<Classification>),
    Values(Regression),
}

impl Predictions {
    /// The most probable class of each row, the first of several; none for values.
    pub fn classes(&self) -> Option<Vec<u32>> {
        let Self::Classes(logarithms) = self else { return None };
        Some(logarithms.rows().into_iter().map(|row| argmax(row).unwrap_or(0) as u32).collect())
    }

    /// The probability of each class, `(n, classes)`; none for values.
    pub fn probabilities(&self) -> Option<Array2<f64>> {
        if let Self::Classes(logarithms) = self { Some(logarithms.mapv(f64::exp)) } else { None }
    }

    /// The target values in the unit of the data, `(n, targets)`; none for classes.
    pub fn values(&self) -> Option<&Array2<f64>> {
        if let Self::Values(values) = self { Some(values) } else { None }
    }

    /// The first row with a number that is not finite but for a probability of 0, from 0.
    pub fn not_finite(&self) -> Option<usize> {
        let (rows, allowed) = match self {
            Self::Classes(rows) => (rows, f64::NEG_INFINITY),
            Self::Values(rows) => (rows, 0.0),
        };
        rows.rows()
            .into_iter()
            .position(|row| row.iter().any(|value| !value.is_finite() && *value != allowed))
    }
}

impl Metrics {
    /// Measures `predictions`, weighted by `weights` where there are any.
    ///
    /// # Panics
    ///
    /// If truth and predictions are not of the same kind and number.
    pub fn of(truth: &Targets, predictions: &Predictions, weights: Option<&[f64]>) -> Self {
        match (truth, predictions) {
            (Targets::Classes(truth), Predictions::Classes(predictions)) => {
                Self::Classes(Box::new(Classification::of(truth, predictions.view(), weights)))
            }
            (Targets::Values(truth), Predictions::Values(predictions)) => {
                Self::Values(Regression::of(truth.view(), predictions.view(), weights))
            }
            _ => panic!("classes are compared with classes, values with values"),
        }
    }

    /// Measures the baseline that says the same for every row: `training` has, of the training rows,
    /// how many are of each class, or the mean of each target.
    pub fn of_baseline(truth: &Targets, training: &[f64], weights: Option<&[f64]>) -> Self {
        match truth {
            Targets::Classes(truth) => {
                Self::Classes(Box::new(Classification::of_frequencies(truth, training, weights)))
            }
            Targets::Values(truth) => Self::Values(Regression::of_means(truth.view(), training, weights)),
        }
    }

    /// Rows that count: those of a weight greater than 0.
    pub fn n_rows(&self) -> u64 {
        match self {
            Self::Classes(metrics) => metrics.n_rows,
            Self::Values(metrics) => metrics.n_rows,
        }
    }

    /// The metrics over all rows by name; those of several targets have the target's name and a dot
    /// before.
    pub fn measures(&self, targets: &[String]) -> Vec<(String, Measure)> {
        match self {
            Self::Classes(metrics) => {
                metrics.measures().map(|(name, measure)| (name.to_owned(), measure)).to_vec()
            }
            Self::Values(metrics) => {
                let one = metrics.targets.len() == 1;
                let name = |target: &String, metric: &str| match one {
                    true => metric.to_owned(),
                    false => format!("{target}.{metric}"),
                };
                let of_target = targets.iter().zip(&metrics.targets);
                let named = of_target.flat_map(|(target, measures)| {
                    measures.measures().map(|(metric, measure)| (name(target, metric), measure))
                });
                named.collect()
            }
        }
    }
}
