//! The forward pass of batch norm in training.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::batch_norm::ghosts::Ghosts;
use crate::batch_norm::moments::batch_moments;
use crate::batch_norm::state::{BatchNormParams, BatchNormState};
use crate::matrix_view::{MatrixView, MatrixViewMut};
use crate::parallel::partition::{par_chunks, par_tiles};
use crate::parallel::thread_pool::ThreadPool;
use crate::real::Real;
use crate::simd::strips::{ColumnKernel, for_each_strip, take};
use crate::simd::with_simd;

/// Normalizes a batch by its own [moments](crate::batch_moments). With `inv_std = 1 / sqrt(var + eps)`,
///
/// ```text
/// y = gamma * (x - mean) * inv_std + beta
/// ```
///
/// or what the [form](crate::BatchNormForm) says; with `relu`, the maximum of that and 0.
///
/// The arithmetic on each `x` is that of `F`. The difference `x - mean` is exact if both are within a factor
/// of 2 of each other, as they are under a large offset, and rounded once otherwise. What the mean loses
/// when it is rounded to an `F` is corrected for in the shift.
///
/// Several `states` divide the rows into as many ghost batches of neighbors, see [`even_part`](crate::even_part); each is
/// normalized by itself.
///
/// # Shapes
///
/// `x`, `y`: `(n, width)` with `n >= 1`; `gamma`, `beta`: `width`; at most `n` states.
pub(crate) fn batch_norm_forward<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    params: BatchNormParams<'_, F>,
    relu: bool,
    states: &mut [BatchNormState<F>],
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of batch norm");
    let [state] = states else { return forward_ghosts(pool, x, params, least(relu), states, y) };
    batch_moments(pool, x, &mut state.moments);
    batch_normalize(pool, x, params, relu, state, y);
}

/// Normalizes a batch, or a part of it, by the moments in its state, which are those of the whole batch.
///
/// Shapes are those of [`batch_norm_forward`].
pub(crate) fn batch_normalize<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    params: BatchNormParams<'_, F>,
    relu: bool,
    state: &mut BatchNormState<F>,
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of batch norm");
    let min = least(relu);
    with_simd(
        #[inline(always)]
        || state.update(params),
    );
    let (state, cost, x) = (&*state, x.len(), MatrixView::new(x));
    par_tiles(pool, cost, [y.view_mut()], |rows, columns, [y]| {
        let x = x.rows_from(rows.start).columns_from(columns.start);
        let mut normalize = Normalize::new(x, state, columns, min, y);
        with_simd(
            #[inline(always)]
            || normalize.all_rows(),
        );
    });
}

/// The least `y`.
fn least<F: Real>(relu: bool) -> F {
    if relu { F::zero() } else { F::neg_infinity() }
}

/// [`batch_norm_forward`] of several ghost batches; a thread does all of a ghost batch.
fn forward_ghosts<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    params: BatchNormParams<'_, F>,
    min: F,
    states: &mut [BatchNormState<F>],
    y: &mut ArrayViewMut2<'_, F>,
) {
    let ((rows, width), ghosts, cost) = (x.dim(), states.len(), x.len());
    let x = MatrixView::new(x);
    let outputs = Ghosts::new(rows, ghosts, states, Some(y.view_mut()));
    par_chunks(pool, ghosts, cost, outputs, |numbers, outputs| {
        outputs.each(numbers, |rows, state, y| {
            let x = x.rows_from(rows.start);
            with_simd(
                #[inline(always)]
                || {
                    state.update_to(x, rows.len(), params);
                    let y = y.expect("there is an output");
                    Normalize::new(x, state, 0..width, min, y).all_rows();
                },
            );
        });
    });
}

/// Rows of a strip before the next strip: enough that the values of the columns are not loaded for every
/// row, and few enough that the rows are read and written in memory order.
pub(crate) const ROWS: usize = 2;

/// Some rows of [`batch_norm_forward`].
struct Normalize<'a, F> {
    rows: Range<usize>,
    x: MatrixView<'a, F>,
    mean: &'a [F],
    scale: &'a [F],
    shift: &'a [F],
    min: F, // the least `y`
    y: MatrixViewMut<'a, F>,
}

impl<'a, F: Real> Normalize<'a, F> {
    /// For the columns of `y`, which are these of the state.
    #[inline(always)]
    fn new(
        x: MatrixView<'a, F>,
        state: &'a BatchNormState<F>,
        columns: Range<usize>,
        min: F,
        y: MatrixViewMut<'a, F>,
    ) -> Self {
        let BatchNormState { mean, scale, shift, .. } = state;
        let [mean, scale, shift] = [mean, scale, shift].map(|all| &all[columns.clone()]);
        Self { rows: 0..0, x, mean, scale, shift, min, y }
    }

