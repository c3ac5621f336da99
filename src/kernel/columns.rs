//! Sums and moments of each column over the rows of a batch.
//!
//! Columns are taken in strips that fit the vector registers; within a strip the rows are added in
//! order. A column's result therefore depends on that column alone.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use super::blocks::each_block;
use super::{Team, wide};
use crate::real::Real;

/// Columns summed at once: four vectors of doubles on AVX-512.
const STRIP: usize = 32;

/// An input matrix in row-major layout.
#[derive(Clone, Copy)]
struct Rows<'a, F> {
    data: &'a [F],
    count: usize,
    width: usize,
}

impl<'a, F: Real> Rows<'a, F> {
    fn new(array: &'a ArrayView2<'_, F>) -> Self {
        let (count, width) = array.dim();
        Self { data: array.as_slice().expect("activations are in row-major layout"), count, width }
    }

    /// `len` columns of a row.
    #[inline(always)]
    fn row(self, row: usize, start: usize, len: usize) -> &'a [F] {
        &self.data[row * self.width + start..][..len]
    }
}

/// Calls `body` for each strip of `columns`, with its first column and width. A whole strip's width
/// is a constant to the compiler, so that its sums can stay in registers.
#[inline(always)]
fn strips(columns: Range<usize>, mut body: impl FnMut(usize, usize)) {
    let mut start = columns.start;
    while start + STRIP <= columns.end {
        body(start, STRIP);
        start += STRIP;
    }
    if start < columns.end {
        body(start, columns.end - start);
    }
}

/// Each column's sum over the rows.
///
/// # Shapes
///
/// `x`: `(n, width)`; `sums`: `width`.
pub fn sum_rows<F: Real>(team: &Team, x: &ArrayView2<'_, F>, sums: &mut [F]) {
    let (width, cost) = (x.ncols(), x.len());
    let x = Rows::new(x);
    each_block(team, width, cost, sums, |columns, sums| {
        wide(
            #[inline(always)]
            || {
                strips(
                    columns.clone(),
                    #[inline(always)]
                    |start, len| {
                        let mut strip = [0.0; STRIP];
                        for row in 0..x.count {
                            for (sum, &x) in strip.iter_mut().zip(x.row(row, start, len)) {
                                *sum += x.to_f64();
                            }
                        }
                        for (sum, &total) in sums[start - columns.start..][..len].iter_mut().zip(&strip) {
                            *sum = F::from_f64(total);
                        }
                    },
                );
            },
        );
    });
}

/// Each column's sum of `x` and of `x * y` over the rows.
///
/// # Shapes
///
/// `x`, `y`: `(n, width)`; `sums`, `products`: `width`.
pub fn sum_rows_and_products<F: Real>(
    team: &Team,
    x: &ArrayView2<'_, F>,
    y: &ArrayView2<'_, F>,
    sums: &mut [f64],
    products: &mut [f64],
) {
    assert_eq!(x.dim(), y.dim(), "shapes of a product");
    let (width, cost) = (x.ncols(), 2 * x.len());
    let (x, y) = (Rows::new(x), Rows::new(y));
    each_block(team, width, cost, (sums, products), |columns, (sums, products)| {
        wide(
            #[inline(always)]
            || {
                strips(
                    columns.clone(),
                    #[inline(always)]
                    |start, len| {
                        let mut strip = [[0.0; STRIP]; 2];
                        for row in 0..x.count {
                            let [sums, products] = &mut strip;
                            let entries = x.row(row, start, len).iter().zip(y.row(row, start, len));
                            for ((sum, product), (&x, &y)) in sums.iter_mut().zip(products).zip(entries) {
                                let x = x.to_f64();
                                *sum += x;
                                *product += x * y.to_f64();
                            }
                        }
                        let place = start - columns.start;
                        sums[place..][..len].copy_from_slice(&strip[0][..len]);
                        products[place..][..len].copy_from_slice(&strip[1][..len]);
                    },
                );
            },
        );
    });
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
    pub fn centred(&self, column: usize, x: f64) -> f64 {
        (x - self.origin[column]) - self.shift[column]
    }
}

