//! Hyperbolic tangent.
//!
//! `y = tanh(x)`; `dx = dy * (1 - y^2)`.
//!
//! # Shapes
//!
//! `x`, `y`, `dx`, `dy`: `(n, width)`.
//!
//! Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998, section 4.4.

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::activation::{Activation, ActivationExport, ActivationFunction, Elementwise, in_f64};
use crate::nn::{Layer, LayerSpec};
use crate::settings::settings;

settings! {
    /// Hyperbolic tangent.
    pub struct TanhSpec {}
}

/// `tanh(x)`.
pub fn tanh() -> LayerSpec {
    TanhSpec {}.into()
}

impl Build for TanhSpec {
    fn build<F: Real>(&self, _context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        Box::new(Elementwise(Tanh))
    }
}

impl Activation for TanhSpec {
    fn export<F: Real>(&self) -> ActivationExport {
        ActivationExport {
            formula: "y = tanh(x)",
            onnx: "Tanh",
            torch: "Tanh",
            setting: None,
            function: in_f64(Tanh),
        }
    }
}

struct Tanh;

impl<F: Real> ActivationFunction<F> for Tanh {
    fn value(&self, x: F) -> F {
        x.tanh()
    }

    fn derivative(&self, y: F) -> F {
        F::one() - y * y
    }
}
