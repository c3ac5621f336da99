//! Sums and moments of each column over the rows of a batch.
//!
//! Columns are taken in blocks that fit the vector registers; within a block the rows are added in
//! order. A column's result therefore depends on that column alone.

use ndarray::{ArrayView2, ArrayViewMut1, ArrayViewMut2};

use super::wide;
use crate::real::Real;

/// Columns summed at once: four vectors of doubles on AVX-512.
const BLOCK: usize = 32;

/// Calls `body` with the first column and the width of each block.
#[inline(always)]
fn blocks(width: usize, mut body: impl FnMut(usize, usize)) {
    let mut start = 0;
    while start < width {
        let len = BLOCK.min(width - start);
        body(start, len);
        start += len;
    }
}

/// Adds `term(row, column)` over all rows, for `len` columns from `start`.
///
/// A whole block has a constant trip count, so the sums stay in registers.
#[inline(always)]
fn sum_block(rows: usize, len: usize, term: impl Fn(usize, usize) -> f64) -> [f64; BLOCK] {
    let mut sums = [0.0; BLOCK];
    if len == BLOCK {
        for row in 0..rows {
            for (offset, sum) in sums.iter_mut().enumerate() {
                *sum += term(row, offset);
            }
        }
    } else {
        for row in 0..rows {
            for (offset, sum) in sums[..len].iter_mut().enumerate() {
                *sum += term(row, offset);
            }
        }
    }
    sums
}

/// Each column's sum over the rows.
///
/// # Shapes
///
/// `x`: `(n, width)`; `sums`: `width`.
pub fn sum_rows<F: Real>(x: &ArrayView2<'_, F>, mut sums: ArrayViewMut1<'_, F>) {
    let (rows, width) = x.dim();
    let x = x.as_slice().expect("activations are in row-major layout");
    wide(
        #[inline(always)]
        || {
            blocks(width, |start, len| {
                let block = sum_block(rows, len, |row, offset| x[row * width + start + offset].to_f64());
                for (offset, &sum) in block[..len].iter().enumerate() {
                    sums[start + offset] = F::from_f64(sum);
                }
            });
        },
    );
}

/// Each column's sum of `x` and of `x * y` over the rows.
///
/// # Shapes
///
/// `x`, `y`: `(n, width)`; `sums`, `products`: `width`.
pub fn sum_rows_and_products<F: Real>(
    x: &ArrayView2<'_, F>,
    y: &ArrayView2<'_, F>,
    sums: &mut [f64],
    products: &mut [f64],
) {
    assert_eq!(x.dim(), y.dim(), "shapes of a product");
    let (rows, width) = x.dim();
    let x = x.as_slice().expect("activations are in row-major layout");
    let y = y.as_slice().expect("activations are in row-major layout");
    wide(
        #[inline(always)]
        || {
            blocks(width, |start, len| {
                let block = sum_block(rows, len, |row, offset| x[row * width + start + offset].to_f64());
                sums[start..start + len].copy_from_slice(&block[..len]);
                let block = sum_block(rows, len, |row, offset| {
                    let place = row * width + start + offset;
                    x[place].to_f64() * y[place].to_f64()
                });
                products[start..start + len].copy_from_slice(&block[..len]);
            });
        },
    );
}

/// Mean and biased variance of each column of a batch, in double precision.
///
/// All arithmetic is on the differences to the first row: a constant column has exactly that
/// constant as its mean and a variance of exactly 0, and an offset however large costs no digit.
#[derive(Clone, Debug, Default)]
pub struct BatchMoments {
    /// The first row of the batch, `width`.
    pub origin: Vec<f64>,
    /// The mean less the origin, `width`.
    pub shift: Vec<f64>,
    /// Sum of the squared deviations from the mean over `n`, `width`; never negative.
    pub var: Vec<f64>,
}

impl BatchMoments {
    /// Room for `width` columns.
    pub fn new(width: usize) -> Self {
        Self { origin: vec![0.0; width], shift: vec![0.0; width], var: vec![0.0; width] }
    }

    /// The mean of `column`.
    pub fn mean(&self, column: usize) -> f64 {
        self.origin[column] + self.shift[column]
    }

    /// `x` less the mean of `column`.
    #[inline(always)]
    pub fn centred(&self, column: usize, x: f64) -> f64 {
        (x - self.origin[column]) - self.shift[column]
    }
}

