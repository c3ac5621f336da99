//! Predicted classes or values, and their metrics.

use ndarray::{Array2, ArrayView1};

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
    /// Log probabilities, `(n, classes)`.
    Classes(Array2<f64>),
    /// The same where errors do not count the same, as of a network that was trained with class weights, or with a
    /// threshold `t`, which is the weights `t` and `1 - t`. The predicted class is that of the largest product of
    /// probability and weight.
    WeightedClasses {
        /// Log probabilities, corrected for the weights of the training, `(n, classes)`.
        logarithms: Array2<f64>,
        /// The weight of each class.
        weights: Vec<f64>,
    },
    /// Values in the unit of the data, `(n, targets)`.
    Values(Array2<f64>),
}

/// Metrics of classification or regression.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each documents itself")]
pub enum Metrics {
    Classes(Box<Classification>),
    Values(Regression),
}

impl Predictions {
    /// The predicted class of each row, the first one of a tie; none for regression.
    pub fn classes(&self) -> Option<Vec<u32>> {
        let weights = match self {
            Self::WeightedClasses { weights, .. } => weights.iter().map(|weight| weight.ln()).collect(),
            _ => Vec::new(),
        };
        let weight = |class: usize| weights.get(class).copied().unwrap_or(0.0);
        let best = |row: ArrayView1<'_, f64>| {
            let row = row.into_iter().enumerate().map(|(class, logarithm)| logarithm + weight(class));
            argmax(row).unwrap_or(0) as u32
        };
        Some(self.log_probabilities()?.rows().into_iter().map(best).collect())
    }

    /// The logarithm of the probability of each class, `(n, classes)`; none for regression.
    pub fn log_probabilities(&self) -> Option<&Array2<f64>> {
        match self {
            Self::Classes(logarithms) | Self::WeightedClasses { logarithms, .. } => Some(logarithms),
            Self::Values(_) => None,
        }
    }

    /// The probability of each class, `(n, classes)`; none for regression.
    pub fn probabilities(&self) -> Option<Array2<f64>> {
        self.log_probabilities().map(|logarithms| logarithms.mapv(f64::exp))
    }

    /// The predicted values in the unit of the data, `(n, targets)`; none for classification.
    pub fn values(&self) -> Option<&Array2<f64>> {
        if let Self::Values(values) = self { Some(values) } else { None }
    }

    /// The index of the first row with a number that is not finite; a log probability of minus infinity is allowed.
    pub fn not_finite(&self) -> Option<usize> {
        let (rows, allowed) = match self {
            Self::Classes(rows) | Self::WeightedClasses { logarithms: rows, .. } => (rows, f64::NEG_INFINITY),
            Self::Values(rows) => (rows, 0.0),
        };
        rows.rows()
            .into_iter()
            .position(|row| row.iter().any(|value| !value.is_finite() && *value != allowed))
    }
}

impl Metrics {
    /// Computes the metrics of `predictions`, weighted by `weights` if there are any.
    ///
    /// # Panics
    ///
    /// If targets and predictions are not of the same kind and number.
    pub fn of(truth: &Targets, predictions: &Predictions, weights: Option<&[f64]>) -> Self {
        if let (Targets::Values(truth), Predictions::Values(predictions)) = (truth, predictions) {
            return Self::Values(Regression::of(truth.view(), predictions.view(), weights));
        }
        match (truth, predictions.log_probabilities(), predictions.classes()) {
            (Targets::Classes(truth), Some(logarithms), Some(predicted)) => {
                let metrics = Classification::of_predicted(truth, logarithms.view(), &predicted, weights);
                Self::Classes(Box::new(metrics))
            }
            _ => panic!("classes are compared with classes, values with values"),
        }
    }

    /// Computes the metrics of the constant baseline: `training` has the number of training rows of each class,
    /// or the mean of each target.
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

    /// The metrics over all rows by name; with several targets as `target.metric`.
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

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn rows_without_weight_do_not_count() {
        let weights = Some(&[0.0, 2.0, 1.0][..]);
        let classes = Metrics::of_baseline(&Targets::classes([0, 1, 1]), &[1.0, 2.0], weights);
        let values = Metrics::of_baseline(&Targets::Values(array![[1.0], [2.0], [4.0]]), &[1.5], weights);
        assert_eq!((classes.n_rows(), values.n_rows()), (2, 2));
    }
}
