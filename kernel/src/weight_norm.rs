//! Affine layers with normalized weights.
//!
//! The stored weights `v` are normalized like a batch with a row for each input: `w = (v - mean) * scale` for each unit,
//! with the mean and `scale = gamma * inv_std` of batch norm. `w` is never in memory. The forward pass has
//! `z = x (v - mean)` and then `y = z * scale + bias`: what is done to a unit of `v` can be done to that of the product.
//! The backward pass takes its sums over the inputs from sums over the rows of `z`, which has fewer numbers than `v` where
//! a batch has fewer rows than there are inputs.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::batch_norm::backward::BatchNormGrads;
use crate::batch_norm::column_sums::{ColumnSums, sum_blocks, sum_columns};
use crate::batch_norm::moments::batch_moments;
use crate::batch_norm::projection::{InPlace, Projection};
use crate::batch_norm::state::{BatchNormParams, BatchNormState};
use crate::blocks::RowBlocks;
use crate::matmul::{ColumnTransform, Weights};
use crate::matrix_view::MatrixView;
use crate::parallel::partition::par_tiles;
use crate::parallel::thread_pool::ThreadPool;
use crate::real::Real;
use crate::simd::with_simd;

/// What is computed of weights that are normalized.
#[derive(Clone, Debug)]
pub struct WeightNormState<F> {
    columns: BatchNormState<F>,
    /// The rounded means minus the means, `units`.
    shift: Vec<F>,
    ones: Vec<F>, // units
}

impl<F: Real> WeightNormState<F> {
    /// The state of a layer with this number of units, before its first batch.
    pub fn new(units: usize) -> Self {
        let [shift, ones] = [F::zero(), F::one()].map(|number| vec![number; units]);
        Self { columns: BatchNormState::new(units), shift, ones }
    }
}

/// Computes the state of weights that are normalized, as [`batch_norm_forward`](crate::batch_norm_forward) that of a batch.
///
/// # Shapes
///
/// `v`: `(inputs, units)` with `inputs >= 1`; `gamma`, and `beta`, which is 0: `units`.
pub(crate) fn normalize_weights<F: Real>(
    pool: &ThreadPool,
    v: &ArrayView2<'_, F>,
    params: BatchNormParams<'_, F>,
    state: &mut WeightNormState<F>,
) {
    let WeightNormState { columns, shift, .. } = state;
    batch_moments(pool, v, &mut columns.moments);
    with_simd(
        #[inline(always)]
        || {
            columns.update(params);
            for (shift, residual) in shift.iter_mut().zip(&columns.mean_residual) {
                *shift = F::from_f64(-residual);
            }
        },
    );
}

/// Weights of an affine layer that are [normalized](crate::normalize_weights).
#[derive(Clone, Copy, Debug)]
pub struct NormalizedWeights<'a, F> {
    /// The stored ones, `(inputs, units)`.
    pub v: ArrayView2<'a, F>,
    /// What was computed of them.
    pub state: &'a WeightNormState<F>,
}

impl<'a, F: Real> NormalizedWeights<'a, F> {
    /// What makes `w` of `v`.
    pub fn transform(self) -> ColumnTransform<'a, F> {
        let BatchNormState { mean, scale, shift, .. } = &self.state.columns;
        ColumnTransform { mean, scale, shift }
    }

    /// `v - mean`, the weights of `z`.
    pub fn directions(self) -> Weights<'a, F> {
        let WeightNormState { columns: BatchNormState { mean, is_centered, .. }, shift, ones } = self.state;
        let transform = is_centered.then_some(ColumnTransform { mean, scale: ones, shift });
        Weights { values: self.v, transform }
    }
}

impl<'a, F: Real> From<NormalizedWeights<'a, F>> for Weights<'a, F> {
    fn from(weights: NormalizedWeights<'a, F>) -> Self {
        Self { values: weights.v, transform: Some(weights.transform()) }
    }
}

