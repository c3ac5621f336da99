//! The forward pass of batch norm in training.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::batch_norm::moments::{BatchMoments, batch_moments};
use crate::matrix_view::{MatrixView, MatrixViewMut};
use crate::parallel::partition::par_tiles;
use crate::parallel::thread_pool::ThreadPool;
use crate::real::Real;
use crate::simd::strips::{ColumnKernel, for_each_strip, take};
use crate::simd::with_simd;

/// The parameters of batch norm.
#[derive(Clone, Copy, Debug)]
pub struct BatchNormParams<'a, F> {
    /// Added to the variance.
    pub eps: f64,
    /// The scale of each column, `width`.
    pub gamma: &'a [F],
    /// The shift of each column, `width`.
    pub beta: &'a [F],
}

/// What the forward pass computes for each column, which the backward pass uses again.
#[derive(Clone, Debug, Default)]
pub struct BatchNormState<F> {
    /// Mean and variance of the batch.
    pub moments: BatchMoments,
    /// `1 / sqrt(var + eps)`, `width`.
    pub inv_std: Vec<f64>,
    /// The mean, rounded to an `F`, `width`.
    pub(crate) mean: Vec<F>,
    /// The mean minus the rounded mean, `width`.
    pub(crate) mean_residual: Vec<f64>,
    /// `gamma * inv_std`, `width`.
    pub(crate) scale: Vec<F>,
    /// `beta - mean_residual * gamma * inv_std`, `width`.
    shift: Vec<F>,
}

impl<F: Real> BatchNormState<F> {
    /// The state of a layer with `width` columns, before its first batch.
    pub fn new(width: usize) -> Self {
        let [inv_std, mean_residual] = std::array::from_fn(|_| vec![0.0; width]);
        let [mean, scale, shift] = std::array::from_fn(|_| vec![F::zero(); width]);
        Self { moments: BatchMoments::new(width), inv_std, mean, mean_residual, scale, shift }
    }

    /// Computes everything else from the moments.
    #[inline(always)]
    fn update(&mut self, BatchNormParams { eps, gamma, beta }: BatchNormParams<'_, F>) {
        let Self { moments, inv_std, mean, mean_residual, scale, shift } = self;
        inv_std.iter_mut().zip(&moments.var).for_each(|(inv_std, var)| *inv_std = 1.0 / (var + eps).sqrt());
        let means = moments.origin.iter().zip(&moments.shift);
        for ((mean, residual), (origin, shift)) in mean.iter_mut().zip(&mut *mean_residual).zip(means) {
            *mean = F::from_f64(origin + shift);
            *residual = (origin - mean.to_f64()) + shift;
        }
        let known = gamma.iter().zip(beta).zip(inv_std.iter().zip(&*mean_residual));
        for ((scale, shift), ((&gamma, &beta), (inv_std, residual))) in scale.iter_mut().zip(shift).zip(known)
        {
            let exact = gamma.to_f64() * inv_std;
            *scale = F::from_f64(exact);
            *shift = F::from_f64(beta.to_f64() - residual * exact);
        }
    }
}

/// Normalizes a batch by its own [moments](crate::batch_moments). With `inv_std = 1 / sqrt(var + eps)`,
///
/// ```text
/// y = gamma * (x - mean) * inv_std + beta
/// ```
///
/// or, with `relu`, the maximum of that and 0.
///
/// The arithmetic on each `x` is that of `F`. The difference `x - mean` is exact if both are within a factor
/// of 2 of each other, as they are under a large offset, and rounded once otherwise. What the mean loses
/// when it is rounded to an `F` is corrected for in the shift.
///
/// # Shapes
///
/// `x`, `y`: `(n, width)` with `n >= 1`; `gamma`, `beta`: `width`.
pub(crate) fn batch_norm_forward<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    params: BatchNormParams<'_, F>,
    relu: bool,
    state: &mut BatchNormState<F>,
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of batch norm");
    batch_moments(pool, x, &mut state.moments);
    with_simd(
        #[inline(always)]
        || state.update(params),
    );
    let BatchNormState { mean, scale, shift, .. } = &*state;
    let (cost, x) = (x.len(), MatrixView::new(x));
    let min = if relu { F::zero() } else { F::neg_infinity() };
    par_tiles(pool, cost, [y.view_mut()], |rows, columns, [y]| {
        let x = x.rows_from(rows.start).columns_from(columns.start);
        let [mean, scale, shift] = [&mean[..], &scale[..], &shift[..]].map(|all| &all[columns.clone()]);
        let mut normalize = Normalize { rows: 0..0, x, mean, scale, shift, min, y };
        with_simd(
            #[inline(always)]
            || {
                for first in (0..rows.len()).step_by(ROWS) {
                    normalize.rows = first..rows.len().min(first + ROWS);
                    for_each_strip(columns.len(), &mut normalize);
                }
            },
        );
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
    use std::num::NonZeroUsize;

    use ndarray::Array2;

    use super::*;

    /// Shapes that are divided by rows and by columns, neither evenly.
    const SHAPES: [(usize, usize); 2] = [(201, 67), (67, 201)];

    fn pool(threads: usize) -> ThreadPool {
        ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"))
    }

    fn x(shape: (usize, usize)) -> Array2<f32> {
        Array2::from_shape_fn(shape, |(row, column)| ((row * 37 + column * 11) % 101) as f32 / 10.0)
    }

    /// A different number for each column.
    fn columns(count: usize) -> Vec<f32> {
        (1..=count).map(|column| column as f32 / 8.0).collect()
    }

    #[test]
    fn a_batch_is_normalized_for_any_number_of_threads() {
        for shape @ (rows, width) in SHAPES {
            let (gamma, beta) = (columns(width), columns(width));
            // Far from 0, a mean has more digits than an f32.
            for offset in [0.0, 12345.0] {
                let x = x(shape) + offset;
                for (threads, relu) in [(1, false), (2, true), (3, false), (4, true)] {
                    let mut y = Array2::from_elem(shape, f32::NAN);
                    let mut state = BatchNormState::new(width);
                    let params = BatchNormParams { eps: 0.5, gamma: &gamma, beta: &beta };
                    let pool = pool(threads);
                    batch_norm_forward(&pool, &x.view(), params, relu, &mut state, &mut y.view_mut());
                    for (column, all) in x.columns().into_iter().enumerate() {
                        let mean = all.iter().map(|&x| f64::from(x)).sum::<f64>() / rows as f64;
                        let squares = all.iter().map(|&x| (f64::from(x) - mean).powi(2));
                        let inv_std = 1.0 / (squares.sum::<f64>() / rows as f64 + 0.5).sqrt();
                        assert!((state.inv_std[column] / inv_std - 1.0).abs() < 1e-12, "{shape:?}");
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
        let (mut state, mut y) = (BatchNormState::new(x.ncols()), Array2::zeros(x.dim()));
        let params = BatchNormParams { eps: 1e-5, gamma: &ones, beta: &zeros };
        batch_norm_forward(&ThreadPool::single(), &x.view(), params, relu, &mut state, &mut y.view_mut());
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
