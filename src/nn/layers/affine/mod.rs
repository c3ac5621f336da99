//! Affine (fully-connected) layer.
//!
//! Forward: `y = x W + b`. Backward: `dW = x^T dy`, `db = sum over rows of dy`, `dx = dy W^T`.
//!
//! # Shapes
//!
//! `x`: `(n, inputs)`; `W`: `(inputs, units)`; `b`: `(1, units)`; `y`: `(n, units)`.
//!
//! The weights may be written as a [length and a direction](weight_norm); they are plain by default.
//!
//! Source: the notation and the orientation of `W` are those of the CS231n assignments.

pub mod weight_norm;

use std::fmt;

use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kernel;
use crate::kernel::real::Real;
use crate::kernel::{ThreadPool, Weights};
use crate::nn::build::{Build, BuildContext};
use crate::nn::layer::non_finite_gradient;
use crate::nn::layers::affine::weight_norm::{WeightForm, WeightNorm};
use crate::nn::network::passes::Fused;
use crate::nn::{Init, Layer, LayerSpec, NonFinite, Param, ParamKind, PassContext};
use crate::settings::{Allowed, Configurable, settings};

settings! {
    /// Fully connected.
    pub struct AffineSpec {
        /// Number of outputs; required in every affine layer except the last one.
        units: Option<usize>,
            absent("in the last layer: the number of classes or targets; 1 before `logistic_loss`"), range(1..);
        /// Initial weights; biases start at 0.
        init: Option<Init>, absent("`\"he_normal\"` before a ReLU or leaky ReLU, `\"lecun_normal\"` before a SELU, else `\"xavier\"`");
        /// Whether to add a bias; `"auto"` leaves it out directly before a norm that cancels it, because it
        /// subtracts the mean over the batch.
        bias: Bias = Bias::Auto;
        /// How the weights are written: `"weight_norm"` is a gain times a direction for each unit,
        /// `"centered_weight_norm"` subtracts the mean over the inputs from the direction.
        weights: WeightForm = WeightForm::Plain;
    }
}

/// An affine layer of `units` outputs, with the default [`Init`] and [`Bias`].
pub fn affine(units: usize) -> LayerSpec {
    AffineSpec { units: Some(units), ..AffineSpec::default() }.into()
}

/// The last affine layer of a network: as wide as the loss wants, which is one output for each class
/// or target, or a single one before [`logistic_loss`](crate::nn::logistic_loss).
pub fn output_affine() -> LayerSpec {
    AffineSpec::default().into()
}

/// Whether an affine layer has a bias.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bias {
    /// Yes, except directly before a norm that subtracts the mean over the batch: that cancels it, and its
    /// gradient is exactly 0 (Ioffe and Szegedy 2015, section 3.2).
    #[default]
    Auto,
    /// Yes.
    On,
    /// No.
    Off,
}

impl Configurable for Bias {
    const ALLOWED: Allowed = Allowed::Either(&[Allowed::Boolean, Allowed::Choice(&["auto"])]);
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

impl AffineSpec {
    fn has_bias(&self, is_canceled: bool) -> bool {
        match self.bias {
            Bias::On => true,
            Bias::Off => false,
            Bias::Auto => !is_canceled,
        }
    }
}

impl Build for AffineSpec {
    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        let units = self.units.unwrap_or(context.outputs);
        let weights = Array2::zeros((context.inputs, units));
        let affine = Affine::new(context.name, weights, self.has_bias(context.is_bias_canceled));
        Box::new(Affine { fused: self.fused(context), ..affine }.written_as(context.name, self.weights))
    }

    /// The ReLU after it is applied together with the bias.
    fn fused(&self, context: &BuildContext<'_>) -> Fused {
        let Fused { relu_after, relu_before } = context.fusible;
        Fused { relu_after: relu_after && self.has_bias(context.is_bias_canceled), relu_before }
    }
}

/// See the [module](self).
pub struct Affine<F> {
    /// `W`, or `v` and `g` if it is normalized; then `b` if there is one.
    params: Vec<Param<F>>,
    norm: Option<WeightNorm<F>>,
    fused: Fused,
    /// Whether the gradient of `W` or `v` is known to be finite: it was when the backward pass wrote it, and the
    /// tensors were not borrowed mutably since.
    is_gradient_finite: bool,
}

