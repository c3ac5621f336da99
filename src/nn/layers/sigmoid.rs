//! Logistic sigmoid.
//!
//! `y = 1 / (1 + exp(-x))`; `dx = dy * y * (1 - y)`.
//!
//! # Shapes
//!
//! `x`, `y`, `dx`, `dy`: `(n, width)`.
//!
//! Source: Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors",
//! 1986, eq. 2; the activation of the batch normalization paper's own experiment (section 4.1).

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::activation::{Activation, ActivationExport, ActivationFunction, Elementwise, in_f64};
use crate::nn::{Layer, LayerSpec};
use crate::settings::settings;

settings! {
    /// Logistic function.
    pub struct SigmoidSpec {}
}

/// `1 / (1 + exp(-x))`.
pub fn sigmoid() -> LayerSpec {
    SigmoidSpec {}.into()
}

impl Build for SigmoidSpec {
    fn build<F: Real>(&self, _context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        Box::new(Elementwise(Sigmoid))
    }
}

impl Activation for SigmoidSpec {
    fn export<F: Real>(&self) -> ActivationExport {
        ActivationExport {
            formula: "y = 1 / (1 + exp(-x))",
            onnx: "Sigmoid",
            torch: "Sigmoid",
            setting: None,
            function: in_f64(Sigmoid),
        }
    }
}

struct Sigmoid;

impl<F: Real> ActivationFunction<F> for Sigmoid {
    fn value(&self, x: F) -> F {
        F::one() / (F::one() + (-x).exp())
    }

    fn derivative(&self, y: F) -> F {
        y * (F::one() - y)
    }
}
