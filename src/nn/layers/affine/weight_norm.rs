//! Weight normalization: the weights of a unit as a length and a direction.
//!
//! For the column `v` of each unit, with a trained gain `g`:
//!
//! ```text
//! W  = g v / |v|
//! dg = dW . v / |v|
//! dv = g / |v| (dW - dg v / |v|)
//! ```
//!
//! `dv` is orthogonal to `v`, so the length of `v` can only grow: its effect is that of a falling learning
//! rate. Centered, `v - mean(v)` is in the place of `v`, and the mean is subtracted from `dv` too.
//!
//! `v` starts as the plain weights would, and `g` as its length: at first the layer is the same function as
//! without the norm (centered: of weights that are centered). `g` is not decayed.
//!
//! # Shapes
//!
//! `v`, `W`: `(inputs, units)`; `g`: `(1, units)`.
//!
//! # As a norm of columns
//!
//! `|v| = sqrt(m) sqrt(mean(v^2))` for `m` inputs, so `W` is what batch norm makes of the "batch" `v` if the
//! mean square takes the place of the variance and `gamma = g / sqrt(m)`; centered, it is batch norm itself.
//! Both passes have the formulas of batch norm. In place of its `eps` there is the smallest normal number, so that a
//! `v` of 0 gives weights of 0.
//!
//! `W` is never in memory. With `z = x (v - mean(v))`, the output is `z` times a factor for each unit, and the sums over the
//! inputs that the backward pass needs are sums over the rows: `dW . v = sum(dy * z)` and `mean(dW) = sum(dy * mean(x))`.
//!
//! Source: Salimans and Kingma, "Weight normalization", 2016, equations 2 and 3; centered: Huang, Liu, Lang
//! and Li, "Centered weight normalization in accelerating training of deep neural networks", 2017.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

use crate::kernel;
use crate::kernel::real::Real;
use crate::kernel::{
    BatchNormForm, BatchNormGrads, BatchNormParams, NormalizedWeights, ThreadPool, WeightNormState,
};
use crate::nn::{LayerSpec, Param, PassContext};
use crate::settings::settings;

settings! {
    /// How the weights of an affine layer are written.
    pub enum WeightForm {
        /// As they are.
        Plain = "plain";
        /// A gain times a direction for each unit.
        WeightNorm = "weight_norm";
        /// The same, with the mean over the inputs subtracted from the direction.
        CenteredWeightNorm = "centered_weight_norm";
    }
}

/// What makes weights of a direction and a gain, and what is needed to go back.
pub(crate) struct WeightNorm<F> {
    form: WeightForm,
    gamma: Vec<F>, // units
    zeros: Vec<F>, // units
    state: WeightNormState<F>,
    grads: BatchNormGrads<F>,
    z: Array2<F>,       // (max_rows, units)
    means: Array2<F>,   // (max_rows, 1): of the inputs, if directions are centered
    average: Array2<F>, // (inputs, 1): 1 / inputs
    mean_dw: Array2<F>, // (1, units)
}

impl<F: Real> WeightNorm<F> {
    /// For weights of this form, `(inputs, units)`; none if they are plain.
    pub(crate) fn new(form: WeightForm, (inputs, units): (usize, usize)) -> Option<Self> {
        (form != WeightForm::Plain).then(|| Self {
            form,
            gamma: vec![F::zero(); units],
            zeros: vec![F::zero(); units],
            state: WeightNormState::new(units),
            grads: BatchNormGrads::new(units),
            z: Array2::zeros((0, units)),
            means: Array2::zeros((0, 1)),
            average: Array2::from_elem((inputs, 1), F::from_f64(1.0 / inputs as f64)),
            mean_dw: Array2::zeros((1, units)),
        })
    }

    /// The norm of a layer with these tensors, for evaluation.
    pub(crate) fn of(form: WeightForm, pool: &ThreadPool, params: &[Param<F>]) -> Option<Self> {
        let v = &params[0].value;
        let mut norm = Self::new(form, v.dim())?;
        norm.update(pool, &v.view(), params[1].row());
        Some(norm)
    }

    /// How the weights are written.
    pub(crate) fn form(&self) -> WeightForm {
        self.form
    }

    /// Allocates what a training pass of up to `max_rows` rows keeps.
    pub(crate) fn allocate(&mut self, max_rows: usize) {
        self.z = Array2::zeros((max_rows, self.gamma.len()));
        self.means = Array2::zeros((max_rows, 1));
    }

    /// Measures the direction `v`, before its weights are used.
    fn update(&mut self, pool: &ThreadPool, v: &ArrayView2<'_, F>, gain: &[F]) {
        let root = (v.nrows() as f64).sqrt();
        let Self { form, gamma, zeros, state, .. } = self;
        gamma.iter_mut().zip(gain).for_each(|(gamma, g)| *gamma = F::from_f64(Real::to_f64(*g) / root));
        let form = match form {
            WeightForm::CenteredWeightNorm => BatchNormForm::Standard,
            WeightForm::Plain | WeightForm::WeightNorm => BatchNormForm::MeanSquare,
        };
        let params = BatchNormParams { eps: f64::MIN_POSITIVE, gamma, beta: zeros, form };
        kernel::normalize_weights(pool, v, params, state);
    }

