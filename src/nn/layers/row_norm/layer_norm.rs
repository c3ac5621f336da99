//! Layer normalization: each row by the mean and the variance of its features.
//!
//! Formulas, shapes and the backward pass are those of a [norm of each row](super) with a single group.
//!
//! Source: Ba, Kiros and Hinton, "Layer normalization", 2016, equation 4 for a feed-forward layer.

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::gamma_beta::GammaBeta;
use crate::nn::layers::row_norm::RowNorm;
use crate::nn::{Layer, LayerSpec};
use crate::settings::settings;

settings! {
    /// Layer normalization: each row by the mean and the variance of its features.
    pub struct LayerNormSpec {
        /// Added to the variance inside the square root.
        eps: f64 = 1e-5, range(> 0.0);
        /// Whether to train gamma; it stays 1 otherwise.
        scale: bool = true;
        /// Whether to train beta; it stays 0 otherwise.
        shift: bool = true;
    }
}

/// Layer normalization with its defaults; see [`LayerNormSpec`] for others.
pub fn layer_norm() -> LayerSpec {
    LayerNormSpec::default().into()
}

impl Build for LayerNormSpec {
    const IS_NORM: bool = true;
    const FUSES_RELU_AFTER: bool = true;

    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        let tensors = GammaBeta::new(context.name, context.inputs, self.scale, self.shift);
        Box::new(RowNorm::new(tensors, self.eps, 1, true, self.fused(context)))
    }
}
