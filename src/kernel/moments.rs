//! Sums and moments of each column over the rows of a batch.
//!
//! Within a column the rows are added in order, in double precision. A column's result therefore
//! depends on that column alone.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use ndarray::ArrayView2;

use super::blocks::each_block;
use super::columns::{Strips, each_strip, put};
use super::rows::Rows;
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
            || each_strip(columns.len(), &mut Sums { x: x.columns_from(columns.start), sums }),
        );
    });
}

struct Sums<'a, F> {
    x: Rows<'a, F>,
    sums: &'a mut [F],
}

impl<F: Real> Strips for Sums<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let mut sums = [0.0; LEN];
        for row in 0..self.x.count {
            let x = self.x.strip::<LEN>(row, start);
            for lane in 0..LEN {
                sums[lane] += x[lane].to_f64();
            }
        }
        put(self.sums, start, sums.map(F::from_f64));
    }
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
    /// Mean of the squared deviations from the mean, `width`; never negative.
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

/// The moments of each column of `x`, in one pass: with `d` for the differences to the first row,
///
/// ```text
/// shift = 1/n sum d      var = 1/n sum d^2 - shift^2
/// ```
///
/// The subtraction is harmless because the first row is one of the batch: it cannot be farther from
/// the mean than `sqrt(n - 1)` standard deviations, so `shift^2 <= (n - 1) var`, and `var` loses at
/// most a factor of `n` of the precision of a double.
///
/// # Shapes
///
/// `x`: `(n, width)` with `n >= 1`; `moments`: `width`.
pub fn batch_moments<F: Real>(team: &Team, x: &ArrayView2<'_, F>, moments: &mut BatchMoments) {
    let (width, cost) = (x.ncols(), x.len());
    let x = Rows::new(x);
    let BatchMoments { origin, shift, var } = moments;
    let outputs = (&mut origin[..], &mut shift[..], &mut var[..]);
    each_block(team, width, cost, outputs, |columns, (origin, shift, var)| {
        wide(
            #[inline(always)]
            || {
                let x = x.columns_from(columns.start);
                each_strip(columns.len(), &mut Moments { x, origin, shift, var });
            },
        );
    });
}

/// [`batch_moments`] of a block.
pub(super) struct Moments<'a, F> {
    pub(super) x: Rows<'a, F>,
    pub(super) origin: &'a mut [f64],
    pub(super) shift: &'a mut [f64],
    pub(super) var: &'a mut [f64],
}

impl<F: Real> Strips for Moments<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let origin = self.x.strip::<LEN>(0, start).map(Real::to_f64);
        let (mut sums, mut squares) = ([0.0; LEN], [0.0; LEN]);
        for row in 0..self.x.count {
            let x = self.x.strip::<LEN>(row, start);
            for lane in 0..LEN {
                let difference = x[lane].to_f64() - origin[lane];
                sums[lane] += difference;
                squares[lane] += difference * difference;
            }
        }
        let n = self.x.count as f64;
        let shift = sums.map(|sum| sum / n);
        let mut var = squares.map(|sum| sum / n);
        for lane in 0..LEN {
            let difference = var[lane] - shift[lane] * shift[lane];
            // Rounding can leave a little less than 0 of differences that are all alike; NaN stays.
            var[lane] = if difference < 0.0 { 0.0 } else { difference };
        }
        put(self.origin, start, origin);
        put(self.shift, start, shift);
        put(self.var, start, var);
    }
}