impl<F: Real> Affine<F> {
    /// A layer named `name` with the given weights, `(inputs, units)`, and a bias of 0 or none.
    pub fn new(name: &str, weights: Array2<F>, bias: bool) -> Self {
        let units = weights.ncols();
        let mut params = vec![Param::trained(format!("{name}.weight"), ParamKind::Weight, weights)];
        if bias {
            let zeros = Array2::zeros((1, units));
            params.push(Param::trained(format!("{name}.bias"), ParamKind::NoDecay, zeros));
        }
        Self { params, norm: None, fused: Fused::default(), is_gradient_finite: false }
    }

    /// The same layer, still without a gain, with its weights in another form.
    fn written_as(mut self, name: &str, form: WeightForm) -> Self {
        let weights = &self.params[0].value;
        self.norm = WeightNorm::new(form, weights.dim());
        if self.norm.is_some() {
            let lengths = WeightNorm::lengths(form, weights);
            self.params.insert(1, Param::trained(format!("{name}.gain"), ParamKind::NoDecay, lengths));
        }
        self
    }

    /// The weights of the last training pass.
    fn weights(&self) -> Weights<'_, F> {
        let stored = self.params[0].value.view();
        self.norm.as_ref().map_or(stored.into(), |norm| norm.weights(stored).into())
    }

    /// `x W + b`, or `max(0, x W + b)`, of plain weights.
    fn apply(
        &self,
        pass: &PassContext<'_, F>,
        x: &ArrayView2<'_, F>,
        relu: bool,
        y: &mut ArrayViewMut2<'_, F>,
    ) {
        let weights = self.params[0].value.view().into();
        match self.params.get(1).map(Param::row) {
            Some(bias) if relu => kernel::affine_relu(pass.pool, x, weights, bias, y),
            bias => kernel::affine(pass.pool, x, weights, bias, y),
        }
    }
}

impl<F: Real> Layer<F> for Affine<F> {
    fn output_width(&self, _inputs: usize) -> usize {
        self.params[0].value.ncols()
    }

    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        match &mut self.norm {
            Some(norm) => norm.forward(pass, &x, &self.params, self.fused.relu_after, &mut y),
            None => self.apply(pass, &x, self.fused.relu_after, &mut y),
        }
    }

    fn infer(&self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        let form = self.norm.as_ref().map_or(WeightForm::Plain, WeightNorm::form);
        match WeightNorm::of(form, pass.pool, &self.params) {
            // As exports have the weights: the last bits count where a norm of few numbers follows.
            Some(norm) => {
                let weights = norm.weights(self.params[0].value.view()).into();
                kernel::affine(pass.pool, &x, weights, self.params.get(2).map(Param::row), &mut y);
            }
            None => self.apply(pass, &x, false, &mut y),
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
        self.is_gradient_finite = match &mut self.norm {
            Some(norm) => norm.backward(pass, &x, &dy, &mut self.params),
            None => {
                if let Some(bias) = self.params.get_mut(1) {
                    let sums = bias.grad.as_slice_mut().expect("gradients are in row-major layout");
                    pass.sum_rows(&dy, sums);
                }
                pass.weight_gradient(&x, &dy, &mut self.params[0].grad.view_mut())
            }
        };
        if let Some(mut dx) = dx {
            let relu_output = self.fused.relu_before.then_some(&x);
            kernel::affine_backward(pass.pool, &dy, self.weights(), relu_output, &mut dx);
        }
    }

    fn allocate(&mut self, max_rows: usize) {
        if let Some(norm) = &mut self.norm {
            norm.allocate(max_rows);
        }
    }

    fn params(&self) -> &[Param<F>] {
        &self.params
    }

    fn params_mut(&mut self) -> &mut [Param<F>] {
        self.is_gradient_finite = false;
        &mut self.params
    }

    fn non_finite(&self, pool: &ThreadPool) -> Option<NonFinite> {
        non_finite_gradient(pool, &self.params[usize::from(self.is_gradient_finite)..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bias_is_a_word_or_a_truth_value() {
        let read = |json| serde_json::from_str::<Bias>(json).map_err(|error| error.to_string());
        assert_eq!(["true", "false", "\"auto\""].map(read), [Ok(Bias::On), Ok(Bias::Off), Ok(Bias::Auto)]);
        let message = read("3").expect_err("a number");
        assert!(message.contains("expected true, false or \"auto\""), "{message}");
    }
}
