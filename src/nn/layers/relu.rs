//! Rectified linear unit.
//!
//! `y = max(0, x)`; `dx = dy` where `x > 0`, else 0. The derivative at exactly 0 is taken as 0.
//! NaN passes through, so that a bad number is seen and not silently turned into 0.
//!
//! # Shapes
//!
//! `x`, `y`, `dx`, `dy`: `(n, width)`.
//!
//! Source: Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.

use crate::kernel;
use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::activation::{Activation, ActivationExport, ActivationFunction, Elementwise, in_f64};
use crate::nn::{Init, Layer, LayerSpec};
use crate::settings::settings;

settings! {
    /// ReLU: the larger of x and 0.
    pub struct ReluSpec {}
}

/// `max(0, x)`.
pub fn relu() -> LayerSpec {
    ReluSpec {}.into()
}

impl Build for ReluSpec {
    const INIT: Option<Init> = Some(Init::HeNormal);

    fn build<F: Real>(&self, _context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        Box::new(Elementwise(Relu))
    }
}

impl Activation for ReluSpec {
    fn export<F: Real>(&self) -> ActivationExport {
        ActivationExport {
            formula: "y = max(x, 0)",
            onnx: "Relu",
            torch: "ReLU",
            setting: None,
            function: in_f64(Relu),
        }
    }
}

struct Relu;

impl<F: Real> ActivationFunction<F> for Relu {
    const IS_SMOOTH: bool = false;

    fn value(&self, x: F) -> F {
        kernel::relu(x)
    }

    fn derivative(&self, y: F) -> F {
        kernel::relu_derivative(y)
    }
}
