//! Sums of each column over the rows of a batch, in double precision and two at once.
//!
//! Rows are added in order. Those of a batch that is shared out by rows are added in [`PARTS`] parts,
//! and the parts in order: which parts there are depends on the shape alone, so that the sums are the
//! same for any pool.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use crate::areas::is_tall;
use crate::partition::{Parts, WORTH_MEETING, each_block};
use crate::simd::wide;
use crate::strips::{Strips, each_strip, put};
use crate::threads::ThreadPool;

/// Parts of the rows of a batch: enough that a pool of this many has one for everyone.
const PARTS: usize = 8;

/// What is added up.
pub(crate) trait Summands: Copy + Sync {
    /// Both sums over `rows`, for `LEN` columns from `column` on.
    fn sums<const LEN: usize>(self, rows: Range<usize>, column: usize) -> [[f64; LEN]; 2];
}

/// Room for the sums of each part, of so many columns.
pub(crate) fn room_for_parts(columns: usize) -> Vec<f64> {
    vec![0.0; 2 * PARTS * columns]
}

/// Both sums over all of `rows`, for each of `columns`. What is in `parts` does not matter.
///
/// # Panics
///
/// If there is not a place for each column in `sums`, or `parts` is not [room](room_for_parts) for them.
pub(crate) fn sum_columns(
    pool: &ThreadPool,
    (rows, columns): (usize, usize),
    summands: impl Summands,
    parts: &mut [f64],
    sums: [&mut [f64]; 2],
) {
    let cost = rows * columns;
    if !is_tall((rows, columns)) || cost < WORTH_MEETING {
        let [first, second] = sums;
        return each_block(pool, columns, cost, (first, second), |columns, (first, second)| {
            let width = columns.len();
            let mut add = Add { summands, rows: 0..rows, before: columns.start, sums: [first, second] };
            wide(
                #[inline(always)]
                || each_strip(width, &mut add),
            );
        });
    }
    let size = 2 * columns;
    each_block(pool, PARTS, cost, Parts::new(parts, size), |numbers, parts| {
        for (part, sums) in numbers.zip(parts.into_each()) {
            let rows = rows * part / PARTS..rows * (part + 1) / PARTS;
            let mut add = Add { summands, rows, before: 0, sums: sums.split_at_mut(columns).into() };
            wide(
                #[inline(always)]
                || each_strip(columns, &mut add),
            );
        }
    });
    wide(
        #[inline(always)]
        || {
            let (total, others) = parts.split_at_mut(size);
            for part in others.chunks_exact(size) {
                total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
            }
            sums.into_iter().zip(total.chunks_exact(columns)).for_each(|(sums, of)| sums.copy_from_slice(of));
        },
    );
}

struct Add<'a, S> {
    summands: S,
    rows: Range<usize>,
    /// Columns before those that there is a place for.
    before: usize,
    sums: [&'a mut [f64]; 2],
}

impl<S: Summands> Strips for Add<'_, S> {
    #[inline(always)]
    fn strip<const LEN: usize>(&mut self, start: usize) {
        let sums = self.summands.sums::<LEN>(self.rows.clone(), self.before + start);
        self.sums.iter_mut().zip(sums).for_each(|(place, sums)| put(place, start, sums));
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;

    /// Numbers and their squares, none of which can be added without rounding.
    #[derive(Clone, Copy)]
    struct Tenths;

    fn number(row: usize, column: usize) -> f64 {
        ((row * 37 + column * 11) % 101) as f64 / 10.0
    }

    impl Summands for Tenths {
        fn sums<const LEN: usize>(self, rows: Range<usize>, column: usize) -> [[f64; LEN]; 2] {
            let sum = |f: fn(f64) -> f64| {
                std::array::from_fn(|lane| rows.clone().map(|row| f(number(row, column + lane))).sum())
            };
            [sum(|x| x), sum(|x| x * x)]
        }
    }

    #[test]
    fn sums_are_right_and_the_same_whatever_the_team() {
        for shape @ (rows, columns) in [(1, 1), (9, 3), (130, 101), (513, 17), (10_000, 1), (50, 300)] {
            let sums = |members| {
                let pool = ThreadPool::new(NonZeroUsize::new(members).expect("at least one"));
                let (mut first, mut second) = (vec![f64::NAN; columns], vec![f64::NAN; columns]);
                sum_columns(&pool, shape, Tenths, &mut room_for_parts(columns), [&mut first, &mut second]);
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
            for members in 2..=4 {
                assert_eq!(sums(members), (first.clone(), second.clone()), "{shape:?}, {members} members");
            }
        }
    }
}
