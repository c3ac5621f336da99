//! The backward pass of batch norm, in its fused form.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::batch_norm::column_sums::{ColumnSums, partial_sums, sum_columns};
use crate::batch_norm::forward::{BatchNormState, ROWS};
use crate::matrix_view::{MatrixView, MatrixViewMut};
use crate::parallel::partition::par_tiles;
use crate::parallel::thread_pool::ThreadPool;
use crate::real::Real;
use crate::simd::strips::{ColumnKernel, for_each_strip, take};
use crate::simd::with_simd;

/// The gradients of a batch that was [normalized](crate::batch_norm_forward). With
/// `x_hat = (x - mean) * inv_std` and the sums over the rows
///
/// ```text
/// dbeta = sum dy      dgamma = sum dy * x_hat
/// ```
///
/// it subtracts from `dy` its mean and its projection on `x_hat`:
///
/// ```text
/// dx = gamma * inv_std * (dy - dbeta / n - x_hat * dgamma / n)
/// ```
///
/// # Shapes
///
/// `dy`, `x`, `dx`: `(n, width)` with `n >= 1`.
pub(crate) fn batch_norm_backward<F: Real>(
    pool: &ThreadPool,
    dy: &ArrayView2<'_, F>,
    x: &ArrayView2<'_, F>,
    state: &BatchNormState<F>,
    grads: &mut BatchNormGrads<F>,
    dx: Option<ArrayViewMut2<'_, F>>,
) {
    assert_eq!(dy.dim(), x.dim(), "shapes of batch norm");
    assert!(dx.as_ref().is_none_or(|dx| dx.dim() == dy.dim()), "shapes of batch norm");
    let (shape, cost) = (dy.dim(), dy.len());
    let (dy, x) = (MatrixView::new(dy), MatrixView::new(x));
    let BatchNormState { mean, scale, .. } = state;
    let products = Products { dy, x, mean };
    sum_columns(pool, shape, products, &mut grads.partial, [&mut grads.dbeta[..], &mut grads.dgamma[..]]);
    with_simd(
        #[inline(always)]
        || grads.update(dy.count as f64, state),
    );
    let Some(dx) = dx else { return };
    let BatchNormGrads { constant, slope, .. } = &*grads;
    par_tiles(pool, cost, [dx], |rows, columns, [dx]| {
        let [dy, x] = [dy, x].map(|all| all.rows_from(rows.start).columns_from(columns.start));
        let [scale, constant, slope, mean] =
            [&scale[..], &constant[..], &slope[..], &mean[..]].map(|all| &all[columns.clone()]);
        let mut project = Project { rows: 0..0, dy, x, mean, scale, constant, slope, dx };
        with_simd(
            #[inline(always)]
            || {
                for first in (0..rows.len()).step_by(ROWS) {
                    project.rows = first..rows.len().min(first + ROWS);
                    for_each_strip(columns.len(), &mut project);
                }
            },
        );
    });
}

/// The gradients of gamma and beta, and what else the backward pass computes for each column.
#[derive(Clone, Debug, Default)]
pub struct BatchNormGrads<F> {
    /// Sum of `dy`, `width`.
    pub dbeta: Vec<f64>,
    /// Sum of `dy * x_hat`, `width`.
    pub dgamma: Vec<f64>,
    /// What is subtracted from `dy` where `x` is the rounded mean, `width`.
    constant: Vec<F>,
    /// How much more is subtracted per unit by which `x` exceeds it, `width`.
    slope: Vec<F>,
    /// Scratch for sums over some of the rows.
    partial: Vec<f64>,
}

impl<F: Real> BatchNormGrads<F> {
    /// The gradients of a layer with `width` columns, before its first batch.
    pub fn new(width: usize) -> Self {
        let [dbeta, dgamma] = std::array::from_fn(|_| vec![0.0; width]);
        let [constant, slope] = std::array::from_fn(|_| vec![F::zero(); width]);
        Self { dbeta, dgamma, constant, slope, partial: partial_sums(width) }
    }

    /// Computes everything else from the sums over `n` rows, where `dgamma` is still the sum of `dy` times
    /// the differences of `x` from its rounded mean.
    #[inline(always)]
    fn update(&mut self, n: f64, state: &BatchNormState<F>) {
        let Self { dbeta, dgamma, constant, slope, .. } = self;
        let BatchNormState { inv_std, mean_residual, .. } = state;
        let sums = dbeta.iter().zip(dgamma).zip(inv_std.iter().zip(mean_residual));
        for ((constant, slope), ((dbeta, dgamma), (inv_std, residual))) in
            constant.iter_mut().zip(slope).zip(sums)
        {
            *dgamma = (*dgamma - residual * dbeta) * inv_std;
            let exact = *dgamma / n * inv_std;
            *slope = F::from_f64(exact);
            *constant = F::from_f64(dbeta / n - residual * exact);
        }
    }
}

