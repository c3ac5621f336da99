//! Scaled exponential linear unit.
//!
//! `y = lambda * x` where `x > 0`, else `lambda * alpha * (exp(x) - 1)`; from `y` alone, `dx = lambda * dy` where
//! `y > 0`, else `(y + lambda * alpha) * dy`.
//!
//! `alpha` and `lambda` are such that inputs with mean 0 and variance 1 give outputs with mean 0 and variance 1, if
//! they are normally distributed. So with weights from [`Init::LecunNormal`], the default before it, a deep network
//! normalizes itself. [Alpha dropout](mod@super::alpha_dropout) keeps both moments.
//!
//! # Shapes
//!
//! `x`, `y`, `dx`, `dy`: `(n, width)`.
//!
//! Source: Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", 2017, equation 2; the
//! constants are those of its equation 14, in double precision.

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::activation::{Activation, ActivationExport, ActivationFunction, Elementwise, in_f64};
use crate::nn::{Init, Layer, LayerSpec};
use crate::settings::settings;

settings! {
    /// SELU: an exponential linear unit that keeps mean 0 and variance 1.
    pub struct SeluSpec {}
}

/// `lambda * x` where `x > 0`, else `lambda * alpha * (exp(x) - 1)`.
pub fn selu() -> LayerSpec {
    SeluSpec {}.into()
}

pub(crate) const LAMBDA: f64 = 1.050_700_987_355_480_5;
pub(crate) const ALPHA: f64 = 1.673_263_242_354_377_2;

impl Build for SeluSpec {
    const INIT: Option<Init> = Some(Init::LecunNormal);

    fn build<F: Real>(&self, _context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        Box::new(Elementwise(Selu))
    }
}

impl Activation for SeluSpec {
    fn export<F: Real>(&self) -> ActivationExport {
        ActivationExport {
            formula: "y = 1.0507009873554805 * (max(x, 0) + 1.6732632423543772 * (exp(min(x, 0)) - 1))",
            onnx: "Selu",
            torch: "SELU",
            setting: None,
            function: in_f64(Selu),
        }
    }
}

struct Selu;

impl<F: Real> ActivationFunction<F> for Selu {
    const IS_SMOOTH: bool = false;

    fn value(&self, x: F) -> F {
        // NaN goes to the second line.
        if x > F::zero() { F::from_f64(LAMBDA) * x } else { F::from_f64(LAMBDA * ALPHA) * x.exp_m1() }
    }

    fn derivative(&self, y: F) -> F {
        if y > F::zero() { F::from_f64(LAMBDA) } else { y + F::from_f64(LAMBDA * ALPHA) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The closed forms of the paper.
    #[test]
    fn the_constants_make_mean_0_and_variance_1_a_fixed_point() {
        // Moments of a standard normal input, by the midpoint rule.
        let (mut mean, mut square) = (0.0, 0.0);
        let step = 1e-4;
        for index in -100_000..100_000 {
            let x = (f64::from(index) + 0.5) * step;
            let weight = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt() * step;
            let y: f64 = Selu.value(x);
            mean += weight * y;
            square += weight * y * y;
        }
        assert!(mean.abs() < 1e-8 && (square - 1.0).abs() < 1e-8, "{mean} {square}");
    }

    #[test]
    fn the_ends_of_the_range_are_exact() {
        for (x, y) in [(0.0, 0.0), (2.0, 2.0 * LAMBDA), (-800.0, -LAMBDA * ALPHA), (1e300, LAMBDA * 1e300)] {
            assert_eq!(Selu.value(x), y, "{x}");
        }
        assert!(ActivationFunction::<f64>::value(&Selu, f64::NAN).is_nan());
    }
}
