//! What the scores of a network say, in the words and units of the file.

use ndarray::ArrayView1;

use crate::data::{TargetEncoding, ValueTarget};
use crate::kernel::real::Real;
use crate::nn::{class_probabilities, predicted_class};

/// What is predicted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// One of these classes.
    Classes(Vec<String>),
    /// These values.
    Values(Vec<ValueTarget>),
}

/// What is predicted for a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answered<F> {
    /// The class, where classes are predicted.
    pub(crate) class: usize,
    /// The probability of each class, or the values in the unit of the file.
    pub(crate) numbers: Vec<F>,
}

impl Answer {
    pub(crate) fn new(targets: &TargetEncoding) -> Self {
        match targets {
            TargetEncoding::Classes { names, .. } => Self::Classes(names.clone()),
            TargetEncoding::Values(values) => Self::Values(values.clone()),
        }
    }

    /// Names of the columns that a prediction has.
    pub(crate) fn columns(&self) -> Vec<String> {
        match self {
            Self::Classes(classes) => {
                let probabilities = classes.iter().map(|class| format!("probability_{class}"));
                std::iter::once("prediction".to_owned()).chain(probabilities).collect()
            }
            Self::Values(values) => {
                values.iter().map(|value| format!("predicted_{}", value.column)).collect()
            }
        }
    }

    /// The classes; none where values are predicted.
    pub(crate) fn classes(&self) -> &[String] {
        match self {
            Self::Classes(classes) => classes,
            Self::Values(_) => &[],
        }
    }

    /// Room for what is predicted for a row.
    pub(crate) fn room<F: Real>(&self) -> Answered<F> {
        let count = match self {
            Self::Classes(names) => names.len(),
            Self::Values(values) => values.len(),
        };
        Answered { class: 0, numbers: vec![F::zero(); count] }
    }

    /// Says what the scores of a row mean; false if that is nothing, as a number is not finite.
    pub(crate) fn say<F: Real>(&self, scores: ArrayView1<'_, F>, answered: &mut Answered<F>) -> bool {
        match self {
            Self::Classes(_) => {
                answered.class = predicted_class(scores);
                class_probabilities(scores, &mut answered.numbers);
            }
            Self::Values(values) => {
                for ((number, &score), value) in answered.numbers.iter_mut().zip(scores).zip(values) {
                    *number = F::from_f64(value.scaling.undo(Real::to_f64(score)));
                }
            }
        }
        answered.numbers.iter().all(|number| number.is_finite())
    }
}
