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

use serde::{Deserialize, Serialize};

use crate::kernel::real::Real;
use crate::nn::layers::activation::Activation;

/// `type = "sigmoid"`; no keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigmoidSpec {}

pub(crate) struct Sigmoid;

impl<F: Real> Activation<F> for Sigmoid {
    fn value(&self, x: F) -> F {
        F::one() / (F::one() + (-x).exp())
    }

    fn slope(&self, y: F) -> F {
        y * (F::one() - y)
    }
}
