//! The forward pass of a norm of each row, the same in training and evaluation.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::matrix_view::MatrixView;
use crate::parallel::partition::{EqualParts, par_chunks};
use crate::parallel::thread_pool::ThreadPool;
use crate::real::Real;
use crate::row_norm::moments::RowMoments;
use crate::simd::with_simd;

/// The parameters of a norm of each row.
#[derive(Clone, Copy, Debug)]
pub struct RowNormParams<'a, F> {
    /// Added to the variance.
    pub eps: f64,
    /// How many groups of neighboring columns are normalized separately; a divisor of the width.
    pub groups: usize,
    /// Whether the mean is subtracted; otherwise the mean square takes the place of the variance.
    pub centered: bool,
    /// The scale of each column, `width`.
    pub gamma: &'a [F],
    /// The shift of each column, `width`.
    pub beta: &'a [F],
}

/// What the forward pass computes for each row and group, which the backward pass uses again.
#[derive(Clone, Debug, Default)]
pub struct RowNormState<F> {
    pub(crate) moments: Vec<RowMoments<F>>,
}

impl<F: Real> RowNormState<F> {
    /// The state for batches of up to `max_rows` rows.
    pub fn new(max_rows: usize, groups: usize) -> Self {
        Self { moments: vec![RowMoments::default(); max_rows * groups] }
    }
}

/// Normalizes each group of each row by its own moments. With `inv_std = 1 / sqrt(var + eps)`,
///
/// ```text
/// y = gamma * (x - mean) * inv_std + beta
/// ```
///
/// or, with `relu`, the maximum of that and 0. Without centering `mean` is 0 and `var` the mean square.
///
/// Moments are in double precision, the arithmetic on each `x` is that of `F`, as in
/// [`batch_norm_forward`](crate::batch_norm_forward).
///
/// # Shapes
///
/// `x`, `y`: `(n, width)`; `gamma`, `beta`: `width`; `state`, for a backward pass: at least `n` rows.
pub(crate) fn row_norm_forward<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    params: RowNormParams<'_, F>,
    relu: bool,
    state: Option<&mut RowNormState<F>>,
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of a row norm");
    let (rows, width) = x.dim();
    let groups = params.groups;
    assert_eq!(width % groups, 0, "groups of a row norm");
    let (cost, x) = (x.len(), MatrixView::new(x));
    let min = if relu { F::zero() } else { F::neg_infinity() };
    let y = EqualParts::new(y.as_slice_mut().expect("activations are in row-major layout"), width);
    let moments = state.map(|state| EqualParts::new(&mut state.moments[..rows * groups], groups));
    par_chunks(pool, rows, cost, (y, moments), |rows, (y, moments)| {
        let mut moments = moments.into_iter().flat_map(EqualParts::into_parts);
        with_simd(
            #[inline(always)]
            || {
                for (row, y) in rows.zip(y.into_parts()) {
                    normalize(x.row(row, width), params, min, moments.next(), y);
                }
            },
        );
    });
}

