//! Norms of each row: layer norm, group norm, RMS norm.
//!
//! The columns are divided into groups of neighbors, a single one for layer norm and RMS norm. In each row,
//! over the `m` columns of each group:
//!
//! ```text
//! mean    = 1/m sum x                      x_hat = (x - mean) * inv_std
//! var     = 1/m sum (x - mean)^2           y     = gamma * x_hat + beta
//! inv_std = 1 / sqrt(var + eps)
//! ```
//!
//! RMS norm does not center: `mean` is 0 and `var` the mean square. Gamma and beta belong to the columns.
//!
//! # Backward
//!
//! Each `x` acts on every `y` of its group, through mean and variance. The derivation is that of
//! [batch norm](mod@crate::nn::layers::batch_norm), with the sums over the columns of a group in place of those
//! over the rows; gamma differs within a group, so it is in the sums. With `q = gamma * dy`:
//!
//! ```text
//! dbeta  = sum over rows of dy
//! dgamma = sum over rows of dy * x_hat
//! dx     = inv_std * (q - mean(q) - x_hat * mean(q * x_hat))
//! ```
//!
//! Without centering there is no `mean(q)`.
//!
//! # Shapes
//!
//! `x`, `y`, `x_hat`: `(n, width)` with any `n`; gamma, beta: `(1, width)`; mean, variance: one for each row
//! and group.
//!
//! # Training and evaluation
//!
//! The same: a row does not depend on the others, so there are no running statistics and a batch may have a
//! single row. A bias before such a norm is not canceled, only its mean over the columns is.

pub mod group_norm;
pub mod layer_norm;
pub(crate) mod outputs;
pub mod rms_norm;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::kernel;
use crate::kernel::real::Real;
use crate::kernel::{RowNormGrads, RowNormParams, RowNormState};
use crate::nn::layers::gamma_beta::GammaBeta;
use crate::nn::network::passes::Fused;
use crate::nn::{Layer, Param, PassContext};

/// See the [module](self).
pub struct RowNorm<F> {
    tensors: GammaBeta<F>,
    eps: f64,
    groups: usize,
    centered: bool,
    fused: Fused,
    state: RowNormState<F>, // of the last batch
    grads: RowNormGrads,
}

impl<F: Real> RowNorm<F> {
    fn new(tensors: GammaBeta<F>, eps: f64, groups: usize, centered: bool, fused: Fused) -> Self {
        let grads = RowNormGrads::new(tensors.gamma().len());
        Self { tensors, eps, groups, centered, fused, state: RowNormState::default(), grads }
    }

    fn kernel_params(&self) -> RowNormParams<'_, F> {
        let Self { tensors, eps, groups, centered, .. } = self;
        let (gamma, beta) = (tensors.gamma(), tensors.beta());
        RowNormParams { eps: *eps, groups: *groups, centered: *centered, gamma, beta }
    }
}

impl<F: Real> Layer<F> for RowNorm<F> {
    fn allocate(&mut self, max_rows: usize) {
        self.state = RowNormState::new(max_rows, self.groups);
    }

    fn forward(&mut self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        let mut state = std::mem::take(&mut self.state);
        let (params, relu) = (self.kernel_params(), self.fused.relu_after);
        kernel::row_norm_forward(pass.pool, &x, params, relu, Some(&mut state), &mut y);
        self.state = state;
    }

    fn infer(&self, pass: &PassContext<'_, F>, x: ArrayView2<'_, F>, mut y: ArrayViewMut2<'_, F>) {
        kernel::row_norm_forward(pass.pool, &x, self.kernel_params(), false, None, &mut y);
    }

    fn backward(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        _y: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let mut grads = std::mem::take(&mut self.grads);
        let (params, state) = (self.kernel_params(), &self.state);
        match pass.blocks {
            None => kernel::row_norm_backward(pass.pool, &dy, &x, params, state, &mut grads, dx),
            Some(blocks) => blocks.total(
                2 * x.ncols(),
                |sums| {
                    let sums = (blocks.here(), sums);
                    kernel::row_norm_backward_blocks(pass.pool, &dy, &x, params, state, sums, dx);
                },
                |total| grads.set(total),
            ),
        }
        self.tensors.set_gradients(&grads.dgamma, &grads.dbeta);
        self.grads = grads;
    }

    fn params(&self) -> &[Param<F>] {
        self.tensors.params()
    }

    fn params_mut(&mut self) -> &mut [Param<F>] {
        self.tensors.params_mut()
    }
}
