//! Sums and moments of each column over the rows of a batch, in double precision.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::ArrayView2;

use crate::batch_norm::column_sums::{ColumnSums, partial_sums, sum_blocks, sum_columns};
use crate::blocks::{RowBlocks, add_blocks};
use crate::matrix_view::MatrixView;
use crate::parallel::partition::par_chunks;
use crate::parallel::thread_pool::ThreadPool;
use crate::real::Real;
use crate::simd::strips::{ColumnKernel, for_each_strip, put};
use crate::simd::with_simd;

/// Each column's sum over the rows.
///
/// # Shapes
///
/// `x`: `(n, width)`; `sums`: `width`.
pub(crate) fn sum_rows<F: Real>(pool: &ThreadPool, x: &ArrayView2<'_, F>, sums: &mut [F]) {
    let (width, cost) = (x.ncols(), x.len());
    let x = MatrixView::new(x);
    par_chunks(pool, width, cost, sums, |columns, sums| {
        with_simd(
            #[inline(always)]
            || for_each_strip(columns.len(), &mut Sums { x: x.columns_from(columns.start), sums }),
        );
    });
}

/// [`sum_rows`] of each block, `width` numbers each.
pub(crate) fn block_sum_rows<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    blocks: RowBlocks,
    sums: &mut [f64],
) {
    let (width, x) = (x.ncols(), MatrixView::new(x));
    sum_blocks(pool, width, blocks, |first| Plain(x.rows_from(first)), 1, sums);
}

/// Sums the numbers; there is no second sum.
#[derive(Clone, Copy)]
struct Plain<'a, F>(MatrixView<'a, F>);

impl<F: Real> ColumnSums for Plain<'_, F> {
    #[inline(always)]
    fn sums<const LEN: usize>(self, rows: Range<usize>, column: usize) -> [[f64; LEN]; 2] {
        let mut sums = [0.0; LEN];
        for row in rows {
            let x = self.0.strip::<LEN>(row, column);
            for lane in 0..LEN {
                sums[lane] += x[lane].to_f64();
            }
        }
        [sums, [0.0; LEN]]
    }
}

struct Sums<'a, F> {
    x: MatrixView<'a, F>,
    sums: &'a mut [F],
}

impl<F: Real> ColumnKernel for Sums<'_, F> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let [sums, _] = Plain(self.x).sums::<LEN>(0..self.x.count, start);
        put(self.sums, start, sums.map(F::from_f64));
    }
}

/// Mean and biased variance of each column of a batch, in double precision.
///
/// All arithmetic is on the differences from the first row: a constant column has exactly that constant as
/// its mean and a variance of exactly 0, and a large offset costs no precision.
#[derive(Clone, Debug, Default)]
pub struct BatchMoments {
    /// The first row of the batch, `width`.
    pub origin: Vec<f64>,
    /// The mean minus the origin, `width`.
    pub shift: Vec<f64>,
    /// Mean of the squared deviations from the mean, `width`; never negative.
    pub var: Vec<f64>,
    /// Scratch for sums over some of the rows.
    parts: Vec<f64>,
}

impl BatchMoments {
    /// The moments of `width` columns, before the first batch.
    pub fn new(width: usize) -> Self {
        let [origin, shift, var] = std::array::from_fn(|_| vec![0.0; width]);
        Self { origin, shift, var, parts: partial_sums(width) }
    }

    /// The mean of `column`.
    pub fn mean(&self, column: usize) -> f64 {
        self.origin[column] + self.shift[column]
    }

    /// Computes the moments from the sums of `n` differences from the `first` row, in place of the shift,
    /// and of their squares, in place of the variance.
    #[inline(always)]
    pub(crate) fn update<F: Real>(&mut self, first: &[F], n: f64) {
        let Self { origin, shift, var, .. } = self;
        origin.iter_mut().zip(first).for_each(|(origin, &x)| *origin = x.to_f64());
        for (shift, var) in shift.iter_mut().zip(var) {
            (*shift, *var) = shift_and_variance(*shift, *var, n);
        }
    }