/// `y = z * scale + bias`, or with `relu` the maximum of that and 0.
///
/// # Shapes
///
/// `z`, `y`: `(n, units)`; `bias`: `units`.
pub(crate) fn scale_units<F: Real>(
    pool: &ThreadPool,
    z: &ArrayView2<'_, F>,
    state: &WeightNormState<F>,
    bias: &[F],
    relu: bool,
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(z.dim(), y.dim(), "shapes of normalized weights");
    let (cost, z, scale) = (z.len(), MatrixView::new(z), &state.columns.scale);
    let min = if relu { F::zero() } else { F::neg_infinity() };
    par_tiles(pool, cost, [y.view_mut()], |rows, columns, [mut y]| {
        let z = z.rows_from(rows.start).columns_from(columns.start);
        let (scale, bias) = (&scale[columns.clone()], &bias[columns]);
        with_simd(
            #[inline(always)]
            || {
                for row in 0..y.count() {
                    let from = z.row(row, scale.len());
                    for (((y, &z), &scale), &bias) in y.row(row).iter_mut().zip(from).zip(scale).zip(bias) {
                        let value = z * scale + bias;
                        // NaN stays.
                        *y = if value < min { min } else { value };
                    }
                }
            },
        );
    });
}

/// Sums `dy` and its products with `z`.
#[derive(Clone, Copy)]
struct Products<'a, F> {
    dy: MatrixView<'a, F>,
    z: MatrixView<'a, F>,
}

impl<F: Real> ColumnSums for Products<'_, F> {
    #[inline(always)]
    fn sums<const LEN: usize>(self, rows: Range<usize>, column: usize) -> [[f64; LEN]; 2] {
        let (mut sums, mut products) = ([0.0; LEN], [0.0; LEN]);
        for row in rows {
            let (dy, z) = (self.dy.strip::<LEN>(row, column), self.z.strip::<LEN>(row, column));
            for lane in 0..LEN {
                sums[lane] += dy[lane].to_f64();
                products[lane] += dy[lane].to_f64() * z[lane].to_f64();
            }
        }
        [sums, products]
    }
}

/// The sums over the rows of `dy`, which are the gradient of the bias, and of `dy * z`, as `dbeta` and `dgamma`.
///
/// # Shapes
///
/// `dy`, `z`: `(n, units)`.
pub(crate) fn unit_products<F: Real>(
    pool: &ThreadPool,
    dy: &ArrayView2<'_, F>,
    z: &ArrayView2<'_, F>,
    grads: &mut BatchNormGrads<F>,
) {
    assert_eq!(dy.dim(), z.dim(), "shapes of normalized weights");
    let BatchNormGrads { dbeta, dgamma, partial, .. } = grads;
    let summed = Products { dy: MatrixView::new(dy), z: MatrixView::new(z) };
    sum_columns(pool, dy.dim(), summed, partial, [&mut dbeta[..], &mut dgamma[..]]);
}

/// [`unit_products`] over the rows of each block, `2 units` numbers for a block.
pub(crate) fn block_unit_products<F: Real>(
    pool: &ThreadPool,
    dy: &ArrayView2<'_, F>,
    z: &ArrayView2<'_, F>,
    blocks: RowBlocks,
    sums: &mut [f64],
) {
    assert_eq!(dy.dim(), z.dim(), "shapes of normalized weights");
    let (units, dy, z) = (dy.ncols(), MatrixView::new(dy), MatrixView::new(z));
    let of_block = |first| Products { dy: dy.rows_from(first), z: z.rows_from(first) };
    sum_blocks(pool, units, blocks, of_block, 2, sums);
}

/// From the sums of [`unit_products`] over all rows, and the mean of `dw` over the inputs, to what is subtracted from `dw`;
/// `dgamma` becomes the gradient of gamma:
///
/// ```text
/// dgamma = sum over rows of dy * z * inv_std = sum over inputs of dw * v_hat
/// dv     = gamma * inv_std * (dw - mean(dw) - v_hat * dgamma / inputs)
/// ```
///
/// # Shapes
///
/// `mean_dw`: `units`; 0 if the mean of `v` is not subtracted.
pub(crate) fn project_weights<F: Real>(
    inputs: usize,
    state: &WeightNormState<F>,
    mean_dw: &[F],
    grads: &mut BatchNormGrads<F>,
) {
    let BatchNormState { inv_std, mean_residual, .. } = &state.columns;
    let BatchNormGrads { dgamma, constant, slope, .. } = grads;
    let of_units = inv_std.iter().zip(mean_residual).zip(mean_dw);
    for (((dgamma, constant), slope), ((inv_std, residual), mean)) in
        dgamma.iter_mut().zip(constant).zip(slope).zip(of_units)
    {
        *dgamma *= inv_std;
        let of_unit = *dgamma / inputs as f64 * inv_std;
        *constant = F::from_f64(Real::to_f64(*mean) - residual * of_unit);
        *slope = F::from_f64(of_unit);
    }
}

