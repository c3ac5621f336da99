//! Half the squared error for small errors, linear for large ones, as one layer.
//!
//! Forward, per row: `y = 1/k sum over the k outputs of h(x - target)`, with
//!
//! ```text
//! h(e) = e^2 / 2                    where |e| <= delta
//! h(e) = delta (|e| - delta / 2)    elsewhere
//! ```
//!
//! Backward: `dx = clamp(x - target, -delta, delta) * dy / k`. The gradient of an
//! outlier is no larger than that of an error of `delta`.
//!
//! # Shapes
//!
//! `x`, `dx`: `(n, k)`; `y`, `dy`: `(n, 1)`; `pass.targets`: `(n, k)` values.
//!
//! Source: Huber, "Robust estimation of a location parameter", 1964.
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
    /// Last layer for values with outliers: half the squared error up to `delta`, linear beyond it, averaged
    /// over the targets.
    pub struct HuberLossSpec {
        /// Error above which the loss is linear, in scaled units.
        delta: f64 = 1.0, range(> 0.0);
    }
}

/// The mean Huber loss over the targets of a row, with its default `delta` of 1.
pub fn huber_loss() -> LayerSpec {
    HuberLossSpec::default().into()
}

impl Build for HuberLossSpec {
    const LOSS: Option<Loss> = Some(Loss::Huber);

    fn build<F: Real>(&self, _context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        Box::new(RegressionLoss(HuberError { delta: F::from_f64(self.delta) }))
    }
}

struct HuberError<F> {
    delta: F,
}

impl<F: Real> ErrorFunction<F> for HuberError<F> {
    fn value(&self, error: F) -> F {
        let half = F::from_f64(0.5);
        let size = error.abs();
        if size <= self.delta { half * error * error } else { self.delta * (size - half * self.delta) }
    }

    fn derivative(&self, error: F) -> F {
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
