//! Ghost batch norm: batch norm of parts of a batch.
//!
//! A batch of `n` rows is divided into `max(1, n / rows)` ghost batches of neighbors, rounded down, whose sizes
//! differ by at most one: each has `rows` rows or more, if the batch does. Each is normalized by its own mean and
//! variance, so that the noise of the statistics is that of a small batch while the batch is large. Formulas and
//! shapes are those of [batch norm](super); the gradients of gamma and beta are the sums over all ghost batches.
//!
//! Running statistics follow the ghost batches one after the other; evaluation uses them like batch norm.
//!
//! Source: Hoffer, Hubara and Soudry, "Train longer, generalize better", 2017, algorithm 1.

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::batch_norm::form::BatchForm;
use crate::nn::{BatchNorm, BatchNormSpec, Layer, LayerSpec, RunningStart, RunningUpdate, RunningVariance};
use crate::settings::settings;

settings! {
    /// Batch normalization of parts of a batch.
    pub struct GhostBatchNormSpec {
        /// Rows of a part; a part has more if the batch does not divide evenly.
        rows: usize = 16, range(2..);
        /// Added to the variance inside the square root.
        eps: f64 = 1e-5, range(> 0.0);
        /// Weight of a new part in the running statistics; `"cumulative"` is their plain mean.
        running_update: RunningUpdate = RunningUpdate::Constant(0.1);
        /// Running statistics before the first part: `"first_batch"` takes those of that part, `"standard"` starts
        /// from mean 0 and variance 1, `"zero"` from 0 and 0.
        running_start: RunningStart = RunningStart::FirstBatch;
        /// Whether the running variance divides by n - 1 (`"unbiased"`) or n (`"biased"`).
        running_variance: RunningVariance = RunningVariance::Unbiased;
        /// Whether to train gamma; it stays 1 otherwise.
        scale: bool = true;
        /// Whether to train beta; it stays 0 otherwise.
        shift: bool = true;
    }
}

/// Ghost batch normalization with its defaults; see [`GhostBatchNormSpec`] for others.
pub fn ghost_batch_norm() -> LayerSpec {
    GhostBatchNormSpec::default().into()
}

impl Build for GhostBatchNormSpec {
    const IS_NORM: bool = true;
    const FUSES_RELU_AFTER: bool = true;
    const CANCELS_BIAS: bool = true;
    const NEEDS_BATCH: bool = true;

    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        let &Self { rows, eps, running_update, running_start, running_variance, scale, shift } = self;
        let shared = BatchNormSpec {
            eps,
            running_update,
            running_start,
            running_variance,
            scale,
            shift,
            ..BatchNormSpec::default()
        };
        BatchNorm::build(shared, BatchForm::Ghost { rows }, context, self.fused(context))
    }
}