    /// The weights that the direction `v` has with what was measured of it.
    pub(crate) fn weights<'a>(&'a self, v: ArrayView2<'a, F>) -> NormalizedWeights<'a, F> {
        NormalizedWeights { v, state: &self.state }
    }

    /// The output of a training pass, `y = x W + b`, or `max(0, x W + b)`.
    pub(crate) fn forward(
        &mut self,
        pass: &PassContext<'_, F>,
        x: &ArrayView2<'_, F>,
        params: &[Param<F>],
        relu: bool,
        y: &mut ArrayViewMut2<'_, F>,
    ) {
        self.update(pass.pool, &params[0].value.view(), params[1].row());
        let Self { zeros, state, z, .. } = self;
        let mut z = z.slice_mut(s![..x.nrows(), ..]);
        let directions = NormalizedWeights { v: params[0].value.view(), state }.directions();
        kernel::affine(pass.pool, x, directions, None, &mut z);
        let bias = params.get(2).map_or(&zeros[..], Param::row);
        kernel::scale_units(pass.pool, &z.view(), state, bias, relu, y);
    }

    /// The gradients of the direction, the gain and the bias, and whether that of the direction is finite.
    pub(crate) fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        x: &ArrayView2<'_, F>,
        dy: &ArrayView2<'_, F>,
        params: &mut [Param<F>],
    ) -> bool {
        let Self { form, state, grads, z, means, average, mean_dw, .. } = self;
        let [v, gain, bias @ ..] = params else { unreachable!("there are a direction and a gain") };
        let (inputs, rows) = (v.value.nrows(), s![..x.nrows(), ..]);
        pass.unit_products(dy, &z.slice(rows), grads);
        for bias in bias {
            bias.grad.iter_mut().zip(&grads.dbeta).for_each(|(grad, sum)| *grad = F::from_f64(*sum));
        }
        if *form == WeightForm::CenteredWeightNorm {
            kernel::matmul(pass.pool, x, &average.view(), &mut means.slice_mut(rows));
            pass.weight_gradient(&means.slice(rows), dy, &mut mean_dw.view_mut());
        }
        kernel::project_weights(inputs, state, mean_dw.as_slice().expect("a row"), grads);
        let (root, dgamma) = ((inputs as f64).sqrt(), &grads.dgamma);
        gain.grad.iter_mut().zip(dgamma).for_each(|(grad, dgamma)| *grad = F::from_f64(dgamma / root));
        let weights = NormalizedWeights { v: v.value.view(), state };
        pass.weight_gradient(x, dy, &mut v.grad.view_mut());
        kernel::project_weight_gradient(pass.pool, weights, grads, &mut v.grad.view_mut())
    }

    /// The length of each column of `v`, after centering if that is asked for.
    pub(crate) fn lengths(form: WeightForm, v: &Array2<F>) -> Array2<F> {
        let columns = v.columns().into_iter().map(|column| {
            let numbers = || column.iter().map(|&v| Real::to_f64(v));
            let mean = match form {
                WeightForm::CenteredWeightNorm => numbers().sum::<f64>() / column.len() as f64,
                WeightForm::Plain | WeightForm::WeightNorm => 0.0,
            };
            F::from_f64(numbers().map(|v| (v - mean) * (v - mean)).sum::<f64>().sqrt())
        });
        Array2::from_shape_vec((1, v.ncols()), columns.collect()).expect("a length for each unit")
    }
}

/// The weights, `(inputs, units)`, of an affine layer with these tensors.
pub(crate) fn weights_of<F: Real>(form: WeightForm, pool: &ThreadPool, params: &[Param<F>]) -> Array2<F> {
    let v = &params[0].value;
    let Some(norm) = WeightNorm::of(form, pool, params) else { return v.clone() };
    let transform = norm.weights(v.view()).transform();
    Array2::from_shape_fn(v.dim(), |(input, unit)| transform.apply(unit, v[[input, unit]]))
}

/// The first affine layer of `layers` whose centered weights have a single input, as far as is known; the first one has
/// `inputs` at most.
pub(crate) fn centered_alone(layers: &[LayerSpec], inputs: Option<usize>) -> Option<usize> {
    let mut width = inputs;
    for (index, layer) in layers.iter().enumerate() {
        if let LayerSpec::Affine(affine) = layer {
            if affine.weights == WeightForm::CenteredWeightNorm && width == Some(1) {
                return Some(index);
            }
            width = affine.units;
        }
    }
    None
}

/// Why [such a layer](centered_alone) is refused.
pub(crate) fn centered_alone_message(index: usize) -> String {
    format!(
        "layer {index} has one input, but centered_weight_norm needs two or more: v - mean(v) of a single weight is 0, \
         which has no direction; use weight_norm"
    )
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_length_is_that_from_the_mean_if_directions_are_centered() {
        let v = array![[1.0, 3.0], [3.0, 4.0]];
        let lengths = |form| WeightNorm::lengths(form, &v);
        assert_eq!(lengths(WeightForm::WeightNorm), array![[10.0_f64.sqrt(), 5.0]]);
        assert_eq!(lengths(WeightForm::CenteredWeightNorm), array![[2.0_f64.sqrt(), 0.5_f64.sqrt()]]);
    }
}
