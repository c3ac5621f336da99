//! Hyperbolic tangent.
//!
//! `y = tanh(x)`; `dx = dy * (1 - y^2)`.
//!
//! # Shapes
//!
//! `x`, `y`, `dx`, `dy`: `(n, width)`.
//!
//! Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998, section 4.4.

use serde::{Deserialize, Serialize};

use crate::kernel::real::Real;
use crate::nn::layers::activation::Activation;

/// `type = "tanh"`; no keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TanhSpec {}

pub(crate) struct Tanh;

impl<F: Real> Activation<F> for Tanh {
    fn value(&self, x: F) -> F {
        x.tanh()
    }

    fn slope(&self, y: F) -> F {
        F::one() - y * y
    }
}
