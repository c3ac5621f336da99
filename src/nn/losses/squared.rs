//! The squared error, without a factor of a half, as one layer.
//!
//! Forward, per row: `y = 1/k sum over the k outputs of (x - target)^2`. Backward:
//! `dx = 2 (x - target) * dy / k`.
//!
//! Over standardised targets, predicting the mean of the training rows has a mean loss of 1, and 1 minus the
//! loss is the explained share of the variance, R2.
//!
//! # Shapes
//!
//! `x`, `dx`: `(n, k)`; `y`, `dy`: `(n, 1)`; `pass.targets`: `(n, k)` values.
//!
//! Source: Gauss, "Theoria motus corporum coelestium", 1809, on least squares.
//!
//! # Panics
//!
//! If the targets are classes.

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::losses::regression::{ErrorFunction, RegressionLoss};
use crate::nn::{Layer, LayerSpec, Loss};
use crate::settings::settings;

settings! {
    /// Last layer for values: squared error, averaged over the targets, in scaled units; no factor of 1/2.
    pub struct SquaredLossSpec {}
}

/// The mean squared error over the targets of a row.
pub fn squared_loss() -> LayerSpec {
    SquaredLossSpec {}.into()
}

impl Build for SquaredLossSpec {
    const LOSS: Option<Loss> = Some(Loss::Squared);

    fn build<F: Real>(&self, _context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        Box::new(RegressionLoss(SquaredError))
    }
}

struct SquaredError;

impl<F: Real> ErrorFunction<F> for SquaredError {
    fn value(&self, error: F) -> F {
        error * error
    }

    fn derivative(&self, error: F) -> F {
        error + error
    }
}