/// One row of [`row_norm_forward`].
#[inline(always)]
fn normalize<F: Real>(
    x: &[F],
    RowNormParams { eps, groups, centered, gamma, beta }: RowNormParams<'_, F>,
    min: F,
    mut kept: Option<&mut [RowMoments<F>]>,
    y: &mut [F],
) {
    let size = x.len() / groups;
    let columns = x.chunks_exact(size).zip(gamma.chunks_exact(size)).zip(beta.chunks_exact(size));
    for (group, (((x, gamma), beta), y)) in columns.zip(y.chunks_exact_mut(size)).enumerate() {
        let moments = RowMoments::new(x, centered, eps);
        if let Some(kept) = &mut kept {
            kept[group] = moments;
        }
        for (((y, &x), &gamma), &beta) in y.iter_mut().zip(x).zip(gamma).zip(beta) {
            let value = moments.x_hat(x) * gamma + beta;
            // NaN stays.
            *y = if value < min { min } else { value };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::{Array2, s};

    use super::*;

    fn pool(threads: usize) -> ThreadPool {
        ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"))
    }

    /// A different number for each column.
    fn columns(count: usize) -> Vec<f32> {
        (1..=count).map(|column| column as f32 / 8.0 - 2.0).collect()
    }

    fn forward<F: Real>(
        pool: &ThreadPool,
        x: &Array2<F>,
        params: RowNormParams<'_, F>,
        relu: bool,
    ) -> Array2<F> {
        let mut y = Array2::zeros(x.dim());
        row_norm_forward(pool, &x.view(), params, relu, None, &mut y.view_mut());
        y
    }

    #[test]
    fn each_group_of_a_row_is_normalized_for_any_number_of_threads() {
        for (shape @ (rows, width), groups) in [((201, 66), 1), ((67, 210), 3), ((67, 210), 42)] {
            let (gamma, beta) = (columns(width), columns(width));
            let size = width / groups;
            // Far from 0, a mean has more digits than an f32.
            for (offset, centered) in [(0.0, true), (12345.0, true), (0.0, false)] {
                let number = |(row, column)| ((row * 37 + column * 11) % 101) as f32 / 10.0 + offset;
                let x = Array2::from_shape_fn(shape, number);
                let params = RowNormParams { eps: 0.5, groups, centered, gamma: &gamma, beta: &beta };
                let alone = forward(&pool(1), &x, params, false);
                for threads in 2..=4 {
                    assert_eq!(forward(&pool(threads), &x, params, false), alone, "{shape:?}");
                }
                let rectified = forward(&pool(3), &x, params, true);
                for (row, group) in (0..rows).flat_map(|row| (0..groups).map(move |group| (row, group))) {
                    let all = x.slice(s![row, group * size..(group + 1) * size]).mapv(f64::from);
                    let mean = if centered { all.mean().expect("columns") } else { 0.0 };
                    let var = all.mapv(|x| (x - mean).powi(2)).mean().expect("columns");
                    for (x, column) in all.iter().zip(group * size..) {
                        let (gamma, beta) = (f64::from(gamma[column]), f64::from(beta[column]));
                        let expected = gamma * ((x - mean) / (var + 0.5).sqrt()) + beta;
                        let found = alone[[row, column]];
                        // A few roundings of numbers below 60.
                        assert!((f64::from(found) - expected).abs() < 2e-5, "{found} {expected} {shape:?}");
                        assert_eq!(rectified[[row, column]], found.max(0.0), "{shape:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn bad_numbers_stay_in_their_group() {
        let mut x = Array2::from_shape_fn((2, 6), |(row, column)| (row * 7 + column * column) as f32);
        x[[0, 1]] = f32::NAN;
        x[[1, 4]] = f32::INFINITY;
        let (ones, zeros) = ([1.0; 6], [0.0; 6]);
        for (centered, relu) in [(true, false), (true, true), (false, true)] {
            let params = RowNormParams { eps: 1e-5, groups: 2, centered, gamma: &ones, beta: &zeros };
            let y = forward(&pool(1), &x, params, relu);
            assert!(y.slice(s![0, ..3]).iter().all(|y| y.is_nan()), "{y}");
            assert!(y[[1, 4]].is_nan(), "{y}");
            assert!(y.slice(s![0, 3..]).iter().chain(y.slice(s![1, ..3])).all(|y| y.is_finite()), "{y}");
        }
    }

    #[test]
    fn an_offset_costs_no_precision_in_f64() {
        let x = Array2::from_shape_fn((5, 9), |(row, column)| ((row * row + column * 3) % 7) as f64);
        let params =
            RowNormParams { eps: 1e-5, groups: 1, centered: true, gamma: &[1.0; 9], beta: &[0.0; 9] };
        // At this offset doubles are integers, and the mean is not one.
        let moved = forward(&pool(1), &(&x + 2_f64.powi(52)), params, false);
        // A few roundings of numbers below 3.
        let plain = forward(&pool(1), &x, params, false);
        assert!((plain - moved).iter().all(|difference| difference.abs() < 1e-14));
    }
}
