//! Normalized weights: the backward pass from their gradient to that of the weights that are stored.
//!
//! The stored weights `v` are normalized like a batch with a row for each input: `w = (v - mean) * scale + shift` for each
//! unit, a [`ColumnTransform`] of a [`BatchNormState`]. A product does that while it packs them, so `w` is never in memory;
//! its gradient is where that of `v` is afterwards.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::batch_norm::backward::{BatchNormGrads, Products};
use crate::batch_norm::column_sums::sum_columns;
use crate::batch_norm::forward::ROWS;
use crate::batch_norm::moments::batch_moments;
use crate::batch_norm::state::{BatchNormParams, BatchNormState};
use crate::blocks::RowBlocks;
use crate::matmul::{ColumnTransform, Weights, weight_gradient};
use crate::matrix_view::{MatrixView, MatrixViewMut};
use crate::parallel::partition::par_tiles;
use crate::parallel::thread_pool::ThreadPool;
use crate::real::Real;
use crate::simd::strips::{ColumnKernel, WIDE, for_each_strip_once, put, take};
use crate::simd::with_simd;

/// Computes the [state](BatchNormState) of weights that are normalized, as [`batch_norm_forward`](crate::batch_norm_forward)
/// does, but not what they become.
///
/// # Shapes
///
/// `v`: `(inputs, units)` with `inputs >= 1`; `gamma`, `beta`: `units`.
pub(crate) fn normalize_weights<F: Real>(
    pool: &ThreadPool,
    v: &ArrayView2<'_, F>,
    params: BatchNormParams<'_, F>,
    state: &mut BatchNormState<F>,
) {
    batch_moments(pool, v, &mut state.moments);
    with_simd(
        #[inline(always)]
        || state.update(params),
    );
}

/// Weights of an affine layer that are [normalized](crate::normalize_weights).
#[derive(Clone, Copy)]
pub struct NormalizedWeights<'a, F> {
    /// The stored ones, `(inputs, units)`.
    pub v: ArrayView2<'a, F>,
    /// What was computed of them.
    pub state: &'a BatchNormState<F>,
}

impl<'a, F> From<NormalizedWeights<'a, F>> for Weights<'a, F> {
    fn from(NormalizedWeights { v, state }: NormalizedWeights<'a, F>) -> Self {
        let BatchNormState { mean, scale, shift, .. } = state;
        Self { values: v, transform: Some(ColumnTransform { mean, scale, shift }) }
    }
}

/// The gradient of an affine layer with normalized weights: that of the weights, `dw = x' dy`, goes through the backward
/// pass of batch norm. Returns whether all of `dv` is finite.
///
/// ```text
/// dgamma = sum over inputs of dw * v_hat
/// dv     = gamma * inv_std * (dw - mean(dw) - v_hat * dgamma / inputs)
/// ```
///
/// with `v_hat = (v - mean) * inv_std`; in the form of the mean square, both means are 0. With `blocks`, the sums of `dw`
/// are taken in these blocks of the rows, as in [`weight_gradient`](crate::weight_gradient).
///
/// # Shapes
///
/// `x`: `(n, inputs)`; `dy`: `(n, units)`; `grads`: `units`; `dv`: `(inputs, units)`, in row-major layout.
///
/// # Panics
///
/// If the shapes do not fit.
pub(crate) fn normalized_weight_gradient<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    dy: &ArrayView2<'_, F>,
    blocks: Option<RowBlocks>,
    weights: NormalizedWeights<'_, F>,
    grads: &mut BatchNormGrads<F>,
    dv: &mut ArrayViewMut2<'_, F>,
) -> bool {
    weight_gradient(pool, x, dy, blocks, dv);
    project_weight_gradient(pool, weights, grads, dv)
}

