//! Leaky rectified linear unit.
//!
//! `y = x` where `x > 0`, else `slope * x`; `dx = dy` where `x > 0`, else `slope * dy`. The
//! derivative at exactly 0 is taken as `slope`.
//!
//! # Shapes
//!
//! `x`, `y`, `dx`, `dy`: `(n, width)`.
//!
//! # Parameters
//!
//! | name | default | range | meaning |
//! |---|---|---|---|
//! | `slope` | 0.01 | `0 < slope < 1` | gradient left of 0 |
//!
//! Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic
//! models", 2013.

use serde::{Deserialize, Serialize};

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::activation::{ActivationFunction, Elementwise};
use crate::nn::{Layer, LayerSpec};

/// `type = "leaky_relu"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeakyReluSpec {
    /// Gradient left of 0; `0 < slope < 1`, so that the sign of `y` is the sign of `x`.
    pub slope: f64,
}

impl Default for LeakyReluSpec {
    fn default() -> Self {
        Self { slope: 0.01 }
    }
}

/// `x` where `x > 0`, else `slope * x`; `0 < slope < 1`.
pub fn leaky_relu(slope: f64) -> LayerSpec {
    LeakyReluSpec { slope }.into()
}

impl Build for LeakyReluSpec {
    const HE_INIT: bool = true;

    fn build<F: Real>(&self, _context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        Box::new(Elementwise(LeakyRelu { slope: F::from_f64(self.slope) }))
    }
}

struct LeakyRelu<F> {
    slope: F,
}

impl<F: Real> ActivationFunction<F> for LeakyRelu<F> {
    const IS_SMOOTH: bool = false;

    fn value(&self, x: F) -> F {
        if x > F::zero() { x } else { self.slope * x }
    }

    fn derivative(&self, y: F) -> F {
        if y > F::zero() { F::one() } else { self.slope }
    }
}
