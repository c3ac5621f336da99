//! What the scores of a network say, in the words and units of the file.

use ndarray::ArrayView1;

use crate::data::TargetEncoding;
use crate::nn::{class_probabilities, predicted_class};
use crate::real::Real;

/// What is predicted.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// One of these classes.
    Classes(Vec<String>),
}

/// What is predicted for a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answered<F> {
    /// The class, where classes are predicted.
    pub(super) class: usize,
    /// The probability of each class.
    pub(super) numbers: Vec<F>,
}

impl Answer {
    pub(super) fn new(targets: &TargetEncoding) -> Self {
        match targets {
            TargetEncoding::Classes { names, .. } => Self::Classes(names.clone()),
        }
    }

    /// Names of the columns that a prediction has.
    pub(super) fn columns(&self) -> Vec<String> {
        match self {
            Self::Classes(classes) => {
                let probabilities = classes.iter().map(|class| format!("probability_{class}"));
                std::iter::once("prediction".to_owned()).chain(probabilities).collect()
            }
        }
    }

    /// The classes; none where values are predicted.
    pub(super) fn classes(&self) -> &[String] {
        match self {
            Self::Classes(classes) => classes,
        }
    }

    /// Room for what is predicted for a row.
    pub(super) fn room<F: Real>(&self) -> Answered<F> {
        let count = match self {
            Self::Classes(names) => names.len(),
        };
        Answered { class: 0, numbers: vec![F::zero(); count] }
    }

    /// Says what the scores of a row mean; false if that is nothing, as a number is not finite.
    pub(super) fn say<F: Real>(&self, scores: ArrayView1<'_, F>, answered: &mut Answered<F>) -> bool {
        match self {
            Self::Classes(_) => {
                answered.class = predicted_class(scores);
                class_probabilities(scores, &mut answered.numbers);
            }
        }
        answered.numbers.iter().all(|number| number.is_finite())
    }
}
