//! Sums and moments of each column over the rows of a batch.
//!
//! Columns are taken in strips that fit the vector registers; within a strip the rows are added in
//! order. A column's result therefore depends on that column alone.

use ndarray::ArrayView2;

use super::blocks::each_block;
use super::columns::{Rows, STRIP, strips};
use super::{Team, wide};
use crate::real::Real;

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
