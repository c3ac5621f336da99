//! From the outputs of a network to a prediction.

use ndarray::ArrayView1;

use crate::data::TargetEncoding;
use crate::kernel::real::Real;
use crate::nn::{class_probabilities, predicted_class};

/// The prediction for a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prediction<F> {
    /// The index of the most probable class; 0 for a regression.
    pub(crate) class: usize,
    /// The probability of each class, or the values in the unit of the file.
    pub(crate) numbers: Vec<F>,
}

impl<F: Real> Prediction<F> {
    /// A buffer for predictions of `targets`.
    pub(crate) fn zeros(targets: &TargetEncoding) -> Self {
        let count = match targets {
            TargetEncoding::Classes { names, .. } => names.len(),
            TargetEncoding::Values(values) => values.len(),
        };
        Self { class: 0, numbers: vec![F::zero(); count] }
    }

    /// Overwrites the prediction with that of another row, from its logits or scaled values; false if
    /// a number is not finite.
    #[must_use]
    pub(crate) fn set(&mut self, outputs: ArrayView1<'_, F>, targets: &TargetEncoding) -> bool {
        match targets {
            TargetEncoding::Classes { .. } => {
                self.class = predicted_class(outputs);
                class_probabilities(outputs, &mut self.numbers);
            }
            TargetEncoding::Values(values) => {
                for ((number, &output), value) in self.numbers.iter_mut().zip(outputs).zip(values) {
                    *number = F::from_f64(value.scaling.undo(Real::to_f64(output)));
                }
            }
        }
        self.numbers.iter().all(|number| number.is_finite())
    }
}
