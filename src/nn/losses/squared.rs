//! The squared error, without a factor of a half, as one layer.
//!
//! Forward, per row: `y = 1/k sum over the k outputs of (x - target)^2`. Backward:
//! `dx = 2 (x - target) * dy / k`.
//!
//! Over standardised targets a mean loss of 1 is that of always answering the mean of the training
//! rows, and 1 minus the loss is the share of the variance that is explained, R2.
//!
//! # Shapes
//!
//! `x`, `dx`: `(n, k)`; `y`, `dy`: `(n, 1)`; `pass.targets`: `(n, k)` values.
//!
//! Source: Gauss, "Theoria motus corporum coelestium", 1809, on least squares.
//!
//! # Panics
//!
//! If the targets are no values.

use serde::{Deserialize, Serialize};

use crate::kernel::real::Real;
use crate::nn::losses::regression::ErrorFunction;

/// `type = "squared_loss"`; no keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SquaredLossSpec {}

pub(crate) struct SquaredError;

impl<F: Real> ErrorFunction<F> for SquaredError {
    fn value(&self, error: F) -> F {
        error * error
    }

    fn slope(&self, error: F) -> F {
        error + error
    }
}
