//! The backward pass of batch norm, in its fused form.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::batch_norm::column_sums::{Add, ColumnSums, partial_sums, sum_blocks, sum_columns};
use crate::batch_norm::forward::ROWS;
use crate::batch_norm::ghosts::Ghosts;
use crate::batch_norm::projection::Projection;
use crate::batch_norm::state::BatchNormState;
use crate::blocks::RowBlocks;
use crate::matrix_view::{MatrixView, MatrixViewMut};
use crate::parallel::partition::{par_chunks, par_tiles};
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
/// In the other [forms](crate::BatchNormForm), with `s` for that `dgamma`, `dgamma = r * s + d * dbeta`.
/// Batch renorm has `r` as another factor of `dx`, and `s` in it; variance only, whose `d` depends on `x`,
/// has its `dgamma` in it and no `dbeta`, which the mean square has not either.
///
/// Several `states` are ghost batches, each with gradients.
///
/// # Shapes
///
/// `dy`, `x`, `dx`: `(n, width)` with `n >= 1`; as many `grads` as states.
pub(crate) fn batch_norm_backward<F: Real>(
    pool: &ThreadPool,
    dy: &ArrayView2<'_, F>,
    x: &ArrayView2<'_, F>,
    states: &[BatchNormState<F>],
    grads: &mut [BatchNormGrads<F>],
    dx: Option<ArrayViewMut2<'_, F>>,
) {
    assert_eq!(dy.dim(), x.dim(), "shapes of batch norm");
    assert_eq!(states.len(), grads.len(), "ghost batches of batch norm");
    assert!(dx.as_ref().is_none_or(|dx| dx.dim() == dy.dim()), "shapes of batch norm");
    let ([state], [grads]) = (states, &mut *grads) else {
        return backward_ghosts(pool, dy, x, states, grads, dx);
    };
    let shape = dy.dim();
    let products = Products { dy: MatrixView::new(dy), x: MatrixView::new(x), mean: &state.mean };
    sum_columns(pool, shape, products, &mut grads.partial, [&mut grads.dbeta[..], &mut grads.dgamma[..]]);
    batch_norm_project(pool, dy, x, state, shape.0, grads, dx);
}

/// The sums of [`batch_norm_backward`] in each block: `dy`, then `dy` times the differences of `x` from its rounded mean,
/// in place of the gradient of gamma; `2 width` numbers for a block.
pub(crate) fn block_products<F: Real>(
    pool: &ThreadPool,
    dy: &ArrayView2<'_, F>,
    x: &ArrayView2<'_, F>,
    state: &BatchNormState<F>,
    blocks: RowBlocks,
    sums: &mut [f64],
) {
    let (width, mean) = (x.ncols(), &state.mean[..]);
    let (dy, x) = (MatrixView::new(dy), MatrixView::new(x));
    let of_block = |first| Products { dy: dy.rows_from(first), x: x.rows_from(first), mean };
    sum_blocks(pool, width, blocks, of_block, 2, sums);
}

/// From the sums over all `n` rows of a batch, of which `dy` and `x` may be a part, to the gradients.
///
/// Shapes are those of [`batch_norm_backward`].
pub(crate) fn batch_norm_project<F: Real>(
    pool: &ThreadPool,
    dy: &ArrayView2<'_, F>,
    x: &ArrayView2<'_, F>,
    state: &BatchNormState<F>,
    n: usize,
    grads: &mut BatchNormGrads<F>,
    dx: Option<ArrayViewMut2<'_, F>>,
) {
    with_simd(
        #[inline(always)]
        || grads.update(n as f64, state),
    );
    let Some(dx) = dx else { return };
    let cost = dy.len();
    let (dy, x) = (MatrixView::new(dy), MatrixView::new(x));
    let grads = &*grads;
    par_tiles(pool, cost, [dx], |rows, columns, [dx]| {
        let [dy, x] = [dy, x].map(|all| all.rows_from(rows.start).columns_from(columns.start));
        let projection = Projection::new(x, state, grads, columns);
        let mut project = Project { rows: 0..0, dy, projection, dx };
        with_simd(
            #[inline(always)]
            || project.all_rows(),
        );
    });
}

