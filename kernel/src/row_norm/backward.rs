//! The backward pass of a norm of each row.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::batch_norm::column_sums::{PARTS, partial_sums};
use crate::blocks::RowBlocks;
use crate::matrix_view::{MatrixView, MatrixViewMut};
use crate::parallel::partition::{EqualParts, MIN_PARALLEL_WORK, Splittable, par_chunks};
use crate::parallel::thread_pool::ThreadPool;
use crate::real::Real;
use crate::row_norm::forward::{RowNormParams, RowNormState};
use crate::row_norm::moments::RowMoments;
use crate::simd::with_simd;

/// The gradients of gamma and beta.
#[derive(Clone, Debug, Default)]
pub struct RowNormGrads {
    /// Sum of `dy`, `width`.
    pub dbeta: Vec<f64>,
    /// Sum of `dy * x_hat`, `width`.
    pub dgamma: Vec<f64>,
    /// Scratch for sums over some of the rows.
    partial: Vec<f64>,
}

impl RowNormGrads {
    /// The gradients of a layer with `width` columns, before its first batch.
    pub fn new(width: usize) -> Self {
        Self { dbeta: vec![0.0; width], dgamma: vec![0.0; width], partial: partial_sums(width) }
    }

    /// Keeps the sums for beta, and those for gamma after them.
    pub fn set(&mut self, sums: &[f64]) {
        let (dbeta, dgamma) = sums.split_at(self.dbeta.len());
        self.dbeta.copy_from_slice(dbeta);
        self.dgamma.copy_from_slice(dgamma);
    }
}

/// The gradients of a batch that was [normalized](crate::row_norm_forward) into `state`. With
/// `q = gamma * dy` and means over the columns of a group,
///
/// ```text
/// dx = inv_std * (q - mean(q) - x_hat * mean(q * x_hat))
/// ```
///
/// without the term `mean(q)` if groups are not centered. `dbeta` and `dgamma` are sums over the rows, in
/// double precision and in a fixed order: rows are added in up to [`PARTS`] parts, which depend on the shape
/// alone, and the parts in order.
///
/// # Shapes
///
/// `dy`, `x`, `dx`: `(n, width)`.
pub(crate) fn row_norm_backward<F: Real>(
    pool: &ThreadPool,
    dy: &ArrayView2<'_, F>,
    x: &ArrayView2<'_, F>,
    params: RowNormParams<'_, F>,
    state: &RowNormState<F>,
    grads: &mut RowNormGrads,
    dx: Option<ArrayViewMut2<'_, F>>,
) {
    assert_eq!(dy.dim(), x.dim(), "shapes of a row norm");
    assert!(dx.as_ref().is_none_or(|dx| dx.dim() == dy.dim()), "shapes of a row norm");
    let ((rows, width), cost) = (dy.dim(), dy.len());
    let size = if cost < MIN_PARALLEL_WORK { rows } else { rows.div_ceil(PARTS) }.max(1);
    let RowNormGrads { dbeta, dgamma, partial } = grads;
    let partial = &mut partial[..2 * width * rows.div_ceil(size)];
    in_parts(pool, dy, x, params, state, (RowParts::Of { size, rows }, partial), dx);
    for (place, sums) in [dbeta, dgamma].into_iter().zip([0, width]) {
        place.fill(0.0);
        for part in partial.chunks_exact(2 * width) {
            place.iter_mut().zip(&part[sums..]).for_each(|(total, part)| *total += part);
        }
    }
}

/// [`row_norm_backward`] with the sums of each block of the rows, those for beta, then those for gamma: `2 width` numbers
/// for a block.
pub(crate) fn row_norm_backward_blocks<F: Real>(
    pool: &ThreadPool,
    dy: &ArrayView2<'_, F>,
    x: &ArrayView2<'_, F>,
    params: RowNormParams<'_, F>,
    state: &RowNormState<F>,
    (blocks, sums): (RowBlocks, &mut [f64]),
    dx: Option<ArrayViewMut2<'_, F>>,
) {
    assert_eq!(blocks.rows().len(), x.nrows(), "rows of the blocks");
    in_parts(pool, dy, x, params, state, (RowParts::Blocks(blocks), sums), dx);
}

