//! Batch renormalization: batch norm, corrected towards the running statistics.
//!
//! With `mean`, `sd = sqrt(var + eps)` of the batch and `mean'`, `sd'` of the running statistics, in training:
//!
//! ```text
//! r = sd / sd'              clipped to 1 / max_ratio..max_ratio
//! d = (mean - mean') / sd'  clipped to -max_offset..max_offset
//! y = gamma * ((x - mean) / sd * r + d) + beta
//! ```
//!
//! Without clipping this is `gamma * (x - mean') / sd' + beta`, which is what evaluation computes.
//!
//! # Backward
//!
//! `r` and `d` are constants for the gradient, by definition, although they depend on the batch:
//!
//! ```text
//! dbeta  = sum dy
//! dgamma = sum dy * (r x_hat + d)
//! dx     = gamma * r / sd * (dy - dbeta / n - x_hat * (sum dy * x_hat) / n)
//! ```
//!
//! So it is not the derivative of the forward pass, but for `r` and `d` at their limits, and the gradient check
//! agrees there alone.
//!
//! # Schedule
//!
//! Running statistics are far from right at first. Up to the share `warmup` of the training `r` is 1 and `d` 0, so
//! the layer is batch norm; from there on the limits grow linearly, that of `r` up to the share `ratio_at` and
//! that of `d` up to `offset_at`. With `running_start = "first_batch"` the first batch is normalized like that
//! anyway: there are no statistics to correct towards.
//!
//! Shapes and running statistics are those of [batch norm](super). They keep the variance, biased as in `r`; the
//! paper averages the deviation.
//!
//! Source: Ioffe, "Batch renormalization: towards reducing minibatch dependence in batch-normalized models", 2017,
//! algorithm 1. The shares are the steps of its section 4 over 100,000.

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::batch_norm::form::BatchForm;
use crate::nn::{BatchNorm, BatchNormSpec, Layer, LayerSpec, RunningStart, RunningUpdate, RunningVariance};
use crate::settings::settings;

settings! {
    /// Batch normalization, corrected towards the running statistics.
    pub struct BatchRenormSpec {
        /// Largest ratio of the deviation of a batch to the running one, in either direction; 1 is batch norm.
        max_ratio: f64 = 3.0, range(1.0..);
        /// Largest distance of the mean of a batch from the running one, in running deviations; 0 is batch norm.
        max_offset: f64 = 5.0, range(0.0..);
        /// Share of the training in which it is batch norm.
        warmup: f64 = 0.05, range(0.0..=1.0);
        /// Share of the training at which `max_ratio` is reached, linearly from 1 after the warmup.
        ratio_at: f64 = 0.4, range(0.0..=1.0);
        /// Share of the training at which `max_offset` is reached, linearly from 0 after the warmup.
        offset_at: f64 = 0.25, range(0.0..=1.0);
        /// Added to the variance inside the square root.
        eps: f64 = 1e-5, range(> 0.0);
        /// Weight of a new batch in the running statistics; `"cumulative"` is their plain mean.
        running_update: RunningUpdate = RunningUpdate::Constant(0.01);
        /// Running statistics before the first batch: `"first_batch"` takes those of that batch, `"standard"` starts
        /// from mean 0 and variance 1, `"zero"` from 0 and 0.
        running_start: RunningStart = RunningStart::FirstBatch;
        /// Whether to train gamma; it stays 1 otherwise.
        scale: bool = true;
        /// Whether to train beta; it stays 0 otherwise.
        shift: bool = true;
    }
}

/// Batch renormalization with its defaults; see [`BatchRenormSpec`] for others.
pub fn batch_renorm() -> LayerSpec {
    BatchRenormSpec::default().into()
}

impl Build for BatchRenormSpec {
    const IS_NORM: bool = true;
    const FUSES_RELU_AFTER: bool = true;
    const CANCELS_BIAS: bool = true;
    const NEEDS_BATCH: bool = true;

    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        let &Self { eps, running_update, running_start, scale, shift, .. } = self;
        let running_variance = RunningVariance::Biased;
        let shared = BatchNormSpec {
            eps,
            running_update,
            running_start,
            running_variance,
            scale,
            shift,
            ..BatchNormSpec::default()
        };
        let form = BatchForm::Renorm(RenormLimits(self.clone()));
        BatchNorm::build(shared, form, context, self.fused(context))
    }
}

/// The limits of `r` and `d` over the training.
#[derive(Clone, Debug)]
pub(crate) struct RenormLimits(BatchRenormSpec);

impl RenormLimits {
    /// The largest `r` and the largest `d` after this share of the training.
    pub(crate) fn at(&self, progress: f64) -> [f64; 2] {
        let BatchRenormSpec { max_ratio, max_offset, warmup, ratio_at, offset_at, .. } = self.0;
        let ramp = |end: f64| {
            if progress < warmup {
                0.0
            } else if progress >= end {
                1.0
            } else {
                (progress - warmup) / (end - warmup)
            }
        };
        [1.0 + ramp(ratio_at) * (max_ratio - 1.0), ramp(offset_at) * max_offset]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_grow_after_the_warmup() {
        let spec =
            BatchRenormSpec { warmup: 0.25, ratio_at: 0.75, offset_at: 0.5, ..BatchRenormSpec::default() };
        let limits = RenormLimits(spec.clone());
        let expected =
            [(0.0, [1.0, 0.0]), (0.2, [1.0, 0.0]), (0.5, [2.0, 5.0]), (0.75, [3.0, 5.0]), (1.0, [3.0, 5.0])];
        for (progress, expected) in expected {
            assert_eq!(limits.at(progress), expected, "{progress}");
        }
        let at_once = RenormLimits(BatchRenormSpec { warmup: 0.5, ratio_at: 0.0, offset_at: 0.5, ..spec });
        assert_eq!([0.49, 0.5].map(|progress| at_once.at(progress)), [[1.0, 0.0], [3.0, 5.0]]);
    }
}
