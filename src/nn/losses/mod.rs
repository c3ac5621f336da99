//! The losses by name: whom they are for, and what the scores before them say.

pub(crate) mod huber;
pub(crate) mod logistic;
pub(crate) mod regression;
pub(crate) mod softmax;
pub(crate) mod squared;

use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};

use crate::kernel::real::Real;
use crate::nn::losses::logistic::logistic;
use crate::nn::{HuberLossSpec, LayerSpec, LogisticLossSpec, SoftmaxLossSpec, SquaredLossSpec};
use crate::targets::Task;

/// What stands at the end of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Loss {
    /// For two classes or more, a score each.
    #[serde(rename = "softmax_loss")]
    Softmax,
    /// For two classes, one score for both.
    #[serde(rename = "logistic_loss")]
    Logistic,
    /// For values.
    #[serde(rename = "squared_loss")]
    Squared,
    /// For values, some of them far off.
    #[serde(rename = "huber_loss")]
    Huber,
}

impl Loss {
    /// What it is for.
    pub fn task(self) -> Task {
        match self {
            Self::Softmax | Self::Logistic => Task::Classification,
            Self::Squared | Self::Huber => Task::Regression,
        }
    }

    /// What stands at the end where nothing else is said.
    pub fn for_task(task: Task) -> Self {
        match task {
            Task::Classification => Self::Softmax,
            Task::Regression => Self::Squared,
        }
    }

    /// The width of the scores for that many classes or values.
    pub fn scores(self, answers: usize) -> usize {
        match self {
            Self::Logistic => 1,
            Self::Softmax | Self::Squared | Self::Huber => answers,
        }
    }

    /// The layer, with its defaults.
    pub fn layer(self) -> LayerSpec {
        match self {
            Self::Softmax => LayerSpec::SoftmaxLoss(SoftmaxLossSpec {}),
            Self::Logistic => LayerSpec::LogisticLoss(LogisticLossSpec {}),
            Self::Squared => LayerSpec::SquaredLoss(SquaredLossSpec {}),
            Self::Huber => LayerSpec::HuberLoss(HuberLossSpec::default()),
        }
    }
}

impl LayerSpec {
    /// Which loss this is, if it is one.
    pub fn loss(&self) -> Option<Loss> {
        match self {
            Self::SoftmaxLoss(_) => Some(Loss::Softmax),
            Self::LogisticLoss(_) => Some(Loss::Logistic),
            Self::SquaredLoss(_) => Some(Loss::Squared),
            Self::HuberLoss(_) => Some(Loss::Huber),
            Self::Affine(_)
            | Self::BatchNorm(_)
            | Self::MeanOnly(_)
            | Self::Relu(_)
            | Self::Sigmoid(_)
            | Self::Tanh(_)
            | Self::LeakyRelu(_)
            | Self::Dropout(_) => None,
        }
    }
}

/// The most probable class by the scores of a row, the first among equals. A single score is that of
/// a [logistic loss](Loss::Logistic).
pub fn predicted_class<F: Real>(scores: ArrayView1<'_, F>) -> usize {
    if let [score] = scores.as_slice().unwrap_or_default() {
        return usize::from(*score > F::zero());
    }
    let mut best = 0;
    for (class, &score) in scores.iter().enumerate() {
        if score > scores[best] {
            best = class;
        }
    }
    best
}

/// The probability of each class by the scores of a row, into `probabilities`, one entry for each
/// class. A single score is that of a [logistic loss](Loss::Logistic).
///
/// # Panics
///
/// If there is not an entry for each class.
pub fn class_probabilities<F: Real>(scores: ArrayView1<'_, F>, probabilities: &mut [F]) {
    if scores.len() == 1 {
        probabilities.copy_from_slice(&[logistic(-scores[0]), logistic(scores[0])]);
        return;
    }
    assert_eq!(scores.len(), probabilities.len(), "an entry for each class");
    let largest = scores.iter().fold(F::neg_infinity(), |max, &score| max.max(score));
    let mut sum = F::zero();
    for (probability, &score) in probabilities.iter_mut().zip(scores) {
        *probability = (score - largest).exp();
        sum += *probability;
    }
    probabilities.iter_mut().for_each(|probability| *probability /= sum);
}

#[cfg(test)]
mod tests {
    use ndarray::aview1;

    use super::*;

    fn probabilities(scores: &[f64]) -> Vec<f64> {
        let mut probabilities = vec![f64::NAN; scores.len().max(2)];
        class_probabilities(aview1(scores), &mut probabilities);
        probabilities
    }

    #[test]
    fn one_score_says_what_two_scores_with_that_difference_say() {
        for score in [-800.0, -40.0, -0.5, 0.0, 1e-9, 3.0, 40.0, 800.0] {
            assert_eq!(predicted_class(aview1(&[score])), predicted_class(aview1(&[0.0, score])), "{score}");
            for (one, two) in probabilities(&[score]).iter().zip(probabilities(&[0.0, score])) {
                assert!((one - two).abs() <= 1e-15 * two, "{score}: {one} {two}");
            }
        }
        assert!(probabilities(&[f64::NAN]).iter().all(|p| p.is_nan()));
        assert!(probabilities(&[f64::NAN, 1.0, 2.0]).iter().all(|p| p.is_nan()));
    }

    #[test]
    fn probabilities_of_the_largest_scores_are_sure_and_of_equal_ones_equal() {
        assert_eq!(probabilities(&[1e308, -1e308, 0.0]), [1.0, 0.0, 0.0]);
        assert_eq!(probabilities(&[-1e308; 4]), [0.25; 4]);
        assert_eq!(predicted_class(aview1(&[1.0, 2.0, 2.0])), 1);
    }
}