/// The second half of [`normalized_weight_gradient`]: `dv` is that of the normalized weights before, and that of the stored
/// ones afterwards.
pub(crate) fn project_weight_gradient<F: Real>(
    pool: &ThreadPool,
    weights: NormalizedWeights<'_, F>,
    grads: &mut BatchNormGrads<F>,
    dv: &mut ArrayViewMut2<'_, F>,
) -> bool {
    let NormalizedWeights { v, state } = weights;
    assert_eq!(v.dim(), dv.dim(), "shapes of normalized weights");
    let (inputs, v) = (v.nrows(), MatrixView::new(&v));
    let (dw, BatchNormGrads { dbeta, dgamma, partial, .. }) = (dv.view(), &mut *grads);
    let products = Products { dy: MatrixView::new(&dw), x: v, mean: &state.mean };
    sum_columns(pool, dw.dim(), products, partial, [&mut dbeta[..], &mut dgamma[..]]);
    with_simd(
        #[inline(always)]
        || grads.update(inputs as f64, state),
    );
    let (grads, cost, all_finite) = (&*grads, dv.len(), AtomicBool::new(true));
    par_tiles(pool, cost, [dv.view_mut()], |rows, columns, [dv]| {
        let v = v.rows_from(rows.start).columns_from(columns.start);
        let [mean, scale, constant, slope] =
            [&state.mean, &state.scale, &grads.constant, &grads.slope].map(|all| &all[columns.clone()]);
        let poison = [F::zero(); WIDE];
        let mut project = Project { rows: 0..0, v, mean, scale, constant, slope, dv, poison };
        with_simd(
            #[inline(always)]
            || project.all_rows(),
        );
        if project.poison.iter().any(|lane| *lane != F::zero()) {
            all_finite.store(false, Ordering::Relaxed);
        }
    });
    all_finite.into_inner()
}

/// Some rows of `dv`, in which the gradient of the normalized weights is.
struct Project<'a, F> {
    rows: Range<usize>,
    v: MatrixView<'a, F>,
    mean: &'a [F],
    scale: &'a [F],
    constant: &'a [F],
    slope: &'a [F],
    dv: MatrixViewMut<'a, F>,
    /// 0 for each column of a strip, or NaN if a number was not finite.
    poison: [F; WIDE],
}

impl<F: Real> Project<'_, F> {
    #[inline(always)]
    fn all_rows(&mut self) {
        let rows = self.dv.count();
        for first in (0..rows).step_by(ROWS) {
            self.rows = first..rows.min(first + ROWS);
            for_each_strip_once(self.mean.len(), self);
        }
    }
}

