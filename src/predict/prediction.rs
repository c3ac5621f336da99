//! From the outputs of a network to a prediction.

use ndarray::ArrayView1;

use crate::data::TargetEncoding;
use crate::kernel::real::Real;
use crate::nn::{class_probabilities, correct_probabilities, predicted_class};

/// The prediction for a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prediction<F> {
    /// The index of the most probable class; 0 for a regression.
    pub(crate) class: usize,
    /// The probability of each class; none for a regression.
    pub(crate) probabilities: Vec<F>,
    /// The values in the unit of the file. They are in double precision: next to a large offset, such as that
    /// of a time, the precision of the network would round them to the same number.
    pub(crate) values: Vec<f64>,
    /// Whether each class is in the prediction set; empty where none is asked for.
    pub(crate) in_set: Vec<bool>,
    /// The lower and upper end of the interval of each value; likewise.
    pub(crate) bounds: Vec<f64>,
}

impl<F: Real> Prediction<F> {
    /// A buffer for predictions of `targets`.
    pub(crate) fn zeros(targets: &TargetEncoding) -> Self {
        let (classes, values) = match targets {
            TargetEncoding::Classes { names, .. } => (names.len(), 0),
            TargetEncoding::Values(values) => (0, values.len()),
        };
        Self {
            class: 0,
            probabilities: vec![F::zero(); classes],
            values: vec![0.0; values],
            in_set: Vec::new(),
            bounds: Vec::new(),
        }
    }

    /// Overwrites the prediction with that of another row, from its logits or scaled values; false if
    /// a number is not finite.
    #[must_use]
    pub(crate) fn set(&mut self, outputs: ArrayView1<'_, F>, targets: &TargetEncoding) -> bool {
        match targets {
            TargetEncoding::Classes { .. } => {
                self.class = predicted_class(outputs);
                class_probabilities(outputs, &mut self.probabilities);
                if let Some(weights) = targets.class_weights() {
                    correct_probabilities(&mut self.probabilities, weights);
                }
            }
            TargetEncoding::Values(values) => {
                for ((number, &output), value) in self.values.iter_mut().zip(outputs).zip(values) {
                    *number = value.scaling.undo(Real::to_f64(output));
                }
            }
        }
        self.probabilities.iter().all(|number| number.is_finite())
            && self.values.iter().all(|number| number.is_finite())
    }

    /// Writes each number, then 1 or 0 for each class of a set, `write` being given a function that appends it as the shortest decimal that is
    /// read back exactly.
    pub(crate) fn each_number(&self, mut write: impl FnMut(&dyn Fn(&mut Vec<u8>))) {
        self.probabilities.iter().for_each(|number| write(&|out| number.put_decimal(out)));
        self.values.iter().for_each(|number| write(&|out| number.put_decimal(out)));
        self.in_set.iter().for_each(|is_in| write(&|out| out.push(if *is_in { b'1' } else { b'0' })));
        self.bounds.iter().for_each(|number| write(&|out| number.put_decimal(out)));
    }
}
