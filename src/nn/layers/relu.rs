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

use serde::{Deserialize, Serialize};

use crate::kernel;
use crate::kernel::real::Real;
use crate::nn::layers::activation::Activation;

/// `type = "relu"`; no keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReluSpec {}

pub(crate) struct Relu;

impl<F: Real> Activation<F> for Relu {
    const HAS_KINK: bool = true;
    const IS_RECTIFIER: bool = true;

    fn value(&self, x: F) -> F {
        kernel::rectified(x)
    }

    fn slope(&self, y: F) -> F {
        kernel::slope(y)
    }
}