impl<F: Real> ColumnKernel for Project<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let [mean, scale, constant, slope] =
            [self.mean, self.scale, self.constant, self.slope].map(|all| take::<F, LEN>(all, start));
        // x * 0 is 0 for finite x and NaN otherwise.
        let (v, mut dv) = (self.v, self.dv.reborrow());
        let mut poison = take::<F, LEN>(&self.poison, 0);
        for row in self.rows.clone() {
            let (to, v) = (dv.strip::<LEN>(row, start), v.strip::<LEN>(row, start));
            for lane in 0..LEN {
                to[lane] = scale[lane] * (to[lane] - constant[lane] - (v[lane] - mean[lane]) * slope[lane]);
                poison[lane] += to[lane] * F::zero();
            }
        }
        put(&mut self.poison, 0, poison);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::Array2;

    use super::*;
    use crate::batch_norm::backward::batch_norm_backward;
    use crate::batch_norm::forward::batch_norm_forward;
    use crate::batch_norm::state::BatchNormForm;
    use crate::matmul::{affine, affine_backward};

    /// Rows, inputs and units: a single one of each, parts of vectors and of panels, several panels for each thread.
    const SHAPES: [[usize; 3]; 6] =
        [[1, 3, 1], [5, 2, 7], [7, 1, 20], [13, 40, 64], [60, 70, 131], [9, 150, 400]];

    fn matrix(rows: usize, columns: usize, salt: usize) -> Array2<f32> {
        let entry = |(i, j)| ((i * 31 + j * 17 + salt * 7) % 23) as f32 / 11.0 - 1.0;
        Array2::from_shape_fn((rows, columns), entry)
    }

    fn pool(threads: usize) -> ThreadPool {
        ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"))
    }

    /// As if the weights were in memory, through the passes of batch norm.
    #[test]
    fn products_with_normalized_weights_are_those_with_the_weights_that_batch_norm_makes() {
        for ([n, inputs, units], form) in SHAPES
            .into_iter()
            .flat_map(|shape| [(shape, BatchNormForm::MeanSquare), (shape, BatchNormForm::Standard)])
        {
            // Far from 0, a mean has more digits than an f32.
            let v = matrix(inputs, units, 1) + 1000.0;
            let (x, dy) = (matrix(n, inputs, 2), matrix(n, units, 3));
            let (gamma, zeros) = (vec![0.7; units], vec![0.0; units]);
            let params = BatchNormParams { eps: 1e-3, gamma: &gamma, beta: &zeros, form };
            let (single, mut states) = (pool(1), [BatchNormState::new(units)]);
            let mut w = Array2::zeros((inputs, units));
            batch_norm_forward(&single, &v.view(), params, false, &mut states, &mut w.view_mut());
            let (mut y, mut dx) = (Array2::zeros((n, units)), Array2::zeros((n, inputs)));
            affine(&single, &x.view(), w.view().into(), None, &mut y.view_mut());
            affine_backward(&single, &dy.view(), w.view().into(), None, &mut dx.view_mut());
            let mut dw = Array2::zeros((inputs, units));
            weight_gradient(&single, &x.view(), &dy.view(), None, &mut dw.view_mut());
            let (mut grads, mut dv) = ([BatchNormGrads::new(units)], Array2::zeros((inputs, units)));
            let (dw, dv_view) = (dw.view(), Some(dv.view_mut()));
            batch_norm_backward(&single, &dw, &v.view(), &states, &mut grads, dv_view);

            for threads in 1..=4 {
                let (pool, case) = (pool(threads), format!("{n} {inputs} {units}, {threads} threads"));
                let mut state = BatchNormState::new(units);
                normalize_weights(&pool, &v.view(), params, &mut state);
                let weights = NormalizedWeights { v: v.view(), state: &state };
                let mut own = Array2::from_elem((n, units), f32::NAN);
                affine(&pool, &x.view(), weights.into(), None, &mut own.view_mut());
                assert_eq!(own, y, "{case}");
                let mut own = Array2::from_elem((n, inputs), f32::NAN);
                affine_backward(&pool, &dy.view(), weights.into(), None, &mut own.view_mut());
                assert_eq!(own, dx, "{case}");
                let (mut own_grads, mut own) =
                    (BatchNormGrads::new(units), Array2::from_elem(dv.dim(), f32::NAN));
                let (x, dy, mut view) = (x.view(), dy.view(), own.view_mut());
                assert!(normalized_weight_gradient(&pool, &x, &dy, None, weights, &mut own_grads, &mut view));
                assert_eq!(own, dv, "{case}");
                assert_eq!(own_grads.dgamma, grads[0].dgamma, "{case}");
                // The gradient of the weights and its projection, one after the other.
                let (mut own_grads, mut own) = (BatchNormGrads::new(units), dw.to_owned());
                assert!(project_weight_gradient(&pool, weights, &mut own_grads, &mut own.view_mut()));
                assert_eq!(own, dv, "{case}");
                assert_eq!(own_grads.dgamma, grads[0].dgamma, "{case}");
            }
        }
    }

    #[test]
    fn one_bad_number_is_found_at_any_place() {
        for [n, inputs, units] in SHAPES {
            let (x, v) = (matrix(n, inputs, 1), matrix(inputs, units, 2));
            let (gamma, zeros) = (vec![0.7; units], vec![0.0; units]);
            let params =
                BatchNormParams { eps: 1e-3, gamma: &gamma, beta: &zeros, form: BatchNormForm::MeanSquare };
            let (pool, mut state) = (pool(2), BatchNormState::new(units));
            normalize_weights(&pool, &v.view(), params, &mut state);
            let weights = NormalizedWeights { v: v.view(), state: &state };
            for place in [[0, 0], [n - 1, units - 1], [n / 2, units / 2]] {
                let mut dy = matrix(n, units, 3);
                dy[place] = f32::INFINITY;
                let (mut grads, mut dv) = (BatchNormGrads::new(units), Array2::zeros((inputs, units)));
                let (x, dy, dv) = (x.view(), dy.view(), &mut dv.view_mut());
                let is_finite = normalized_weight_gradient(&pool, &x, &dy, None, weights, &mut grads, dv);
                assert!(!is_finite, "{n} {inputs} {units} {place:?}");
            }
        }
    }
}