    /// Computes the moments from the sums of all blocks, `3 width` numbers each, which are changed: the
    /// differences from the first row of a block become those from the first row of the batch.
    pub fn set_from_blocks(&mut self, blocks: RowBlocks, sums: &mut [f64]) {
        let width = self.origin.len();
        self.origin.copy_from_slice(&sums[2 * width..3 * width]);
        for (rows, sums) in blocks.each().zip(sums.chunks_exact_mut(3 * width)) {
            let n = rows.len() as f64;
            let (sums, first) = sums.split_at_mut(2 * width);
            let (sums, squares) = sums.split_at_mut(width);
            for (((sum, square), first), origin) in sums.iter_mut().zip(squares).zip(first).zip(&self.origin)
            {
                let distance = *first - origin;
                *square += distance * (2.0 * *sum + n * distance);
                *sum += n * distance;
            }
        }
        add_blocks(sums, 3 * width);
        let n = blocks.batch_rows() as f64;
        for ((shift, var), (sum, squares)) in
            self.shift.iter_mut().zip(&mut self.var).zip(sums[..width].iter().zip(&sums[width..2 * width]))
        {
            (*shift, *var) = shift_and_variance(*sum, *squares, n);
        }
    }

    /// `x` minus the mean of `column`.
    pub fn centred(&self, column: usize, x: f64) -> f64 {
        (x - self.origin[column]) - self.shift[column]
    }
}

/// The moments of each column of `x`, in one pass: with `d` for the differences from the first row,
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
pub(crate) fn batch_moments<F: Real>(pool: &ThreadPool, x: &ArrayView2<'_, F>, moments: &mut BatchMoments) {
    let (shape, x) = (x.dim(), MatrixView::new(x));
    let BatchMoments { shift, var, parts, .. } = moments;
    sum_columns(pool, shape, Differences(x), parts, [&mut shift[..], &mut var[..]]);
    with_simd(
        #[inline(always)]
        || moments.update(x.row(0, shape.1), x.count as f64),
    );
}

/// What the [moments](BatchMoments::set_from_blocks) of a batch are computed from, in each block: the sums of the
/// differences from its first row, those of their squares, and the first row; `3 width` numbers for a block.
pub(crate) fn block_moments<F: Real>(
    pool: &ThreadPool,
    x: &ArrayView2<'_, F>,
    blocks: RowBlocks,
    sums: &mut [f64],
) {
    let (width, x) = (x.ncols(), MatrixView::new(x));
    sum_blocks(pool, width, blocks, |first| Differences(x.rows_from(first)), 3, sums);
    for (rows, sums) in blocks.each().zip(sums.chunks_exact_mut(3 * width)) {
        let first = x.row(rows.start, width);
        sums[2 * width..].iter_mut().zip(first).for_each(|(first, &x)| *first = x.to_f64());
    }
}

/// The mean minus the origin, and the variance, from the sums of `n` differences from the origin and of
/// their squares.
#[inline(always)]
pub(crate) fn shift_and_variance(sum: f64, squares: f64, n: f64) -> (f64, f64) {
    let shift = sum / n;
    let difference = squares / n - shift * shift;
    // Rounding can leave slightly less than 0 if all differences are equal; NaN stays.
    (shift, if difference < 0.0 { 0.0 } else { difference })
}

/// The mean `origin + shift`, rounded to an `F`, and the mean minus the rounded mean.
#[inline(always)]
pub(crate) fn rounded_mean<F: Real>(origin: f64, shift: f64) -> (F, f64) {
    let mean = F::from_f64(origin + shift);
    (mean, (origin - mean.to_f64()) + shift)
}

/// Sums the differences from the first row, and their squares.
#[derive(Clone, Copy)]
pub(crate) struct Differences<'a, F>(pub(crate) MatrixView<'a, F>);

impl<F: Real> ColumnSums for Differences<'_, F> {
    #[inline(always)]
    fn sums<const LEN: usize>(self, rows: Range<usize>, column: usize) -> [[f64; LEN]; 2] {
        let origin = self.0.strip::<LEN>(0, column).map(Real::to_f64);
        let (mut sums, mut squares) = ([0.0; LEN], [0.0; LEN]);
        for row in rows {
            let x = self.0.strip::<LEN>(row, column);
            for lane in 0..LEN {
                let difference = x[lane].to_f64() - origin[lane];
                sums[lane] += difference;
                squares[lane] += difference * difference;
            }
        }
        [sums, squares]
    }
}
