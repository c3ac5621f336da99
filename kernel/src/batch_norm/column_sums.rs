//! Two sums of each column over the rows of a batch, in double precision.
//!
//! Rows are added in order. If a batch is divided by rows, they are added in [`PARTS`] parts, and the parts
//! in order. The parts depend on the shape alone, so the sums are the same for any number of threads.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::ArrayViewMut2;

use crate::blocks::RowBlocks;
use crate::matrix_view::MatrixViewMut;
use crate::parallel::partition::{ByColumns, EqualParts, MIN_PARALLEL_WORK, even_part, is_tall, par_chunks};
use crate::parallel::thread_pool::ThreadPool;
use crate::simd::strips::{ColumnKernel, for_each_strip, put};
use crate::simd::with_simd;

/// Parts of the rows of a batch; more threads than this are not used.
pub(crate) const PARTS: usize = 8;

/// Two sums over the rows of a column.
pub(crate) trait ColumnSums: Copy + Sync {
    /// Both sums over `rows`, for `LEN` columns from `column` on.
    fn sums<const LEN: usize>(self, rows: Range<usize>, column: usize) -> [[f64; LEN]; 2];
}

/// Scratch for the sums of each part.
pub(crate) fn partial_sums(columns: usize) -> Vec<f64> {
    vec![0.0; 2 * PARTS * columns]
}

/// Both sums over all rows, for each column of a matrix of this shape. `parts` is scratch.
///
/// # Panics
///
/// If `sums` are not as long as there are columns, or `parts` is not made by [`partial_sums`].
pub(crate) fn sum_columns(
    pool: &ThreadPool,
    (rows, columns): (usize, usize),
    summed: impl ColumnSums,
    parts: &mut [f64],
    sums: [&mut [f64]; 2],
) {
    let cost = rows * columns;
    if !is_tall((rows, columns)) || cost < MIN_PARALLEL_WORK {
        let [first, second] = sums;
        return par_chunks(pool, columns, cost, (first, second), |columns, (first, second)| {
            let width = columns.len();
            let mut add = Add { summed, rows: 0..rows, before: columns.start, sums: [first, second] };
            with_simd(
                #[inline(always)]
                || for_each_strip(width, &mut add),
            );
        });
    }
    let size = 2 * columns;
    par_chunks(pool, PARTS, cost, EqualParts::new(parts, size), |numbers, parts| {
        for (part, sums) in numbers.zip(parts.into_parts()) {
            let rows = even_part(rows, PARTS, part);
            let mut add = Add { summed, rows, before: 0, sums: sums.split_at_mut(columns).into() };
            with_simd(
                #[inline(always)]
                || for_each_strip(columns, &mut add),
            );
        }
    });
    with_simd(
        #[inline(always)]
        || {
            let (total, others) = parts.split_at_mut(size);
            for part in others.chunks_exact(size) {
                total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
            }
            sums.into_iter()
                .zip(total.chunks_exact(columns))
                .for_each(|(sums, total)| sums.copy_from_slice(total));
        },
    );
}

/// Both sums over the rows of each block, for each column: `of_block` gives what is summed over the rows from this one
/// on. A block has `size` rows of `sums`: the first sums, then the second ones; others stay.
pub(crate) fn sum_blocks<S: ColumnSums>(
    pool: &ThreadPool,
    columns: usize,
    blocks: RowBlocks,
    of_block: impl Fn(usize) -> S + Sync,
    size: usize,
    sums: &mut [f64],
) {
    let rows = blocks.rows().len();
    let cost = rows * columns;
    let sums = &mut sums[..blocks.len() * size * columns];
    let add_blocks = |numbers: Range<usize>, before: usize, mut sums: MatrixViewMut<'_, f64>| {
        let width = sums.width();
        for (place, block) in numbers.enumerate() {
            let rows = blocks.nth(block);
            let summed = of_block(rows.start);
            let mut add = AddBlock {
                summed,
                rows: 0..rows.len(),
                before,
                place: place * size,
                size,
                sums: sums.reborrow(),
            };
            with_simd(
                #[inline(always)]
                || for_each_strip(width, &mut add),
            );
        }
    };
    // As the batch itself is divided, so that a thread finds most of what it reads in the cache of its core.
    if is_tall((rows, columns)) {
        par_chunks(pool, blocks.len(), cost, EqualParts::new(sums, size * columns), |numbers, parts| {
            for (block, sums) in numbers.zip(parts.into_parts()) {
                let sums = ArrayViewMut2::from_shape((size, columns), sums).expect("the sums of a block");
                add_blocks(block..block + 1, 0, MatrixViewMut::new(sums));
            }
        });
    } else {
        let sums =
            ArrayViewMut2::from_shape((blocks.len() * size, columns), sums).expect("room for the sums");
        let sums = ByColumns([MatrixViewMut::new(sums)]);
        par_chunks(pool, columns, cost, sums, |columns, ByColumns([sums])| {
            add_blocks(0..blocks.len(), columns.start, sums);
        });
    }
}