/// The parts of the rows in which sums are taken.
#[derive(Clone, Copy)]
enum RowParts {
    /// Parts of this size; the last one may have fewer.
    Of {
        size: usize,
        rows: usize,
    },
    Blocks(RowBlocks),
}

impl RowParts {
    /// The rows of a part.
    fn rows(self, part: usize) -> Range<usize> {
        match self {
            Self::Of { size, rows } => rows.min(part * size)..rows.min((part + 1) * size),
            Self::Blocks(blocks) => blocks.nth(part),
        }
    }
}

/// `dx`, and both sums over the rows of each part.
fn in_parts<F: Real>(
    pool: &ThreadPool,
    dy: &ArrayView2<'_, F>,
    x: &ArrayView2<'_, F>,
    params: RowNormParams<'_, F>,
    state: &RowNormState<F>,
    (row_parts, sums): (RowParts, &mut [f64]),
    dx: Option<ArrayViewMut2<'_, F>>,
) {
    let (width, cost) = (dy.ncols(), dy.len());
    let parts = sums.len() / (2 * width).max(1);
    let outputs =
        Parts { sums: EqualParts::new(sums, 2 * width), dx: dx.map(MatrixViewMut::new), row_parts, first: 0 };
    let (dy, x) = (MatrixView::new(dy), MatrixView::new(x));
    par_chunks(pool, parts, cost, outputs, |parts, Parts { sums, mut dx, .. }| {
        let first = row_parts.rows(parts.start).start;
        for (part, sums) in parts.zip(sums.into_parts()) {
            with_simd(
                #[inline(always)]
                || {
                    sums.fill(0.0);
                    for row in row_parts.rows(part) {
                        let (x, dy) = (x.row(row, width), dy.row(row, width));
                        let moments = &state.moments[row * params.groups..][..params.groups];
                        let dx = dx.as_mut().map(|dx| dx.row(row - first));
                        differentiate(x, dy, params, moments, sums.split_at_mut(width), dx);
                    }
                },
            );
        }
    });
}

/// One row of [`row_norm_backward`]; adds to the sums for beta and gamma.
#[inline(always)]
fn differentiate<F: Real>(
    x: &[F],
    dy: &[F],
    RowNormParams { groups, centered, gamma, .. }: RowNormParams<'_, F>,
    moments: &[RowMoments<F>],
    (dbeta, dgamma): (&mut [f64], &mut [f64]),
    mut dx: Option<&mut [F]>,
) {
    let size = x.len() / groups;
    for (group, &moments) in moments.iter().enumerate() {
        let columns = group * size..(group + 1) * size;
        let [x, dy, gamma] = [x, dy, gamma].map(|all| &all[columns.clone()]);
        let sums = [&mut dbeta[columns.clone()], &mut dgamma[columns.clone()]];
        let [mean, slope] = moments.add_products(x, dy, gamma, sums);
        let Some(dx) = &mut dx else { continue };
        let mean = if centered { mean } else { F::zero() };
        for (((dx, &x), &dy), &gamma) in dx[columns].iter_mut().zip(x).zip(dy).zip(gamma) {
            *dx = moments.inv_std * (gamma * dy - mean - moments.x_hat(x) * slope);
        }
    }
}

/// Parts of the rows: the sums of each, and their `dx`.
struct Parts<'a, F> {
    sums: EqualParts<'a, f64>,
    dx: Option<MatrixViewMut<'a, F>>,
    row_parts: RowParts,
    /// The number of the first part.
    first: usize,
}

impl<'a, F: Send> Splittable for Parts<'a, F> {
    fn granularity(&self) -> usize {
        1
    }