/// [`batch_norm_backward`] of several ghost batches; a thread does all of a ghost batch.
fn backward_ghosts<F: Real>(
    pool: &ThreadPool,
    dy: &ArrayView2<'_, F>,
    x: &ArrayView2<'_, F>,
    states: &[BatchNormState<F>],
    grads: &mut [BatchNormGrads<F>],
    dx: Option<ArrayViewMut2<'_, F>>,
) {
    let ((rows, width), ghosts, cost) = (dy.dim(), states.len(), dy.len());
    let (dy, x) = (MatrixView::new(dy), MatrixView::new(x));
    let outputs = Ghosts::new(rows, ghosts, grads, dx);
    par_chunks(pool, ghosts, cost, outputs, |numbers, outputs| {
        let mut states = states[numbers.clone()].iter();
        outputs.each(numbers, |rows, grads, dx| {
            let state = states.next().expect("a state for each ghost batch");
            let [dy, x] = [dy, x].map(|all| all.rows_from(rows.start));
            with_simd(
                #[inline(always)]
                || {
                    let summed = Products { dy, x, mean: &state.mean };
                    let sums = [&mut grads.dbeta[..], &mut grads.dgamma[..]];
                    for_each_strip(width, &mut Add { summed, rows: 0..rows.len(), before: 0, sums });
                    grads.update(rows.len() as f64, state);
                    if let Some(dx) = dx {
                        let projection = Projection::new(x, state, grads, 0..width);
                        Project { rows: 0..0, dy, projection, dx }.all_rows();
                    }
                },
            );
        });
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
    pub(crate) constant: Vec<F>,
    /// How much more is subtracted per unit by which `x` exceeds it, `width`.
    pub(crate) slope: Vec<F>,
    /// Scratch for sums over some of the rows.
    pub(crate) partial: Vec<f64>,
}

impl<F: Real> BatchNormGrads<F> {
    /// The gradients of a layer with `width` columns, before its first batch.
    pub fn new(width: usize) -> Self {
        let [dbeta, dgamma] = std::array::from_fn(|_| vec![0.0; width]);
        let [constant, slope] = std::array::from_fn(|_| vec![F::zero(); width]);
        Self { dbeta, dgamma, constant, slope, partial: partial_sums(width) }
    }

    /// Keeps the sums over all rows.
    pub fn set(&mut self, sums: &[f64]) {
        let (dbeta, dgamma) = sums.split_at(self.dbeta.len());
        self.dbeta.copy_from_slice(dbeta);
        self.dgamma.copy_from_slice(dgamma);
    }

    /// Computes everything else from the sums over `n` rows, where `dgamma` is still the sum of `dy` times
    /// the differences of `x` from its rounded mean.
    #[inline(always)]
    pub(crate) fn update(&mut self, n: f64, state: &BatchNormState<F>) {
        let Self { dbeta, dgamma, constant, slope, .. } = self;
        let BatchNormState { inv_std, mean_residual, ratio, offset, is_centered, .. } = state;
        let known = inv_std.iter().zip(mean_residual).zip(ratio.iter().zip(offset));
        let sums = dbeta.iter().zip(dgamma).zip(known);
        for ((constant, slope), ((dbeta, dgamma), ((inv_std, residual), (ratio, offset)))) in
            constant.iter_mut().zip(slope).zip(sums)
        {
            let product = (*dgamma - residual * *dbeta) * inv_std;
            *dgamma = ratio * product + offset * *dbeta;
            let (mean, projected) = if *is_centered { (*dbeta / n, product) } else { (0.0, *dgamma) };
            let slope_of_column = projected / n * inv_std;
            *constant = F::from_f64(mean - residual * slope_of_column);
            *slope = F::from_f64(slope_of_column);
        }
    }
}

/// Sums `dy`, and its products with the differences of `x` from its rounded mean.
#[derive(Clone, Copy)]
pub(crate) struct Products<'a, F> {
    pub(crate) dy: MatrixView<'a, F>,
    pub(crate) x: MatrixView<'a, F>,
    pub(crate) mean: &'a [F],
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
    projection: Projection<'a, F>,
    dx: MatrixViewMut<'a, F>,
}

impl<F: Real> Project<'_, F> {
    /// All rows of `dx`.
    #[inline(always)]
    fn all_rows(&mut self) {
        let (rows, width) = (self.dx.count(), self.dx.width());
        for first in (0..rows).step_by(ROWS) {
            self.rows = first..rows.min(first + ROWS);
            for_each_strip(width, self);
        }
    }
}

