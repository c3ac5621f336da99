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
//! Both passes are the loops of batch norm. In place of its `eps` there is the smallest normal number, so that a
//! `v` of 0 gives weights of 0.
//!
//! Source: Salimans and Kingma, "Weight normalization", 2016, equations 2 and 3; centered: Huang, Liu, Lang
//! and Li, "Centered weight normalization in accelerating training of deep neural networks", 2017.

use ndarray::{Array2, ArrayView2};

use crate::kernel;
use crate::kernel::real::Real;
use crate::kernel::{BatchNormForm, BatchNormGrads, BatchNormParams, BatchNormState, ThreadPool, zeros};
use crate::nn::{LayerSpec, Param};
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

/// The weights that a direction and a gain give, and what is needed to go back.
pub(crate) struct NormalizedWeights<F> {
    form: WeightForm,
    /// `W`, and its gradient.
    pub(crate) value: Array2<F>,
    pub(crate) grad: Array2<F>,
    gamma: Vec<F>, // units
    zeros: Vec<F>, // units
    state: BatchNormState<F>,
    grads: BatchNormGrads<F>,
}

impl<F: Real> NormalizedWeights<F> {
    /// For weights of this form and shape; none if they are plain.
    pub(crate) fn new(form: WeightForm, (inputs, units): (usize, usize)) -> Option<Self> {
        (form != WeightForm::Plain).then(|| Self {
            form,
            value: zeros(inputs, units),
            grad: zeros(inputs, units),
            gamma: vec![F::zero(); units],
            zeros: vec![F::zero(); units],
            state: BatchNormState::new(units),
            grads: BatchNormGrads::new(units),
        })
    }

    /// Computes `W` from the direction `v` and the gain `g`.
    pub(crate) fn update(&mut self, pool: &ThreadPool, v: &ArrayView2<'_, F>, gain: &[F]) {
        let root = (v.nrows() as f64).sqrt();
        let Self { form, value, gamma, zeros, state, .. } = self;
        gamma.iter_mut().zip(gain).for_each(|(gamma, g)| *gamma = F::from_f64(Real::to_f64(*g) / root));
        let form = match form {
            WeightForm::CenteredWeightNorm => BatchNormForm::Standard,
            WeightForm::Plain | WeightForm::WeightNorm => BatchNormForm::MeanSquare,
        };
        let params = BatchNormParams { eps: f64::MIN_POSITIVE, gamma, beta: zeros, form };
        let states = std::slice::from_mut(state);
        kernel::batch_norm_forward(pool, v, params, false, states, &mut value.view_mut());
    }

    /// `W` from the tensors of the layer, for evaluation, which keeps nothing.
    pub(crate) fn weights(&self, pool: &ThreadPool, params: &[Param<F>]) -> Array2<F> {
        weights_of(self.form, pool, params)
    }

    /// From the gradient of `W` to those of the direction and the gain.
    pub(crate) fn backward(&mut self, pool: &ThreadPool, v: &mut Param<F>, gain: &mut Param<F>) {
        let root = (v.value.nrows() as f64).sqrt();
        let (states, grads) = (std::slice::from_ref(&self.state), std::slice::from_mut(&mut self.grads));
        let dv = Some(v.grad.view_mut());
        kernel::batch_norm_backward(pool, &self.grad.view(), &v.value.view(), states, grads, dv);
        let dgamma = gain.grad.iter_mut().zip(&self.grads.dgamma);
        dgamma.for_each(|(grad, dgamma)| *grad = F::from_f64(dgamma / root));
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
    match NormalizedWeights::new(form, v.dim()) {
        None => v.clone(),
        Some(mut normalized) => {
            normalized.update(pool, &v.view(), params[1].row());
            normalized.value
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
        let lengths = |form| NormalizedWeights::lengths(form, &v);
        assert_eq!(lengths(WeightForm::WeightNorm), array![[10.0_f64.sqrt(), 5.0]]);
        assert_eq!(lengths(WeightForm::CenteredWeightNorm), array![[2.0_f64.sqrt(), 0.5_f64.sqrt()]]);
    }
}
