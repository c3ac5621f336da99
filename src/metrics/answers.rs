//! Answers for classes or values, and the metrics that go with it.

use ndarray::Array2;

use crate::metrics::{Classification, Measure, Regression};
use crate::targets::Targets;

/// What a network says of each of some rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Answers {
    /// Logarithms of the probability of each class, `(n, classes)`.
    Classes(Array2<f64>),
    /// Values in the unit of the file, `(n, targets)`.
    Values(Array2<f64>),
}

/// The metrics of either kind.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each documents itself")]
pub enum Metrics {
    Classes(Box<Classification>),
    Values(Regression),
}

impl Answers {
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
    /// Measures `answers`, weighted by `weights` where there are any.
    ///
    /// # Panics
    ///
    /// If truth and answers are not of the same kind and number.
    pub fn of(truth: &Targets, answers: &Answers, weights: Option<&[f64]>) -> Self {
        match (truth, answers) {
            (Targets::Classes(truth), Answers::Classes(answers)) => {
                Self::Classes(Box::new(Classification::of(truth, answers.view(), weights)))
            }
            (Targets::Values(truth), Answers::Values(answers)) => {
                Self::Values(Regression::of(truth.view(), answers.view(), weights))
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
