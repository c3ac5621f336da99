//! Batch norm in evaluation, by running statistics, and the translation of mean-only batch norm.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::batch_norm::state::BatchNormParams;
use crate::matrix_view::{MatrixView, MatrixViewMut};
use crate::parallel::partition::par_tiles;
use crate::parallel::thread_pool::ThreadPool;
use crate::real::Real;
use crate::simd::strips::{ColumnKernel, for_each_strip, take};
use crate::simd::with_simd;

/// The running statistics of batch norm, or others to use in their place.
#[derive(Clone, Copy, Debug)]
pub struct RunningStats<'a, F> {
    /// The mean of each column, `width`.
    pub mean: &'a [F],
    /// The variance of each column, `width`.
    pub var: &'a [F],
}

/// `y = gamma * (x - mean) / sqrt(var + eps) + beta`, per column, from running statistics.
///
/// # Shapes
///
/// `x`, `y`: `(n, width)`; `mean`, `var`, `gamma`, `beta`: `width`.
pub(crate) fn batch_norm_infer<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    RunningStats { mean, var }: RunningStats<'_, F>,
    BatchNormParams { eps, gamma, beta, .. }: BatchNormParams<'_, F>,
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of batch norm");
    let (cost, x) = (x.len(), MatrixView::new(x));
    par_tiles(pool, cost, [y.view_mut()], |rows, columns, [y]| {
        let x = x.rows_from(rows.start).columns_from(columns.start);
        let [mean, var, gamma, beta] = [mean, var, gamma, beta].map(|all| &all[columns.clone()]);
        with_simd(
            #[inline(always)]
            || for_each_strip(columns.len(), &mut Infer { x, mean, var, eps, gamma, beta, y }),
        );
    });
}

struct Infer<'a, F> {
    x: MatrixView<'a, F>,
    mean: &'a [F],
    var: &'a [F],
    eps: f64,
    gamma: &'a [F],
    beta: &'a [F],
    y: MatrixViewMut<'a, F>,
}

impl<F: Real> ColumnKernel for Infer<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let mean = take::<F, LEN>(self.mean, start);
        let inv_std =
            take::<F, LEN>(self.var, start).map(|var| F::from_f64(1.0 / (var.to_f64() + self.eps).sqrt()));
        let (gamma, beta) = (take::<F, LEN>(self.gamma, start), take::<F, LEN>(self.beta, start));
        for row in 0..self.y.count() {
            let x = *self.x.strip::<LEN>(row, start);
            let mut y = [F::zero(); LEN];
            for lane in 0..LEN {
                y[lane] = gamma[lane] * ((x[lane] - mean[lane]) * inv_std[lane]) + beta[lane];
            }
            *self.y.strip(row, start) = y;
        }
    }
}

/// `y = (x - origin) - shift + beta`, per column.
///
/// # Shapes
///
/// `x`, `y`: `(n, width)`; `origin`, `shift`, `beta`: `width`.
pub(crate) fn translate<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    origin: &[f64],
    shift: &[f64],
    beta: &[F],
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of a translation");
    let (cost, x) = (x.len(), MatrixView::new(x));
    par_tiles(pool, cost, [y.view_mut()], |rows, columns, [mut y]| {
        let x = x.rows_from(rows.start).columns_from(columns.start);
        let [origin, shift] = [origin, shift].map(|all| &all[columns.clone()]);
        let beta = &beta[columns.clone()];
        with_simd(
            #[inline(always)]
            || {
                for row in 0..y.count() {
                    let terms = origin.iter().zip(shift).zip(beta);
                    let x = x.row(row, columns.len());
                    for ((y, &x), ((origin, shift), &beta)) in y.row(row).iter_mut().zip(x).zip(terms) {
                        *y = F::from_f64((x.to_f64() - origin) - shift) + beta;
                    }
                }
            },
        );
    });
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::batch_norm::state::BatchNormForm;
    use crate::batch_norm::testing::{SHAPES, columns, pool, x};

    #[test]
    fn inference_and_translation_are_exact_for_any_number_of_threads() {
        for shape @ (_, width) in SHAPES {
            let (x, of_columns) = (x(shape), columns(width));
            let doubles: Vec<f64> = of_columns.iter().map(|&number| f64::from(number)).collect();
            for threads in 1..=4 {
                let (mut by, mut moved) = (Array2::zeros(shape), Array2::zeros(shape));
                let [mean, var, gamma, beta] = [&of_columns[..]; 4];
                let (stats, params) = (
                    RunningStats { mean, var },
                    BatchNormParams { eps: 0.5, gamma, beta, form: BatchNormForm::Standard },
                );
                batch_norm_infer(&pool(threads), &x.view(), stats, params, &mut by.view_mut());
                translate(&pool(threads), &x.view(), &doubles, &doubles, beta, &mut moved.view_mut());
                for ((place, &x), (&by, &moved)) in x.indexed_iter().zip(by.iter().zip(&moved)) {
                    let of_column = of_columns[place.1];
                    let inv_std = (1.0 / (doubles[place.1] + 0.5).sqrt()) as f32;
                    assert_eq!(
                        by,
                        of_column * ((x - of_column) * inv_std) + of_column,
                        "{shape:?} {place:?}"
                    );
                    let centred = (f64::from(x) - doubles[place.1]) - doubles[place.1];
                    assert_eq!(moved, centred as f32 + of_column, "{shape:?} {place:?}");
                }
            }
        }
    }
}
