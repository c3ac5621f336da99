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
//! `v` of 0 gives weights of 0. `W` is never in memory: products normalize the columns of `v` while they pack them.
//!
//! Source: Salimans and Kingma, "Weight normalization", 2016, equations 2 and 3; centered: Huang, Liu, Lang
//! and Li, "Centered weight normalization in accelerating training of deep neural networks", 2017.

use ndarray::{Array2, ArrayView2};

use crate::kernel;
use crate::kernel::real::Real;
use crate::kernel::{
    BatchNormForm, BatchNormGrads, BatchNormParams, BatchNormState, NormalizedWeights, ThreadPool, Weights,
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
    state: BatchNormState<F>,
    grads: BatchNormGrads<F>,
}

impl<F: Real> WeightNorm<F> {
    /// For weights of this form with this number of units; none if they are plain.
    pub(crate) fn new(form: WeightForm, units: usize) -> Option<Self> {
        (form != WeightForm::Plain).then(|| Self {
            form,
            gamma: vec![F::zero(); units],
            zeros: vec![F::zero(); units],
            state: BatchNormState::new(units),
            grads: BatchNormGrads::new(units),
        })
    }

    /// The same norm of the tensors of a layer, for evaluation, which keeps nothing.
    pub(crate) fn of(&self, pool: &ThreadPool, params: &[Param<F>]) -> Self {
        let mut norm = Self::new(self.form, self.gamma.len()).expect("there is a norm");
        norm.update(pool, &params[0].value.view(), params[1].row());
        norm
    }

    /// Measures the direction `v`, before its weights are used.
    pub(crate) fn update(&mut self, pool: &ThreadPool, v: &ArrayView2<'_, F>, gain: &[F]) {
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
    pub(crate) fn weights<'a>(&'a self, v: ArrayView2<'a, F>) -> Weights<'a, F> {
        NormalizedWeights { v, state: &self.state }.into()
    }

    /// The gradients of the direction and the gain, and whether that of the direction is finite.
    pub(crate) fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        x: &ArrayView2<'_, F>,
        dy: &ArrayView2<'_, F>,
        v: &mut Param<F>,
        gain: &mut Param<F>,
    ) -> bool {
        let root = (v.value.nrows() as f64).sqrt();
        let weights = NormalizedWeights { v: v.value.view(), state: &self.state };
        let dv = &mut v.grad.view_mut();
        let is_finite = pass.normalized_weight_gradient(x, dy, weights, &mut self.grads, dv);
        let dgamma = gain.grad.iter_mut().zip(&self.grads.dgamma);
        dgamma.for_each(|(grad, dgamma)| *grad = F::from_f64(dgamma / root));
        is_finite
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
    let Some(mut norm) = WeightNorm::new(form, v.ncols()) else { return v.clone() };
    norm.update(pool, &v.view(), params[1].row());
    match norm.weights(v.view()).transform {
        None => v.clone(),
        Some(transform) => {
            Array2::from_shape_fn(v.dim(), |(input, unit)| transform.apply(unit, v[[input, unit]]))
        }
    }
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