    /// All rows of `y`.
    #[inline(always)]
    fn all_rows(&mut self) {
        let rows = self.y.count();
        for first in (0..rows).step_by(ROWS) {
            self.rows = first..rows.min(first + ROWS);
            for_each_strip(self.mean.len(), self);
        }
    }
}

impl<F: Real> ColumnKernel for Normalize<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let [mean, scale, shift] = [self.mean, self.scale, self.shift].map(|all| take::<F, LEN>(all, start));
        let (from, min, mut to) = (self.x, self.min, self.y.reborrow());
        for row in self.rows.clone() {
            let x = *from.strip::<LEN>(row, start);
            let mut y = [F::zero(); LEN];
            for lane in 0..LEN {
                y[lane] = (x[lane] - mean[lane]) * scale[lane] + shift[lane];
                // NaN stays.
                y[lane] = if y[lane] < min { min } else { y[lane] };
            }
            *to.strip(row, start) = y;
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::batch_norm::state::BatchNormForm;
    use crate::batch_norm::testing::{SHAPES, columns, pool, x};

    #[test]
    fn a_batch_is_normalized_for_any_number_of_threads() {
        for shape @ (rows, width) in SHAPES {
            let (gamma, beta) = (columns(width), columns(width));
            // Far from 0, a mean has more digits than an f32.
            for offset in [0.0, 12345.0] {
                let x = x(shape) + offset;
                for (threads, relu) in [(1, false), (2, true), (3, false), (4, true)] {
                    let mut y = Array2::from_elem(shape, f32::NAN);
                    let mut states = [BatchNormState::new(width)];
                    let params = BatchNormParams {
                        eps: 0.5,
                        gamma: &gamma,
                        beta: &beta,
                        form: BatchNormForm::Standard,
                    };
                    let pool = pool(threads);
                    batch_norm_forward(&pool, &x.view(), params, relu, &mut states, &mut y.view_mut());
                    for (column, all) in x.columns().into_iter().enumerate() {
                        let mean = all.iter().map(|&x| f64::from(x)).sum::<f64>() / rows as f64;
                        let squares = all.iter().map(|&x| (f64::from(x) - mean).powi(2));
                        let inv_std = 1.0 / (squares.sum::<f64>() / rows as f64 + 0.5).sqrt();
                        assert!((states[0].inv_std[column] / inv_std - 1.0).abs() < 1e-12, "{shape:?}");
                        for (row, &x) in all.iter().enumerate() {
                            let (gamma, beta) = (f64::from(gamma[column]), f64::from(beta[column]));
                            let expected = gamma * ((f64::from(x) - mean) * inv_std) + beta;
                            let expected = if relu { expected.max(0.0) } else { expected };
                            // A few roundings of numbers below 60.
                            assert!((f64::from(y[[row, column]]) - expected).abs() < 2e-5, "{shape:?}");
                        }
                    }
                }
            }
        }
    }

    /// With gamma 1 and beta 0.
    fn normalized<F: Real>(x: &Array2<F>, relu: bool) -> Array2<F> {
        let (ones, zeros) = (vec![F::one(); x.ncols()], vec![F::zero(); x.ncols()]);
        let (mut states, mut y) = ([BatchNormState::new(x.ncols())], Array2::zeros(x.dim()));
        let params = BatchNormParams { eps: 1e-5, gamma: &ones, beta: &zeros, form: BatchNormForm::Standard };
        batch_norm_forward(&ThreadPool::single(), &x.view(), params, relu, &mut states, &mut y.view_mut());
        y
    }

    #[test]
    fn a_rectified_batch_is_the_batch_rectified_to_the_bit() {
        let mut x = x((9, 41)) - 5.0;
        x[[3, 5]] = f32::NAN;
        x[[4, 40]] = f32::INFINITY;
        let bits = |y: Array2<f32>| y.mapv(f32::to_bits);
        let plain = normalized(&x, false);
        assert!(plain.column(5).iter().chain(plain.column(40)).all(|y| y.is_nan()), "bad numbers stay");
        assert_eq!(bits(normalized(&x, true)), bits(plain.mapv(crate::matmul::relu)));
    }

    #[test]
    fn an_offset_costs_no_precision_in_f64() {
        let x = Array2::from_shape_fn((7, 3), |(row, column)| ((row * row + column) % 5) as f64);
        // At this offset doubles are integers, and the mean is not one.
        let moved = normalized(&(&x + 2_f64.powi(52)), false);
        // A few roundings of numbers below 3.
        assert!((normalized(&x, false) - moved).iter().all(|difference| difference.abs() < 1e-14));
    }
}
