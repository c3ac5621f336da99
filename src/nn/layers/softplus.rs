//! Softplus, a smooth ReLU.
//!
//! `y = ln(1 + exp(x))`; `dx = dy / (1 + exp(-x))`, the sigmoid of `x`.
//!
//! Computed as `y = max(x, 0) + ln(1 + exp(-|x|))`, which never overflows, and from `y` alone as
//! `dx = dy * (1 - exp(-y))`.
//!
//! # Shapes
//!
//! `x`, `y`, `dx`, `dy`: `(n, width)`.
//!
//! Source: Dugas, Bengio, Belisle, Nadeau and Garcia, "Incorporating second-order functional knowledge
//! for better option pricing", 2000; Glorot, Bordes and Bengio, "Deep sparse rectifier neural
//! networks", 2011, section 3.1.

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::activation::{Activation, ActivationExport, ActivationFunction, Elementwise, in_f64};
use crate::nn::{Layer, LayerSpec};
use crate::settings::settings;

settings! {
    /// Softplus: ln(1 + exp(x)).
    pub struct SoftplusSpec {}
}

/// `ln(1 + exp(x))`.
pub fn softplus() -> LayerSpec {
    SoftplusSpec {}.into()
}

impl Build for SoftplusSpec {
    fn build<F: Real>(&self, _context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        Box::new(Elementwise(Softplus))
    }
}

impl Activation for SoftplusSpec {
    fn export<F: Real>(&self) -> ActivationExport {
        ActivationExport {
            formula: "y = log(1 + exp(x))",
            onnx: "Softplus",
            torch: "Softplus",
            setting: None,
            function: in_f64(Softplus),
        }
    }
}

struct Softplus;

impl<F: Real> ActivationFunction<F> for Softplus {
    fn value(&self, x: F) -> F {
        x.max(F::zero()) + (-x.abs()).exp().ln_1p()
    }

    fn derivative(&self, y: F) -> F {
        -(-y).exp_m1()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_range_are_exact() {
        for (x, y, derivative) in [
            (0.0, 2_f64.ln(), 0.5),
            (-40.0, (-40_f64).exp(), (-40_f64).exp()),
            (-700.0, (-700_f64).exp(), (-700_f64).exp()),
            (1e300, 1e300, 1.0),
            (f64::NEG_INFINITY, 0.0, 0.0),
            (f64::INFINITY, f64::INFINITY, 1.0),
        ] {
            let found = Softplus.value(x);
            assert!(found == y || (found - y).abs() <= 1e-15 * y, "{x}: {found}");
            let found = Softplus.derivative(y);
            assert!((found - derivative).abs() <= 1e-15 * derivative, "{x}: {found}");
        }
        assert!(ActivationFunction::<f64>::value(&Softplus, f64::NAN).is_nan());
    }
}
