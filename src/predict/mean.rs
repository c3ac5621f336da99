//! The mean of the predictions of several networks.

use ndarray::{Array2, ArrayView2};

use crate::data::TargetEncoding;
use crate::kernel::real::Real;
use crate::metrics::argmax;
use crate::nn::{CHUNK_ROWS, predicted_class};
use crate::predict::prediction::Prediction;

/// Predictions for up to [`CHUNK_ROWS`] rows, to which one network after the other is added.
///
/// With `p_m` the probabilities that network `m` of `M` predicts alone, in its precision, the mean is
/// `(p_1 + ... + p_M) / M`, each operation in double precision and in the order of the networks, and the result is rounded
/// to their precision; values likewise, in the unit of the file. So one network predicts what it predicts alone, to the bit.
///
/// The class is that of the largest mean probability; with class weights, of the largest sum of products of
/// probability and weight, as for one network. A threshold is compared with the mean probability of the second class.
pub(crate) struct MeanPredictions<F> {
    networks: usize,
    /// Probabilities or values, `(CHUNK_ROWS, outputs)`.
    sums: Array2<f64>,
    /// The sums that decide about the class, if they are not those of the probabilities.
    decisive: Option<Array2<f64>>,
    /// The class that the first network predicts.
    first_classes: Vec<usize>,
    is_finite: Vec<bool>,
    of_one: Prediction<F>,
    /// Decides about the class in place of the largest sum.
    threshold: Option<f64>,
}

impl<F: Real> MeanPredictions<F> {
    /// A buffer for predictions of `targets`.
    pub(crate) fn zeros(targets: &TargetEncoding) -> Self {
        let of_one = Prediction::zeros(targets);
        let shape = (CHUNK_ROWS, of_one.probabilities.len() + of_one.values.len());
        Self {
            networks: 0,
            sums: Array2::zeros(shape),
            decisive: targets.class_weights().map(|_| Array2::zeros(shape)),
            first_classes: vec![0; CHUNK_ROWS],
            is_finite: vec![true; CHUNK_ROWS],
            of_one,
            threshold: targets.threshold(),
        }
    }

    /// Begins with other rows.
    pub(crate) fn clear(&mut self) {
        self.networks = 0;
        self.sums.fill(0.0);
        self.decisive.iter_mut().for_each(|sums| sums.fill(0.0));
        self.is_finite.fill(true);
    }

    /// Adds what a network answers for each row: logits or scaled values.
    pub(crate) fn add(&mut self, outputs: ArrayView2<'_, F>, targets: &TargetEncoding) {
        for (row, outputs) in outputs.rows().into_iter().enumerate() {
            if self.networks == 0 {
                self.first_classes[row] = predicted_class(outputs);
            }
            self.is_finite[row] &= self.of_one.set(outputs, targets);
            let Prediction { probabilities, values, .. } = &self.of_one;
            let numbers = probabilities.iter().map(|&p| Real::to_f64(p)).chain(values.iter().copied());
            self.sums.row_mut(row).iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
            if let (Some(decisive), Some(weights)) = (&mut self.decisive, targets.class_weights()) {
                let products = probabilities.iter().zip(weights).map(|(&p, weight)| Real::to_f64(p) * weight);
                decisive.row_mut(row).iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
            }
        }
        self.networks += 1;
    }

    /// Overwrites `prediction` with the mean for a row; false if a number of some network is not finite.
    #[must_use]
    pub(crate) fn get(&self, row: usize, prediction: &mut Prediction<F>) -> bool {
        let Prediction { class, probabilities, values, .. } = prediction;
        let mean = self.sums.row(row).into_iter().map(|sum| sum / self.networks as f64);
        if probabilities.is_empty() {
            values.iter_mut().zip(mean).for_each(|(value, mean)| *value = mean);
        } else {
            probabilities.iter_mut().zip(mean).for_each(|(p, mean)| *p = F::from_f64(mean));
            let decisive = self.decisive.as_ref().unwrap_or(&self.sums);
            *class = match (self.threshold, self.networks) {
                (Some(threshold), _) => usize::from(Real::to_f64(probabilities[1]) > threshold),
                (None, 1) => self.first_classes[row],
                (None, _) => argmax(decisive.row(row).iter().copied()).unwrap_or(0),
            };
        }
        self.is_finite[row]
    }
}
