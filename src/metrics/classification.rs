//! Metrics of classification.

use crate::metrics::calibration::{
    ClassShare, PredictedClass, calibration_error, class_shares, classwise_ece,
};
use crate::metrics::confusion::{ClassMeasures, Confusion};
use crate::metrics::interval::{IntervalScale, by_influence};
use crate::metrics::measure::{Measure, UndefinedReason};
use crate::metrics::ranking::area_under_curve;
use ndarray::{Array2, ArrayView1, ArrayView2};

/// The metrics of predicted classes and probabilities on some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Classification {
    /// Rows that count: those of a weight greater than 0.
    pub n_rows: u64,
    /// Share of the rows whose most probable class (the first one of a tie) is right.
    pub accuracy: Measure,
    /// Mean recall of the classes that have rows.
    pub balanced_accuracy: Measure,
    /// Mean F1 of the classes that have rows or are predicted.
    pub macro_f1: Measure,
    /// Area under the ROC curve; for more than two classes the mean over those that have rows, each
    /// against all others.
    pub auc: Measure,
    /// Mean of `-log p` of the right class, in nats.
    pub log_loss: Measure,
    /// Expected calibration error of the predicted class, in [`CALIBRATION_BINS`](super::CALIBRATION_BINS)
    /// bins of equal width.
    pub calibration_error: Measure,
    /// The expected calibration error if all probabilities were exactly right.
    pub calibration_error_by_chance: Option<f64>,
    /// Classwise expected calibration error: the mean over the classes of the same for the probability of the
    /// class, whether it is predicted or not. It also finds a class that is always too probable, but never
    /// predicted.
    pub classwise_ece: Measure,
    /// The classwise error that is expected if all probabilities were exactly right.
    pub classwise_ece_by_chance: Option<f64>,
    /// For each class, how probable it is on average, and how frequent.
    pub class_shares: Vec<ClassShare>,
    /// The metrics of each class.
    pub classes: Vec<ClassMeasures>,
    /// The confusion matrix.
    pub confusion: Confusion,
}

impl Classification {
    /// Computes the metrics of predictions, given as log probabilities, `(n, classes)`.
    ///
    /// Everything but the numbers of rows is weighted by `weights`, finite and at least 0, if there are any.
    ///
    /// # Panics
    ///
    /// If there are not as many predictions or weights as rows, or a class is out of range.
    pub fn of(truth: &[u32], log_probabilities: ArrayView2<'_, f64>, weights: Option<&[f64]>) -> Self {
        let most_probable = |row: ArrayView1<'_, f64>| argmax(row).map_or(0, |class| class as u32);
        let predictions: Vec<u32> = log_probabilities.rows().into_iter().map(most_probable).collect();
        Self::of_predicted(truth, log_probabilities, &predictions, weights)
    }

    /// [`of`](Self::of), where the predicted classes need not be the most probable ones.
    ///
    /// # Panics
    ///
    /// As `of`, and if there are not as many predicted classes as rows.
    pub fn of_predicted(
        truth: &[u32],
        log_probabilities: ArrayView2<'_, f64>,
        predictions: &[u32],
        weights: Option<&[f64]>,
    ) -> Self {
        assert_eq!(truth.len(), log_probabilities.nrows(), "a prediction for each row");
        assert_eq!(truth.len(), predictions.len(), "a predicted class for each row");
        let equal;
        let weights = match weights {
            Some(weights) => weights,
            None => {
                equal = vec![1.0; truth.len()];
                &equal
            }
        };
        assert_eq!(truth.len(), weights.len(), "a weight for each row");
        let rows = || truth.iter().zip(predictions).zip(weights).map(|((&t, &p), &w)| (t, p, w));
        let confusion = Confusion::of(log_probabilities.ncols(), rows());
        let predicted =
            rows().zip(log_probabilities.rows()).map(|((truth, prediction, weight), row)| PredictedClass {
                probability: row[prediction as usize].exp(),
                is_right: truth == prediction,
                weight,
            });
        let (calibration_error, calibration_error_by_chance) = calibration_error(predicted);
        let (classwise_ece, classwise_ece_by_chance) = classwise_ece(truth, log_probabilities, weights);
        let classes = confusion.classes();
        Self {
            n_rows: classes.iter().map(|class| class.rows).sum(),
            accuracy: confusion.accuracy(),
            balanced_accuracy: confusion.balanced_accuracy(&classes),
            macro_f1: confusion.macro_f1(),
            auc: area_under_curve(truth, log_probabilities, weights),
            log_loss: log_loss(truth, log_probabilities, weights),
            calibration_error,
            calibration_error_by_chance,
            classwise_ece,
            classwise_ece_by_chance,
            class_shares: class_shares(truth, log_probabilities, weights),
            classes,
            confusion,
        }
    }

    /// Computes the metrics of the baseline that predicts the class shares of the training rows for every row.
    /// `counts` are those of the training rows, in any unit; the predicted class is the most frequent one.
    pub fn of_frequencies(truth: &[u32], counts: &[f64], weights: Option<&[f64]>) -> Self {
        let total: f64 = counts.iter().sum();
        let row: Vec<f64> = counts.iter().map(|count| (count / total).ln()).collect();
        let row = ArrayView1::from(&row);
        Self::of(truth, Array2::from_shape_fn((truth.len(), row.len()), |(_, c)| row[c]).view(), weights)
    }

    /// The metrics over all classes by name, the most common first.
    pub fn measures(&self) -> [(&'static str, Measure); 7] {
        [
            ("accuracy", self.accuracy),
            ("balanced_accuracy", self.balanced_accuracy),
            ("macro_f1", self.macro_f1),
            ("auc", self.auc),
            ("log_loss", self.log_loss),
            ("calibration_error", self.calibration_error),
            ("classwise_ece", self.classwise_ece),
        ]
    }
}

/// The index of the largest value, the first one of a tie; NaN is never the largest.
pub(crate) fn argmax<T: PartialOrd>(values: impl IntoIterator<Item = T>) -> Option<usize> {
    let mut values = values.into_iter().enumerate();
    let first = values.next()?;
    let larger = |best: (usize, T), other: (usize, T)| if other.1 > best.1 { other } else { best };
    Some(values.fold(first, larger).0)
}

/// Influence of a row of weight `w`: `w (its loss - the mean) / sum of w`.
fn log_loss(truth: &[u32], log_probabilities: ArrayView2<'_, f64>, weights: &[f64]) -> Measure {
    let rows = log_probabilities.rows().into_iter().zip(truth).zip(weights);
    let losses = rows
        .filter(|(_, weight)| **weight > 0.0)
        .map(|((row, &truth), &weight)| (-row[truth as usize], weight));
    super::regression::weighted_mean(losses).map_or_else(
        || Measure::undefined(UndefinedReason::NoRows),
        |mean| by_influence(mean.value, mean.squares, mean.rows, IntervalScale::Log),
    )
}