/// Sums `dy`, and its products with the differences of `x` from its rounded mean.
#[derive(Clone, Copy)]
struct Products<'a, F> {
    dy: MatrixView<'a, F>,
    x: MatrixView<'a, F>,
    mean: &'a [F],
}

impl<F: Real> ColumnSums for Products<'_, F> {
    #[inline(always)]
    fn sums<const LEN: usize>(self, rows: Range<usize>, column: usize) -> [[f64; LEN]; 2] {
        let (mut sums, mut products) = ([0.0; LEN], [0.0; LEN]);
        let mean = take::<F, LEN>(self.mean, column);
        for row in rows {
            let (dy, x) = (self.dy.strip::<LEN>(row, column), self.x.strip::<LEN>(row, column));
            for lane in 0..LEN {
                let dy = dy[lane].to_f64();
                sums[lane] += dy;
                products[lane] += dy * (x[lane] - mean[lane]).to_f64();
            }
        }
        [sums, products]
    }
}

/// Some rows of [`batch_norm_backward`].
struct Project<'a, F> {
    rows: Range<usize>,
    dy: MatrixView<'a, F>,
    x: MatrixView<'a, F>,
    mean: &'a [F],
    scale: &'a [F],
    constant: &'a [F],
    slope: &'a [F],
    dx: MatrixViewMut<'a, F>,
}

impl<F: Real> ColumnKernel for Project<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let [mean, scale, constant, slope] =
            [self.mean, self.scale, self.constant, self.slope].map(|all| take::<F, LEN>(all, start));
        let (from, inputs, mut to) = (self.dy, self.x, self.dx.reborrow());
        for row in self.rows.clone() {
            let (dy, x) = (*from.strip::<LEN>(row, start), *inputs.strip::<LEN>(row, start));
            let mut dx = [F::zero(); LEN];
            for lane in 0..LEN {
                dx[lane] = scale[lane] * (dy[lane] - constant[lane] - (x[lane] - mean[lane]) * slope[lane]);
            }
            *to.strip(row, start) = dx;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::Array2;

    use super::*;
    use crate::batch_norm::forward::{BatchNormParams, batch_norm_forward};

    #[test]
    fn gradients_are_those_of_the_formula_for_any_number_of_threads() {
        // Divided by rows and by columns, neither evenly; far from 0, a mean has more digits than an f32.
        for (shape @ (rows, width), offset) in [((201, 67), 0.0), ((67, 201), 0.0), ((201, 67), 12345.0)] {
            let number = |(row, column), salt| ((row * 37 + column * 11 + salt) % 101) as f32 / 50.0 - 1.0;
            let dy = Array2::from_shape_fn(shape, |place| number(place, 0));
            let x = Array2::from_shape_fn(shape, |place| number(place, 53) + offset);
            let (gamma, beta): (Vec<f32>, _) =
                ((1..=width).map(|column| column as f32 / 64.0).collect(), vec![0.0; width]);
            for threads in 1..=4 {
                let pool = ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"));
                let (mut state, mut y) = (BatchNormState::new(width), Array2::zeros(shape));
                let params = BatchNormParams { eps: 1e-3, gamma: &gamma, beta: &beta };
                batch_norm_forward(&pool, &x.view(), params, false, &mut state, &mut y.view_mut());
                let (mut grads, mut dx) = (BatchNormGrads::new(width), Array2::from_elem(shape, f32::NAN));
                let dx_view = Some(dx.view_mut());
                batch_norm_backward(&pool, &dy.view(), &x.view(), &state, &mut grads, dx_view);
                for column in 0..width {
                    let (mean, inv_std) = (state.moments.mean(column), state.inv_std[column]);
                    let of =
                        |row| (f64::from(dy[[row, column]]), (f64::from(x[[row, column]]) - mean) * inv_std);
                    let dbeta: f64 = (0..rows).map(|row| of(row).0).sum();
                    let dgamma: f64 = (0..rows).map(|row| of(row).0 * of(row).1).sum();
                    // Terms of at most 1 and rounded once, and terms of at most 2 with an x that is
                    // rounded once to an f32.
                    let n = rows as f64;
                    assert!((grads.dbeta[column] - dbeta).abs() <= n * f64::EPSILON, "{shape:?}");
                    assert!((grads.dgamma[column] - dgamma).abs() <= n * 1.2e-7, "{shape:?}");
                    for row in 0..rows {
                        let (dy, x_hat) = of(row);
                        let factor = f64::from(gamma[column]) * inv_std;
                        let expected = factor * (dy - dbeta / n - x_hat * dgamma / n);
                        // A few roundings of numbers below 6.
                        assert!((f64::from(dx[[row, column]]) - expected).abs() < 2e-6, "{shape:?}");
                    }
                }
            }
        }
    }
}
