//! Two sums of each column over the rows of a batch, in double precision.
//!
//! Rows are added in order. If a batch is divided by rows, they are added in [`PARTS`] parts, and the parts
//! in order. The parts depend on the shape alone, so the sums are the same for any number of threads.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use crate::parallel::partition::is_tall;
use crate::parallel::partition::{EqualParts, MIN_PARALLEL_WORK, par_chunks};
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
            let rows = rows * part / PARTS..rows * (part + 1) / PARTS;
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
