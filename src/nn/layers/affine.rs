//! Affine (fully-connected) layer.
//!
//! Forward: `y = x W + b`. Backward: `dW = x^T dy`, `db = sum over rows of dy`, `dx = dy W^T`.
//!
//! # Shapes
//!
//! `x`: `(n, inputs)`; `W`: `(inputs, units)`; `b`: `(1, units)`; `y`: `(n, units)`.
//!
//! # Parameters
//!
//! | name | default | range | meaning |
//! |---|---|---|---|
//! | `units` | from the label, in the last affine layer | `1..`, as memory allows | outputs |
//! | `init` | `he_normal` before ReLU-like layers, else `xavier` | `he_normal`, `xavier`, `{ normal = std }` | initial weights |
//! | `bias` | `"auto"` | `true`, `false`, `"auto"` | `auto`: none directly before a norm, which would cancel it |
//!
//! Source: the notation and the orientation of `W` are those of the CS231n assignments.

use std::fmt;

use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kernel;
use crate::kernel::real::Real;
use crate::nn::{Init, Layer, Param, ParamKind, PassContext};

/// `type = "affine"`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AffineSpec {
    /// Outputs; none in the last affine layer, whose width follows from the label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<usize>,
    /// Initial weights; none for the default, which depends on what follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<Init>,
    /// Whether there is a bias.
    pub bias: Bias,
}

/// Whether an affine layer has a bias.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bias {
    /// Yes, except directly before a norm: there the mean takes it out again, and its gradient is
    /// exactly 0 (Ioffe and Szegedy 2015, section 3.2).
    #[default]
    Auto,
    /// Yes.
    On,
    /// No.
    Off,
}

impl Serialize for Bias {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::On => serializer.serialize_bool(true),
            Self::Off => serializer.serialize_bool(false),
        }
    }
}

impl<'de> Deserialize<'de> for Bias {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = Bias;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or \"auto\"")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Bias, E> {
                Ok(if value { Bias::On } else { Bias::Off })
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Bias, E> {
                match value {
                    "auto" => Ok(Bias::Auto),
                    _ => Err(E::custom("not true, false or \"auto\"")),
                }
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// See the [module](self).
pub struct Affine<F> {
    /// `W`, then `b` if there is one.
    params: Vec<Param<F>>,
}

impl<F: Real> Affine<F> {
    /// A layer named `name` with the given weights, `(inputs, units)`, and a zero bias or none.
    pub fn new(name: &str, weights: Array2<F>, bias: bool) -> Self {
        let units = weights.ncols();
        let mut params = vec![Param::trained(format!("{name}.weight"), ParamKind::Weight, weights)];
        if bias {
            params.push(Param::trained(
                format!("{name}.bias"),
                ParamKind::NoDecay,
                Array2::zeros((1, units)),
            ));
        }
        Self { params }
    }

    fn bias(&self) -> Option<&[F]> {
        self.params.get(1).and_then(|bias| bias.value.as_slice())
    }

    /// The gradients of the parameters.
    fn find_gradients(&mut self, pass: &PassContext<'_, F>, x: &ArrayView2<'_, F>, dy: &ArrayView2<'_, F>) {
        let weights = &mut self.params[0];
        weights.grad_is_finite = kernel::gradient_product(pass.pool, x, dy, &mut weights.grad.view_mut());
        if let Some(bias) = self.params.get_mut(1) {
            let sums = bias.grad.as_slice_mut().expect("gradients are in row-major layout");
            kernel::sum_rows(pass.pool, dy, sums);
        }
    }
}

impl<F: Real> Layer<F> for Affine<F> {
    fn outputs(&self, _inputs: usize) -> usize {
        self.params[0].value.ncols()
    }

    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>) {
        self.infer(pass, x, y);
    }

    fn infer(&self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        let w = self.params[0].value.view();
        match self.bias() {
            Some(bias) => kernel::affine(pass.pool, &x, (&w, bias), false, &mut y),
            None => kernel::product(pass.pool, &x, &w, &mut y),
        }
    }

    fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        _y: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        self.find_gradients(pass, &x, &dy);
        if let Some(mut dx) = dx {
            kernel::product(pass.pool, &dy, &self.params[0].value.t(), &mut dx);
        }
    }

    fn forward_rectified(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
    ) -> bool {
        let Some(bias) = self.bias() else { return false };
        kernel::affine(pass.pool, &x, (&self.params[0].value.view(), bias), true, &mut y);
        true
    }

    fn backward_rectified(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        mut dx: ArrayViewMut2<'_, F>,
    ) -> bool {
        self.find_gradients(pass, &x, &dy);
        kernel::product_before_rectifier(pass.pool, (&dy, &self.params[0].value.t()), &x, &mut dx);
        true
    }

    fn params(&self) -> &[Param<F>] {
        &self.params
    }

    fn params_mut(&mut self) -> &mut [Param<F>] {
        &mut self.params
    }
}