/// The moments of each column of `x`, in two passes: the mean, then the squared deviations from it.
///
/// # Shapes
///
/// `x`: `(n, width)` with `n >= 1`; `moments`: `width`.
pub fn batch_moments<F: Real>(team: &Team, x: &ArrayView2<'_, F>, moments: &mut BatchMoments) {
    let (width, cost) = (x.ncols(), 4 * x.len());
    let x = Rows::new(x);
    let n = x.count as f64;
    let BatchMoments { origin, shift, var } = moments;
    let outputs = (&mut origin[..], &mut shift[..], &mut var[..]);
    each_block(team, width, cost, outputs, |columns, (origin, shift, var)| {
        wide(
            #[inline(always)]
            || {
                strips(
                    columns.clone(),
                    #[inline(always)]
                    |start, len| {
                        let place = start - columns.start;
                        let mut first = [0.0; STRIP];
                        for (first, &x) in first.iter_mut().zip(x.row(0, start, len)) {
                            *first = x.to_f64();
                        }
                        let mut mean = [0.0; STRIP];
                        for row in 0..x.count {
                            for ((sum, &x), first) in mean.iter_mut().zip(x.row(row, start, len)).zip(&first)
                            {
                                *sum += x.to_f64() - first;
                            }
                        }
                        mean.iter_mut().for_each(|sum| *sum /= n);
                        let mut squares = [0.0; STRIP];
                        for row in 0..x.count {
                            let centres = first.iter().zip(&mean);
                            for ((sum, &x), (first, mean)) in
                                squares.iter_mut().zip(x.row(row, start, len)).zip(centres)
                            {
                                let centred = (x.to_f64() - first) - mean;
                                *sum += centred * centred;
                            }
                        }
                        squares.iter_mut().for_each(|sum| *sum /= n);
                        origin[place..][..len].copy_from_slice(&first[..len]);
                        shift[place..][..len].copy_from_slice(&mean[..len]);
                        var[place..][..len].copy_from_slice(&squares[..len]);
                    },
                );
            },
        );
    });
}

/// `x_hat = (x - mean) * inv_std` and `y = gamma * x_hat + beta`, per column.
///
/// # Shapes
///
/// `x`, `x_hat`, `y`: `(n, width)`; `moments`, `inv_std`, `gamma`, `beta`: `width`.
pub fn normalise<F: Real>(
    team: &Team,
    x: &ArrayView2<'_, F>,
    (moments, inv_std): (&BatchMoments, &[f64]),
    (gamma, beta): (&[F], &[F]),
    x_hat: &mut ArrayViewMut2<'_, F>,
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!((x.dim(), x.dim()), (x_hat.dim(), y.dim()), "shapes of a normalisation");
    let (width, cost) = (x.ncols(), 4 * x.len());
    let x = Rows::new(x);
    each_block(team, width, cost, (x_hat.view_mut(), y.view_mut()), |columns, (mut x_hat, mut y)| {
        let range = columns.clone();
        let (origin, shift) = (&moments.origin[range.clone()], &moments.shift[range.clone()]);
        let (inv_std, gamma, beta) = (&inv_std[range.clone()], &gamma[range.clone()], &beta[range]);
        wide(
            #[inline(always)]
            || {
                for (row, (mut x_hat, mut y)) in x_hat.rows_mut().into_iter().zip(y.rows_mut()).enumerate() {
                    let x = x.row(row, columns.start, columns.len());
                    let (x_hat, y) = (contiguous(x_hat.as_slice_mut()), contiguous(y.as_slice_mut()));
                    let centres = origin.iter().zip(shift).zip(inv_std);
                    for ((x_hat, &x), ((origin, shift), inv_std)) in x_hat.iter_mut().zip(x).zip(centres) {
                        *x_hat = F::from_f64(((x.to_f64() - origin) - shift) * inv_std);
                    }
                    for ((y, &x_hat), (&gamma, &beta)) in
                        y.iter_mut().zip(&*x_hat).zip(gamma.iter().zip(beta))
                    {
                        *y = gamma * x_hat + beta;
                    }
                }
            },
        );
    });
}

