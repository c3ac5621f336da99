//! Half the squared error where it is small, the absolute error where it is large, as one layer.
//!
//! Forward, per row: `y = 1/k sum over the k outputs of h(x - target)`, with
//!
//! ```text
//! h(e) = e^2 / 2                    where |e| <= delta
//! h(e) = delta (|e| - delta / 2)    elsewhere
//! ```
//!
//! Backward: `dx = clamp(x - target, -delta, delta) * dy / k`. A single row that is far off pulls no
//! harder than one that is off by `delta`.
//!
//! # Shapes
//!
//! `x`, `dx`: `(n, k)`; `y`, `dy`: `(n, 1)`; `pass.targets`: `(n, k)` values.
//!
//! # Parameters
//!
//! | name | default | range | meaning |
//! |---|---|---|---|
//! | `delta` | 1 | `0 < delta` | where the parabola ends, in units of the scaled target |
//!
//! Source: Huber, "Robust estimation of a location parameter", 1964.
//!
//! # Panics
//!
//! If the targets are no values.

use serde::{Deserialize, Serialize};

use crate::kernel::real::Real;
use crate::nn::losses::regression::ErrorFunction;

/// `type = "huber_loss"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HuberLossSpec {
    /// Where the parabola ends, in units of the scaled target; greater than 0.
    pub delta: f64,
}

impl Default for HuberLossSpec {
    fn default() -> Self {
        Self { delta: 1.0 }
    }
}

pub(crate) struct HuberError<F> {
    pub(crate) delta: F,
}

impl<F: Real> ErrorFunction<F> for HuberError<F> {
    fn value(&self, error: F) -> F {
        let half = F::from_f64(0.5);
        let size = error.abs();
        if size <= self.delta { half * error * error } else { self.delta * (size - half * self.delta) }
    }

    fn slope(&self, error: F) -> F {
        // Written so that NaN stays NaN.
        if error > self.delta {
            self.delta
        } else if error < -self.delta {
            -self.delta
        } else {
            error
        }
    }
}
