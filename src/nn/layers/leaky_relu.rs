//! Leaky rectified linear unit.
//!
//! `y = x` where `x > 0`, else `slope * x`; `dx = dy` where `x > 0`, else `slope * dy`. The
//! derivative at exactly 0 is taken as `slope`.
//!
//! # Shapes
//!
//! `x`, `y`, `dx`, `dy`: `(n, width)`.
//!
//! Source: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic
//! models", 2013.

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::activation::{
    Activation, ActivationExport, ActivationFunction, Elementwise, ExportedSetting, in_f64,
};
use crate::nn::{Init, Layer, LayerSpec};
use crate::settings::settings;

settings! {
    /// Leaky ReLU: slope * x for x < 0.
    pub struct LeakyReluSpec {
        /// Gradient for x < 0.
        ///
        /// Greater than 0, so that the sign of `y` is the sign of `x`.
        slope: f64 = 0.01, range(> 0.0..1.0);
    }
}

/// `x` where `x > 0`, else `slope * x`; `0 < slope < 1`.
pub fn leaky_relu(slope: f64) -> LayerSpec {
    LeakyReluSpec { slope }.into()
}

impl Build for LeakyReluSpec {
    const INIT: Option<Init> = Some(Init::HeNormal);

    fn build<F: Real>(&self, _context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        Box::new(Elementwise(LeakyRelu { slope: F::from_f64(self.slope) }))
    }
}

impl Activation for LeakyReluSpec {
    fn export<F: Real>(&self) -> ActivationExport {
        let slope = Real::to_f64(<F as Real>::from_f64(self.slope));
        ActivationExport {
            formula: "y = max(x, slope * x)",
            onnx: "LeakyRelu",
            torch: "LeakyReLU",
            setting: Some(ExportedSetting {
                name: "slope",
                onnx: "alpha",
                torch: "negative_slope",
                value: slope,
            }),
            function: in_f64(LeakyRelu { slope }),
        }
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
