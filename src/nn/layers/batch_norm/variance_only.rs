//! Scaling: batch normalization without the translation.
//!
//! Training, per feature over the `n` rows of the batch, with the variance about the mean:
//!
//! ```text
//! inv_std = 1 / sqrt(1/n sum (x - mean)^2 + eps)
//! y       = gamma * x * inv_std + beta
//! ```
//!
//! # Backward
//!
//! ```text
//! dbeta  = sum dy
//! dgamma = sum dy * x * inv_std
//! dx     = gamma * inv_std * (dy - (x - mean) * inv_std * dgamma / n)
//! ```
//!
//! Each `x` acts on all `y` of its column through the variance alone: the term of the mean is missing, and what is
//! projected out is the centered `x_hat`, because the derivative of the variance is that of a centered square.
//!
//! Shapes and evaluation are those of [batch norm](super), without a running mean. A bias before it is not
//! canceled.
//!
//! Source: the other half of [mean-only batch norm](crate::nn::MeanOnly).

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::batch_norm::form::BatchForm;
use crate::nn::{BatchNorm, BatchNormSpec, Layer, LayerSpec, RunningStart, RunningUpdate, RunningVariance};
use crate::settings::settings;

settings! {
    /// Scaling: batch normalization without the translation.
    pub struct VarianceOnlySpec {
        /// Added to the variance inside the square root.
        eps: f64 = 1e-5, range(> 0.0);
        /// Weight of a new batch in the running variance; `"cumulative"` is their plain mean.
        running_update: RunningUpdate = RunningUpdate::Constant(0.1);
        /// Running variance before the first batch: `"first_batch"` takes that of the batch, `"standard"` starts
        /// from 1, `"zero"` from 0.
        running_start: RunningStart = RunningStart::FirstBatch;
        /// Whether the running variance divides by n - 1 (`"unbiased"`) or n (`"biased"`).
        running_variance: RunningVariance = RunningVariance::Unbiased;
        /// Whether to train gamma; it stays 1 otherwise.
        scale: bool = true;
        /// Whether to train beta; it stays 0 otherwise.
        shift: bool = true;
    }
}

/// Scaling, batch normalization without the translation, with its defaults.
pub fn variance_only() -> LayerSpec {
    VarianceOnlySpec::default().into()
}

impl Build for VarianceOnlySpec {
    const IS_NORM: bool = true;
    const FUSES_RELU_AFTER: bool = true;
    const NEEDS_BATCH: bool = true;

    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        let &Self { eps, running_update, running_start, running_variance, scale, shift } = self;
        let shared = BatchNormSpec {
            eps,
            running_update,
            running_start,
            running_variance,
            scale,
            shift,
            ..BatchNormSpec::default()
        };
        BatchNorm::build(shared, BatchForm::VarianceOnly, context, self.fused(context))
    }
}
