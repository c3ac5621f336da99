//! RMS normalization: each row by the root of its mean square.
//!
//! Formulas, shapes and the backward pass are those of a [norm of each row](super) with a single group that
//! is not centered. There is no beta.
//!
//! Source: Zhang and Sennrich, "Root mean square layer normalization", 2019, equation 4; `eps` is that of
//! Keras and Flax (PyTorch's default is the machine epsilon of the precision).

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::gamma_beta::GammaBeta;
use crate::nn::layers::row_norm::RowNorm;
use crate::nn::{Layer, LayerSpec};
use crate::settings::settings;

settings! {
    /// RMS normalization: each row by the root of its mean square.
    pub struct RmsNormSpec {
        /// Added to the mean square inside the square root.
        eps: f64 = 1e-6, range(> 0.0);
        /// Whether to train gamma; it stays 1 otherwise.
        scale: bool = true;
    }
}

/// RMS normalization with its defaults; see [`RmsNormSpec`] for others.
pub fn rms_norm() -> LayerSpec {
    RmsNormSpec::default().into()
}

impl Build for RmsNormSpec {
    const IS_NORM: bool = true;
    const FUSES_RELU_AFTER: bool = true;

    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        let tensors = GammaBeta::new(context.name, context.inputs, self.scale, false);
        Box::new(RowNorm::new(tensors, self.eps, 1, false, self.fused(context)))
    }
}
