//! What comes out of an exported model.

use ndarray::{Array2, Axis, aview1, concatenate, s};

use crate::data::ValueTarget;
use crate::nn::losses::probability;

/// What the scores of a network say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// A score for each class; probabilities by softmax.
    Softmax { classes: Vec<String> },
    /// One score, the log odds of the second of two classes.
    Logistic { classes: Vec<String> },
    /// A scaled value for each target.
    Values { targets: Vec<ValueTarget> },
}

impl Answer {
    /// What is compared between a network and an exported one, from the scores of each row: the
    /// probability of each class, `(n, classes)`, or each value in units of its spread, `(n,
    /// targets)`, which is the score itself.
    pub(crate) fn comparable(&self, scores: &Array2<f64>) -> Array2<f64> {
        match self {
            Self::Softmax { .. } => softmax(scores.clone()),
            Self::Logistic { .. } => {
                let probability = |score: f64| 1.0 / (1.0 + (-score).exp());
                let (no, yes) = (scores.mapv(|score| probability(-score)), scores.mapv(probability));
                concatenate(Axis(1), &[no.slice(s![.., ..1]), yes.slice(s![.., ..1])])
                    .expect("two columns of the same length")
            }
            Self::Values { .. } => scores.clone(),
        }
    }

    /// The same from what an exported graph gives: probabilities, or values in the unit of the file.
    pub(crate) fn to_comparable(&self, mut answers: Array2<f64>) -> Array2<f64> {
        if let Self::Values { targets } = self {
            for (mut column, ValueTarget { scaling, .. }) in answers.columns_mut().into_iter().zip(targets) {
                column.mapv_inplace(|value| (value - scaling.offset) / scaling.divisor);
            }
        }
        answers
    }

    /// Whether there are classes.
    pub(crate) fn is_classes(&self) -> bool {
        !matches!(self, Self::Values { .. })
    }
}

/// `exp(x)` over its sum, per row.
pub(crate) fn softmax(mut x: Array2<f64>) -> Array2<f64> {
    for mut row in x.rows_mut() {
        let mut probabilities = row.to_vec();
        probability::softmax(&mut probabilities);
        row.assign(&aview1(&probabilities));
    }
    x
}