/// The moments of each column of `x`, in two passes: the mean, then the squared deviations from it.
///
/// # Shapes
///
/// `x`: `(n, width)` with `n >= 1`; `moments`: `width`.
pub fn batch_moments<F: Real>(x: &ArrayView2<'_, F>, moments: &mut BatchMoments) {
    let (rows, width) = x.dim();
    let n = rows as f64;
    let x = x.as_slice().expect("activations are in row-major layout");
    let BatchMoments { origin, shift, var } = moments;
    wide(
        #[inline(always)]
        || {
            blocks(width, |start, len| {
                let end = start + len;
                for (origin, &x) in origin[start..end].iter_mut().zip(&x[start..end]) {
                    *origin = x.to_f64();
                }
                let block = sum_block(rows, len, |row, offset| {
                    x[row * width + start + offset].to_f64() - origin[start + offset]
                });
                for (shift, &sum) in shift[start..end].iter_mut().zip(&block) {
                    *shift = sum / n;
                }
                let block = sum_block(rows, len, |row, offset| {
                    let centred = (x[row * width + start + offset].to_f64() - origin[start + offset])
                        - shift[start + offset];
                    centred * centred
                });
                for (var, &sum) in var[start..end].iter_mut().zip(&block) {
                    *var = sum / n;
                }
            });
        },
    );
}

/// `x_hat = (x - mean) * inv_std`, per column.
///
/// # Shapes
///
/// `x`, `x_hat`: `(n, width)`; `moments`, `inv_std`: `width`.
pub fn normalise<F: Real>(
    x: &ArrayView2<'_, F>,
    moments: &BatchMoments,
    inv_std: &[f64],
    x_hat: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), x_hat.dim(), "shapes of a normalisation");
    let width = x.ncols();
    let x = x.as_slice().expect("activations are in row-major layout");
    let x_hat = x_hat.as_slice_mut().expect("activations are in row-major layout");
    let (origin, shift, inv_std) = (&moments.origin[..width], &moments.shift[..width], &inv_std[..width]);
    wide(
        #[inline(always)]
        || {
            for (x, x_hat) in x.chunks_exact(width).zip(x_hat.chunks_exact_mut(width)) {
                for column in 0..width {
                    let centred = (x[column].to_f64() - origin[column]) - shift[column];
                    x_hat[column] = F::from_f64(centred * inv_std[column]);
                }
            }
        },
    );
}

/// `y = gamma * x + beta`, per column.
///
/// # Shapes
///
/// `x`, `y`: `(n, width)`; `gamma`, `beta`: `width`.
pub fn scale_and_shift<F: Real>(
    x: &ArrayView2<'_, F>,
    gamma: &[F],
    beta: &[F],
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of a scaling");
    let width = x.ncols();
    let x = x.as_slice().expect("activations are in row-major layout");
    let y = y.as_slice_mut().expect("activations are in row-major layout");
    let (gamma, beta) = (&gamma[..width], &beta[..width]);
    wide(
        #[inline(always)]
        || {
            for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)) {
                for column in 0..width {
                    y[column] = gamma[column] * x[column] + beta[column];
                }
            }
        },
    );
}

/// `dx = factor * (dy - mean - x_hat * slope)`, per column: takes out of `dy` its mean and its
/// projection on `x_hat`.
///
/// # Shapes
///
/// `dy`, `x_hat`, `dx`: `(n, width)`; `factor`, `mean`, `slope`: `width`.
pub fn centre_and_project<F: Real>(
    dy: &ArrayView2<'_, F>,
    x_hat: &ArrayView2<'_, F>,
    factor: &[F],
    mean: &[F],
    slope: &[F],
    dx: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!((dy.dim(), x_hat.dim()), (dx.dim(), dx.dim()), "shapes of a projection");
    let width = dy.ncols();
    let dy = dy.as_slice().expect("activations are in row-major layout");
    let x_hat = x_hat.as_slice().expect("activations are in row-major layout");
    let dx = dx.as_slice_mut().expect("activations are in row-major layout");
    let (factor, mean, slope) = (&factor[..width], &mean[..width], &slope[..width]);
    wide(
        #[inline(always)]
        || {
            let rows = dy.chunks_exact(width).zip(x_hat.chunks_exact(width)).zip(dx.chunks_exact_mut(width));
            for ((dy, x_hat), dx) in rows {
                for column in 0..width {
                    dx[column] = factor[column] * (dy[column] - mean[column] - x_hat[column] * slope[column]);
                }
            }
        },
    );
}