/// `y = gamma * (x - mean) / sqrt(var + eps) + beta`, per column, from given statistics.
///
/// # Shapes
///
/// `x`, `y`: `(n, width)`; `mean`, `var`, `gamma`, `beta`: `width`.
pub fn normalise_by<F: Real>(
    team: &Team,
    x: &ArrayView2<'_, F>,
    (mean, var, eps): (&[F], &[F], f64),
    (gamma, beta): (&[F], &[F]),
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of a normalisation");
    let (width, cost) = (x.ncols(), 2 * x.len());
    let x = Rows::new(x);
    each_block(team, width, cost, y.view_mut(), |columns, mut y| {
        wide(
            #[inline(always)]
            || {
                strips(
                    columns.clone(),
                    #[inline(always)]
                    |start, len| {
                        let range = start..start + len;
                        let (mean, gamma, beta) =
                            (&mean[range.clone()], &gamma[range.clone()], &beta[range.clone()]);
                        let mut inv_std = [F::zero(); STRIP];
                        for (inv_std, &var) in inv_std.iter_mut().zip(&var[range]) {
                            *inv_std = F::from_f64(1.0 / (var.to_f64() + eps).sqrt());
                        }
                        for (row, mut y) in y.rows_mut().into_iter().enumerate() {
                            let y = &mut contiguous(y.as_slice_mut())[start - columns.start..][..len];
                            let statistics = mean.iter().zip(&inv_std).zip(gamma.iter().zip(beta));
                            for ((y, &x), ((&mean, &inv_std), (&gamma, &beta))) in
                                y.iter_mut().zip(x.row(row, start, len)).zip(statistics)
                            {
                                *y = gamma * ((x - mean) * inv_std) + beta;
                            }
                        }
                    },
                );
            },
        );
    });
}

/// `y = (x - origin) - shift + beta`, per column.
///
/// # Shapes
///
/// `x`, `y`: `(n, width)`; `origin`, `shift`, `beta`: `width`.
pub fn translate<F: Real>(
    team: &Team,
    x: &ArrayView2<'_, F>,
    (origin, shift): (&[f64], &[f64]),
    beta: &[F],
    y: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!(x.dim(), y.dim(), "shapes of a translation");
    let (width, cost) = (x.ncols(), 2 * x.len());
    let x = Rows::new(x);
    each_block(team, width, cost, y.view_mut(), |columns, mut y| {
        let (origin, shift, beta) =
            (&origin[columns.clone()], &shift[columns.clone()], &beta[columns.clone()]);
        wide(
            #[inline(always)]
            || {
                for (row, mut y) in y.rows_mut().into_iter().enumerate() {
                    let x = x.row(row, columns.start, columns.len());
                    let terms = origin.iter().zip(shift).zip(beta);
                    for ((y, &x), ((origin, shift), &beta)) in
                        contiguous(y.as_slice_mut()).iter_mut().zip(x).zip(terms)
                    {
                        *y = F::from_f64((x.to_f64() - origin) - shift) + beta;
                    }
                }
            },
        );
    });
}

/// `dx = factor * (dy - mean - x_hat * slope)`, per column: takes out of `dy` its mean and its
/// projection on `x_hat`.
///
/// # Shapes
///
/// `dy`, `x_hat`, `dx`: `(n, width)`; `factor`, `mean`, `slope`: `width`.
pub fn centre_and_project<F: Real>(
    team: &Team,
    dy: &ArrayView2<'_, F>,
    x_hat: &ArrayView2<'_, F>,
    [factor, mean, slope]: [&[F]; 3],
    dx: &mut ArrayViewMut2<'_, F>,
) {
    assert_eq!((dy.dim(), x_hat.dim()), (dx.dim(), dx.dim()), "shapes of a projection");
    let (width, cost) = (dy.ncols(), 4 * dy.len());
    let (dy, x_hat) = (Rows::new(dy), Rows::new(x_hat));
    each_block(team, width, cost, dx.view_mut(), |columns, mut dx| {
        let [factor, mean, slope] = [factor, mean, slope].map(|all| &all[columns.clone()]);
        wide(
            #[inline(always)]
            || {
                for (row, mut dx) in dx.rows_mut().into_iter().enumerate() {
                    let dx = contiguous(dx.as_slice_mut());
                    let dy = dy.row(row, columns.start, columns.len());
                    let x_hat = x_hat.row(row, columns.start, columns.len());
                    let terms = factor.iter().zip(mean).zip(slope);
                    for (((dx, &dy), &x_hat), ((&factor, &mean), &slope)) in
                        dx.iter_mut().zip(dy).zip(x_hat).zip(terms)
                    {
                        *dx = factor * (dy - mean - x_hat * slope);
                    }
                }
            },
        );
    });
}

/// A row of a block of columns.
fn contiguous<F>(row: Option<&mut [F]>) -> &mut [F] {
    row.expect("rows are contiguous")
}
