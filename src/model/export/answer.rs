//! What comes out of an exported model.

use ndarray::{Array2, Axis, concatenate, s};

/// What the scores of a network say.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// A score for each class; probabilities by softmax.
    Softmax { classes: Vec<String> },
    /// One score, the log odds of the second of two classes.
    Logistic { classes: Vec<String> },
}

impl Answer {
    /// The probability of each class, `(n, classes)`, from the scores of each row.
    pub(super) fn probabilities(&self, scores: &Array2<f64>) -> Array2<f64> {
        match self {
            Self::Softmax { .. } => softmax(scores.clone()),
            Self::Logistic { .. } => {
                let probability = |score: f64| 1.0 / (1.0 + (-score).exp());
                let (no, yes) = (scores.mapv(|score| probability(-score)), scores.mapv(probability));
                concatenate(Axis(1), &[no.slice(s![.., ..1]), yes.slice(s![.., ..1])])
                    .expect("two columns of the same length")
            }
        }
    }
}

/// `exp(x)` over its sum, per row.
pub(super) fn softmax(mut x: Array2<f64>) -> Array2<f64> {
    for mut row in x.rows_mut() {
        let max = row.fold(f64::NEG_INFINITY, |max, &x| max.max(x));
        row.mapv_inplace(|x| (x - max).exp());
        let sum = row.sum();
        row /= sum;
    }
    x
}