impl<F: Real> ColumnKernel for Project<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let strip = self.projection.strip::<LEN>(start);
        let (from, inputs, mut to) = (self.dy, self.projection.x, self.dx.reborrow());
        for row in self.rows.clone() {
            *to.strip(row, start) =
                strip.apply(from.strip::<LEN>(row, start), inputs.strip::<LEN>(row, start));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::{Array2, s};

    use super::*;
    use crate::batch_norm::forward::batch_norm_forward;
    use crate::batch_norm::state::{BatchNormForm, BatchNormParams};
    use crate::parallel::partition::even_part;

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
                let (mut states, mut y) = ([BatchNormState::new(width)], Array2::zeros(shape));
                let params =
                    BatchNormParams { eps: 1e-3, gamma: &gamma, beta: &beta, form: BatchNormForm::Standard };
                batch_norm_forward(&pool, &x.view(), params, false, &mut states, &mut y.view_mut());
                let (mut grads, mut dx) = ([BatchNormGrads::new(width)], Array2::from_elem(shape, f32::NAN));
                let dx_view = Some(dx.view_mut());
                batch_norm_backward(&pool, &dy.view(), &x.view(), &states, &mut grads, dx_view);
                let ([state], [grads]) = (&states, &grads);
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

    /// The same numbers as of separate batches, for any number of threads.
    #[test]
    fn ghost_batches_are_batches_by_themselves() {
        let (shape @ (rows, width), ghosts) = ((130, 67), 4);
        let number = |(row, column), salt| ((row * 37 + column * 11 + salt) % 101) as f32 / 50.0 - 1.0;
        let (dy, x) =
            (Array2::from_shape_fn(shape, |p| number(p, 0)), Array2::from_shape_fn(shape, |p| number(p, 53)));
        let (gamma, beta): (Vec<f32>, _) =
            ((1..=width).map(|column| column as f32 / 64.0).collect(), vec![0.5; width]);
        let params = BatchNormParams { eps: 1e-3, gamma: &gamma, beta: &beta, form: BatchNormForm::Standard };
        let run = |threads, rows: std::ops::Range<usize>, ghosts| {
            let pool = ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"));
            let (x, dy) = (x.slice(s![rows.clone(), ..]), dy.slice(s![rows, ..]));
            let (mut states, mut y) = (vec![BatchNormState::new(width); ghosts], Array2::zeros(x.dim()));
            batch_norm_forward(&pool, &x, params, true, &mut states, &mut y.view_mut());
            let (mut grads, mut dx) = (vec![BatchNormGrads::new(width); ghosts], Array2::zeros(x.dim()));
            batch_norm_backward(&pool, &dy, &x, &states, &mut grads, Some(dx.view_mut()));
            let sums: Vec<_> = grads.into_iter().map(|grads| (grads.dbeta, grads.dgamma)).collect();
            (y, dx, sums)
        };
        let (y, dx, sums) = run(1, 0..rows, ghosts);
        for (ghost, expected) in sums.iter().enumerate() {
            let part = even_part(rows, ghosts, ghost);
            let alone = run(1, part.clone(), 1);
            assert_eq!(
                (alone.0.view(), alone.1.view()),
                (y.slice(s![part.clone(), ..]), dx.slice(s![part, ..]))
            );
            assert_eq!(alone.2[0], *expected);
        }
        for threads in 2..=5 {
            assert!(run(threads, 0..rows, ghosts) == (y.clone(), dx.clone(), sums.clone()));
        }
    }
}
