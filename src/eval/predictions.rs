//! Predictions of a network for many rows.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};

use crate::data::transform::encode::Encoder;
use crate::data::{ColumnKind, LastBatch, Scaling, TargetEncoding, batch_ranges};
use crate::eval::EvalRows;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::metrics::Predictions;
use crate::nn::{AnyNetwork, Network, correct_log_probabilities, log_probabilities, row_chunks};
use crate::train::{PredictionError, TrainResult};

/// What the outputs of a network are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OutputKind<'a> {
    /// Logits of this many classes; a single logit for two classes.
    Classes(usize),
    /// Logits as of classes whose rows had these weights in the loss; their probabilities are corrected for them.
    WeightedClasses(&'a [f64]),
    /// Logits of two classes, the second of which is predicted above a probability; corrected if there are weights.
    ThresholdedClasses {
        /// The weight of each class in the loss.
        weights: Option<&'a [f64]>,
        /// The probability.
        threshold: f64,
    },
    /// Values, with the scaling of each target.
    Values(&'a [Scaling]),
}

impl<'a> OutputKind<'a> {
    /// For `targets`, whose values have these scalings.
    pub fn of(targets: &'a TargetEncoding, scalings: &'a [Scaling]) -> Self {
        match targets {
            TargetEncoding::Classes { weights, threshold: Some(threshold), .. } => {
                Self::ThresholdedClasses { weights: weights.as_deref(), threshold: *threshold }
            }
            TargetEncoding::Classes { weights: Some(weights), .. } => Self::WeightedClasses(weights),
            TargetEncoding::Classes { names, .. } => Self::Classes(names.len()),
            TargetEncoding::Values(_) => Self::Values(scalings),
        }
    }
}

/// The predictions of `network` for each row, with running statistics; with a `batch_size`, with the
/// statistics of consecutive batches of this size instead. The rows after the last whole batch join it if
/// they are fewer than half a batch.
pub fn predict_rows<F: Real>(
    network: &Network<F>,
    pool: &ThreadPool,
    rows: &dyn EvalRows<F>,
    batch_size: Option<usize>,
    output_kind: OutputKind<'_>,
) -> Predictions {
    let ranges = match batch_size {
        Some(batch_size) => batch_ranges(rows.n_rows(), batch_size, LastBatch::Merge),
        None => row_chunks(rows.n_rows()).collect(),
    };
    let mut workspace = network.inference_workspace(ranges.iter().map(Range::len).max().unwrap_or(0));
    let columns = match output_kind {
        OutputKind::Classes(classes) => classes,
        OutputKind::WeightedClasses(weights) => weights.len(),
        OutputKind::ThresholdedClasses { .. } => 2,
        OutputKind::Values(scaling) => scaling.len(),
    };
    let mut predictions = Array2::zeros((rows.n_rows(), columns));
    let mut first = 0;
    rows.show(&ranges, &mut |x| {
        let scores = match batch_size {
            Some(_) => network.outputs_with_batch_stats(pool, x, &mut workspace),
            None => network.outputs(pool, x, &mut workspace),
        };
        let mut rows = predictions.slice_mut(s![first..first + x.nrows(), ..]);
        for (scores, mut answer) in scores.rows().into_iter().zip(rows.rows_mut()) {
            let scores: Vec<f64> = scores.iter().map(|&score| Real::to_f64(score)).collect();
            read(scores, output_kind)
                .into_iter()
                .zip(&mut answer)
                .for_each(|(value, answer)| *answer = value);
        }
        first += x.nrows();
    });
    match output_kind {
        OutputKind::Classes(_) => Predictions::Classes(predictions),
        OutputKind::WeightedClasses(weights) => {
            Predictions::WeightedClasses { logarithms: predictions, weights: weights.to_vec() }
        }
        OutputKind::ThresholdedClasses { threshold, .. } => {
            // p_1 (1 - t) > p_0 t just where p_1 > t.
            Predictions::WeightedClasses {
                logarithms: predictions,
                weights: vec![threshold, 1.0 - threshold],
            }
        }
        OutputKind::Values(_) => Predictions::Values(predictions),
    }
}

/// The outputs of a row as a prediction.
fn read(scores: Vec<f64>, output_kind: OutputKind<'_>) -> Vec<f64> {
    match output_kind {
        OutputKind::Classes(_) | OutputKind::ThresholdedClasses { weights: None, .. } => {
            log_probabilities(scores)
        }
        OutputKind::WeightedClasses(weights)
        | OutputKind::ThresholdedClasses { weights: Some(weights), .. } => {
            let mut logarithms = log_probabilities(scores);
            correct_log_probabilities(&mut logarithms, weights);
            logarithms
        }
        OutputKind::Values(scaling) => {
            let unscaled = |(score, scaling): (f64, &Scaling)| scaling.undo(score);
            scores.into_iter().zip(scaling).map(unscaled).collect()
        }
    }
}

/// Visits all rows of `rows` in [`row_chunks`].
pub(crate) fn each_chunk<F>(rows: &dyn EvalRows<F>, see: &mut dyn FnMut(ArrayView2<'_, F>)) {
    rows.show(&row_chunks(rows.n_rows()).collect::<Vec<_>>(), see);
}

impl TrainResult {
    /// Predicts the rows of `x`, `(n, features)`, unscaled, as for training. Batch norm uses running statistics, so a prediction does not depend on other rows.
    ///
    /// # Errors
    ///
    /// If `x` has another number of columns, some feature is not a number, or a prediction is not finite.
    pub fn predict<T: Real>(&self, x: &Array2<T>) -> Result<Predictions, PredictionError> {
        let features: Vec<_> = self.encoding.features().collect();
        if let Some((name, _)) = features.iter().find(|(_, feature)| feature.kind() != ColumnKind::Numeric) {
            return Err(PredictionError::NotNumeric((*name).to_owned()));
        }
        if x.ncols() != features.len() {
            return Err(PredictionError::ColumnCount { found: x.ncols(), expected: features.len() });
        }
        let predictions = match &self.network {
            AnyNetwork::F32(network) => self.predict_in(network, x),
            AnyNetwork::F64(network) => self.predict_in(network, x),
        };
        match predictions.not_finite() {
            Some(row) => Err(PredictionError::NotFinite { row }),
            None => Ok(predictions),
        }
    }

    fn predict_in<T: Real, F: Real>(&self, network: &Network<F>, x: &Array2<T>) -> Predictions {
        let encoder = Encoder::new(&self.encoding);
        let mut inputs = Array2::<F>::zeros((x.nrows(), encoder.inputs()));
        for (row, mut inputs) in x.rows().into_iter().zip(inputs.rows_mut()) {
            let row: Vec<f64> = row.iter().map(|&value| Real::to_f64(value)).collect();
            encoder.encode(&row, inputs.as_slice_mut().expect("rows without gaps"));
        }
        let scalings = self.encoding.value_scalings();
        let output_kind = OutputKind::of(&self.encoding.targets, &scalings);
        predict_rows(network, &ThreadPool::single(), &inputs, None, output_kind)
    }
}