    fn split_at(self, part: usize) -> (Self, Self) {
        let Self { sums, dx, row_parts, first } = self;
        let (left, right) = sums.split_at(part);
        let row = row_parts.rows(first + part).start - row_parts.rows(first).start;
        let (above, below) = dx.map(|dx: MatrixViewMut<'a, F>| dx.split_rows_at(row)).unzip();
        (
            Self { sums: left, dx: above, row_parts, first },
            Self { sums: right, dx: below, row_parts, first: first + part },
        )
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::Array2;

    use super::*;
    use crate::row_norm::forward::row_norm_forward;

    #[test]
    fn gradients_are_those_of_the_formula_for_any_number_of_threads() {
        for (shape @ (rows, width), groups, centered) in
            [((201, 66), 1, true), ((67, 210), 3, true), ((67, 210), 1, false), ((3, 4), 2, true)]
        {
            let size = width / groups;
            let number = |(row, column), salt| ((row * 37 + column * 11 + salt) % 101) as f32 / 50.0 - 1.0;
            let dy = Array2::from_shape_fn(shape, |place| number(place, 0));
            let x = Array2::from_shape_fn(shape, |place| number(place, 53));
            let gamma: Vec<f32> = (1..=width).map(|column| column as f32 / 64.0).collect();
            let beta = vec![0.0; width];
            let params = RowNormParams { eps: 1e-3, groups, centered, gamma: &gamma, beta: &beta };
            let run = |threads| {
                let pool = ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"));
                let (mut state, mut y) = (RowNormState::new(rows, groups), Array2::zeros(shape));
                row_norm_forward(&pool, &x.view(), params, false, Some(&mut state), &mut y.view_mut());
                let (mut grads, mut dx) = (RowNormGrads::new(width), Array2::from_elem(shape, f32::NAN));
                let dx_view = Some(dx.view_mut());
                row_norm_backward(&pool, &dy.view(), &x.view(), params, &state, &mut grads, dx_view);
                (dx, grads.dgamma, grads.dbeta)
            };
            let (dx, dgamma, dbeta) = run(1);
            for threads in 2..=4 {
                assert_eq!(run(threads), (dx.clone(), dgamma.clone(), dbeta.clone()), "{shape:?}");
            }
            let (mut sums, mut products) = (vec![0.0; width], vec![0.0; width]);
            for row in 0..rows {
                for group in 0..groups {
                    let columns = group * size..(group + 1) * size;
                    let mean_of =
                        |f: &dyn Fn(usize) -> f64| columns.clone().map(f).sum::<f64>() / size as f64;
                    let x_of = |column: usize| f64::from(x[[row, column]]);
                    let q = |column: usize| f64::from(gamma[column]) * f64::from(dy[[row, column]]);
                    let mean = if centered { mean_of(&x_of) } else { 0.0 };
                    let inv_std = 1.0 / (mean_of(&|column| (x_of(column) - mean).powi(2)) + 1e-3).sqrt();
                    let x_hat = |column| (x_of(column) - mean) * inv_std;
                    let mean_q = if centered { mean_of(&q) } else { 0.0 };
                    let slope = mean_of(&|column| q(column) * x_hat(column));
                    for column in columns.clone() {
                        let expected = inv_std * (q(column) - mean_q - x_hat(column) * slope);
                        // A few roundings of numbers below 10.
                        assert!((f64::from(dx[[row, column]]) - expected).abs() < 4e-6, "{shape:?}");
                        sums[column] += f64::from(dy[[row, column]]);
                        products[column] += f64::from(dy[[row, column]]) * x_hat(column);
                    }
                }
            }
            // Terms that are exact, and terms of at most 2 with an x_hat that is rounded a few times.
            let n = rows as f64;
            for column in 0..width {
                assert!((dbeta[column] - sums[column]).abs() <= n * f64::EPSILON, "{shape:?}");
                assert!((dgamma[column] - products[column]).abs() <= n * 4e-7, "{shape:?}");
            }
        }
    }
}