/// Writes both sums over the rows of a block.
struct AddBlock<'a, S> {
    summed: S,
    rows: Range<usize>,
    /// The column of the matrix that is the first of `sums`.
    before: usize,
    /// The row of `sums` for the first sums; the second ones have the next row, if a block has more than one.
    place: usize,
    size: usize,
    sums: MatrixViewMut<'a, f64>,
}

impl<S: ColumnSums> ColumnKernel for AddBlock<'_, S> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let [first, second] = self.summed.sums::<LEN>(self.rows.clone(), self.before + start);
        *self.sums.strip(self.place, start) = first;
        if self.size > 1 {
            *self.sums.strip(self.place + 1, start) = second;
        }
    }
}

/// Writes both sums over some rows.
pub(crate) struct Add<'a, S> {
    pub(crate) summed: S,
    pub(crate) rows: Range<usize>,
    /// The column of the matrix that is the first of `sums`.
    pub(crate) before: usize,
    pub(crate) sums: [&'a mut [f64]; 2],
}

impl<S: ColumnSums> ColumnKernel for Add<'_, S> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let sums = self.summed.sums::<LEN>(self.rows.clone(), self.before + start);
        self.sums.iter_mut().zip(sums).for_each(|(place, sums)| put(place, start, sums));
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;

    /// Numbers and their squares, whose sums are rounded.
    #[derive(Clone, Copy)]
    struct Tenths;

    fn number(row: usize, column: usize) -> f64 {
        ((row * 37 + column * 11) % 101) as f64 / 10.0
    }

    impl ColumnSums for Tenths {
        fn sums<const LEN: usize>(self, rows: Range<usize>, column: usize) -> [[f64; LEN]; 2] {
            let sum = |f: fn(f64) -> f64| {
                std::array::from_fn(|lane| rows.clone().map(|row| f(number(row, column + lane))).sum())
            };
            [sum(|x| x), sum(|x| x * x)]
        }
    }

    #[test]
    fn sums_are_accurate_and_the_same_for_any_number_of_threads() {
        for shape @ (rows, columns) in [(1, 1), (9, 3), (130, 101), (513, 17), (10_000, 1), (50, 300)] {
            let sums = |threads| {
                let pool = ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"));
                let (mut first, mut second) = (vec![f64::NAN; columns], vec![f64::NAN; columns]);
                sum_columns(&pool, shape, Tenths, &mut partial_sums(columns), [&mut first, &mut second]);
                (first, second)
            };
            let (first, second) = sums(1);
            for column in 0..columns {
                let [expected, squares] = Tenths.sums::<1>(0..rows, column).map(|[sum]| sum);
                // Rounded once for each row, in any order.
                let bound = rows as f64 * f64::EPSILON;
                assert!((first[column] - expected).abs() <= bound * expected, "{shape:?}");
                assert!((second[column] - squares).abs() <= bound * squares, "{shape:?}");
            }
            for threads in 2..=4 {
                assert_eq!(sums(threads), (first.clone(), second.clone()), "{shape:?}, {threads} threads");
            }
        }
    }
}