/// Makes the gradient of the stored weights of that of the normalized ones, which is in `dv` before: subtracts what
/// [`project_weights`](crate::project_weights) found. Returns whether all of it is finite.
///
/// # Shapes
///
/// `grads`: `units`; `dv`: `(inputs, units)`, in row-major layout.
///
/// # Panics
///
/// If the shapes do not fit.
pub(crate) fn project_weight_gradient<F: Real>(
    pool: &ThreadPool,
    weights: NormalizedWeights<'_, F>,
    grads: &BatchNormGrads<F>,
    dv: &mut ArrayViewMut2<'_, F>,
) -> bool {
    let NormalizedWeights { v, state } = weights;
    assert_eq!(v.dim(), dv.dim(), "shapes of normalized weights");
    let (cost, v, all_finite) = (dv.len(), MatrixView::new(&v), AtomicBool::new(true));
    par_tiles(pool, cost, [dv.view_mut()], |rows, columns, [dx]| {
        let v = v.rows_from(rows.start).columns_from(columns.start);
        let projection = Projection::new(v, &state.columns, grads, columns);
        let mut block = InPlace::new(projection, dx);
        let is_finite = with_simd(
            #[inline(always)]
            || block.all_rows(),
        );
        if !is_finite {
            all_finite.store(false, Ordering::Relaxed);
        }
    });
    all_finite.into_inner()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::{Array1, Array2, Axis};

    use super::*;
    use crate::batch_norm::backward::batch_norm_backward;
    use crate::batch_norm::forward::batch_norm_forward;
    use crate::batch_norm::state::BatchNormForm;
    use crate::matmul::{affine, affine_backward, weight_gradient};

    /// Rows, inputs and units: a single one of each, parts of vectors and of panels, several panels for each thread.
    const SHAPES: [[usize; 3]; 7] =
        [[1, 3, 1], [5, 2, 7], [7, 1, 20], [3, 1, 600], [13, 40, 64], [60, 70, 131], [9, 300, 600]];

    fn matrix<F: Real>(rows: usize, columns: usize, salt: usize) -> Array2<F> {
        let entry = |(i, j)| F::from_f64(((i * 31 + j * 17 + salt * 7) % 23) as f64 / 11.0 - 1.0);
        Array2::from_shape_fn((rows, columns), entry)
    }

    fn pool(threads: usize) -> ThreadPool {
        ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"))
    }

    /// A layer and a batch.
    struct Case<'a, F> {
        x: Array2<F>,
        dy: Array2<F>,
        v: Array2<F>,
        bias: Vec<F>,
        params: BatchNormParams<'a, F>,
    }

    /// `y`, `dx` and `dv`, the gradient of gamma and that of the bias.
    type Outcome<F> = ([Array2<F>; 3], [Vec<f64>; 2]);

    impl<F: Real> Case<'_, F> {
        fn run(&self, pool: &ThreadPool) -> Outcome<F> {
            let Self { x, dy, v, bias, params } = self;
            let (inputs, units) = v.dim();
            let mut state = WeightNormState::new(units);
            normalize_weights(pool, &v.view(), *params, &mut state);
            let weights = NormalizedWeights { v: v.view(), state: &state };
            let [mut z, mut y] = [(); 2].map(|()| Array2::from_elem(dy.dim(), F::nan()));
            affine(pool, &x.view(), weights.directions(), None, &mut z.view_mut());
            scale_units(pool, &z.view(), &state, bias, false, &mut y.view_mut());
            let mut dx = Array2::from_elem(x.dim(), F::nan());
            affine_backward(pool, &dy.view(), weights.into(), None, &mut dx.view_mut());
            let (mut grads, mut dv) = (BatchNormGrads::new(units), Array2::from_elem(v.dim(), F::nan()));
            assert!(weight_gradient(pool, &x.view(), &dy.view(), None, &mut dv.view_mut()));
            unit_products(pool, &dy.view(), &z.view(), &mut grads);
            let mean_dw = match params.form {
                BatchNormForm::Standard => dv.sum_axis(Axis(0)) / F::from_f64(inputs as f64),
                _ => Array1::zeros(units),
            };
            project_weights(inputs, &state, mean_dw.as_slice().expect("a row"), &mut grads);
            assert!(project_weight_gradient(pool, weights, &grads, &mut dv.view_mut()));
            ([y, dx, dv], [grads.dgamma, grads.dbeta])
        }

        /// With the weights in memory, through the passes of batch norm.
        fn by_batch_norm(&self) -> Outcome<F> {
            let (Self { x, dy, v, bias, params }, pool) = (self, &pool(1));
            let (units, mut w) = (v.ncols(), Array2::zeros(v.dim()));
            let mut states = [BatchNormState::new(units)];
            batch_norm_forward(pool, &v.view(), *params, false, &mut states, &mut w.view_mut());
            let [mut y, mut dx] = [dy.dim(), x.dim()].map(Array2::zeros);
            affine(pool, &x.view(), w.view().into(), Some(bias), &mut y.view_mut());
            affine_backward(pool, &dy.view(), w.view().into(), None, &mut dx.view_mut());
            let (mut dw, mut dv) = (Array2::zeros(v.dim()), Array2::zeros(v.dim()));
            weight_gradient(pool, &x.view(), &dy.view(), None, &mut dw.view_mut());
            let mut grads = [BatchNormGrads::new(units)];
            batch_norm_backward(pool, &dw.view(), &v.view(), &states, &mut grads, Some(dv.view_mut()));
            let dbias = dy.mapv(Real::to_f64).sum_axis(Axis(0)).to_vec();
            let [BatchNormGrads { dgamma, .. }] = grads;
            ([y, dx, dv], [dgamma, dbias])
        }
    }

    fn check<F: Real>(tolerance: f64, offset: f64) {
        for ([n, inputs, units], form) in SHAPES
            .into_iter()
            .flat_map(|shape| [(shape, BatchNormForm::MeanSquare), (shape, BatchNormForm::Standard)])
        {
            let (gamma, zeros) = (vec![F::from_f64(0.7); units], vec![F::zero(); units]);
            let params = BatchNormParams { eps: 1e-3, gamma: &gamma, beta: &zeros, form };
            let case = Case {
                x: matrix(n, inputs, 2),
                dy: matrix(n, units, 3),
                v: matrix::<F>(inputs, units, 1) + F::from_f64(offset),
                bias: matrix(1, units, 4).into_raw_vec_and_offset().0,
                params,
            };
            let (alone, (arrays, sums)) = (case.run(&pool(1)), case.by_batch_norm());
            let name = format!("{n} {inputs} {units} {form:?}");
            for (found, expected) in alone.0.iter().zip(&arrays) {
                let most = expected.iter().fold(1.0, |most: f64, x| most.max(Real::to_f64(*x).abs()));
                for (found, expected) in found.iter().zip(expected) {
                    let error = (Real::to_f64(*found) - Real::to_f64(*expected)).abs();
                    assert!(error <= tolerance * most, "{name}: {found} {expected}");
                }
            }
            for (found, expected) in alone.1.iter().flatten().zip(sums.iter().flatten()) {
                assert!((found - expected).abs() <= tolerance * 100.0, "{name}: {found} {expected}");
            }
            for threads in 2..=4 {
                assert!(case.run(&pool(threads)) == alone, "{name}, {threads} threads");
            }
        }
    }

    #[test]
    fn passes_are_those_with_the_weights_that_batch_norm_makes() {
        // Up to 600 terms, and their roundings.
        check::<f64>(1e-13, 0.0);
        check::<f32>(1e-5, 0.0);
        // Far from 0, a mean has more digits than an f32.
        check::<f32>(1e-4, 1000.0);
    }

    #[test]
    fn one_bad_number_is_found_at_any_place() {
        for [_, inputs, units] in SHAPES {
            let (v, gamma, zeros) = (matrix::<f32>(inputs, units, 2), vec![0.7; units], vec![0.0; units]);
            let params =
                BatchNormParams { eps: 1e-3, gamma: &gamma, beta: &zeros, form: BatchNormForm::MeanSquare };
            let (pool, mut state) = (pool(2), WeightNormState::new(units));
            normalize_weights(&pool, &v.view(), params, &mut state);
            let weights = NormalizedWeights { v: v.view(), state: &state };
            for place in [[0, 0], [inputs - 1, units - 1], [inputs / 2, units / 2]] {
                let (grads, mut dv) = (BatchNormGrads::new(units), matrix(inputs, units, 3));
                assert!(project_weight_gradient(&pool, weights, &grads, &mut dv.clone().view_mut()));
                dv[place] = f32::INFINITY;
                let is_finite = project_weight_gradient(&pool, weights, &grads, &mut dv.view_mut());
                assert!(!is_finite, "{inputs} {units} {place:?}");
            }
        }
    }
}
