//! The columns of a layer, the elements of an array or the parts of a sum, shared out among the
//! members of a pool.
//!
//! What is shared out depends on nothing beside it, and is computed by one member in a fixed order:
//! the result is the same for any number of members. The same columns go to the same member every
//! time, so that they stay in its core's cache.

use std::ops::Range;

use crate::ThreadPool;

/// The largest pool that is put to use.
const MAX_MEMBERS: usize = 64;

/// Columns of a cache line of `f32`, or of a vector of AVX-512.
pub(crate) const LINE: usize = 16;

/// Work on fewer numbers than this, some two microseconds, is done by the caller alone.
pub(crate) const WORTH_MEETING: usize = 8 * 1024;

/// Things that have columns, or whatever else is shared out, and can be cut between two of them.
pub(crate) trait Columns: Send + Sized {
    /// Columns are shared out in groups of this many.
    fn group(&self) -> usize {
        LINE
    }

    /// The columns before `column` and those from it on.
    fn cut(self, column: usize) -> (Self, Self);
}

impl Columns for () {
    fn cut(self, _column: usize) -> (Self, Self) {
        ((), ())
    }
}

impl<T: Send> Columns for &mut [T] {
    fn cut(self, column: usize) -> (Self, Self) {
        self.split_at_mut(column)
    }
}

impl<C: Columns> Columns for Option<C> {
    fn cut(self, column: usize) -> (Self, Self) {
        match self.map(|columns| columns.cut(column)) {
            Some((left, right)) => (Some(left), Some(right)),
            None => (None, None),
        }
    }
}

impl<A: Columns, B: Columns> Columns for (A, B) {
    fn cut(self, column: usize) -> (Self, Self) {
        let ((a, a_rest), (b, b_rest)) = (self.0.cut(column), self.1.cut(column));
        ((a, b), (a_rest, b_rest))
    }
}

impl<A: Columns, B: Columns, C: Columns> Columns for (A, B, C) {
    fn cut(self, column: usize) -> (Self, Self) {
        let ((ab, ab_rest), (c, c_rest)) = ((self.0, self.1).cut(column), self.2.cut(column));
        ((ab.0, ab.1, c), (ab_rest.0, ab_rest.1, c_rest))
    }
}

/// Calls `body` with ranges that together are `0..width`, and the columns of `outputs` in that
/// range, on all members of `pool` at once if `cost`, in numbers visited, makes it worth it.
pub(crate) fn each_block<O: Columns>(
    pool: &ThreadPool,
    width: usize,
    cost: usize,
    outputs: O,
    body: impl Fn(Range<usize>, O) + Sync,
) {
    let group = outputs.group();
    let groups = width.div_ceil(group);
    let members = pool.members().min(groups).min(MAX_MEMBERS);
    if members < 2 || cost < WORTH_MEETING {
        return body(0..width, outputs);
    }
    let mut parts: [Option<(Range<usize>, O)>; MAX_MEMBERS] = [const { None }; MAX_MEMBERS];
    let mut rest = outputs;
    let mut start = 0;
    for (member, part) in parts[..members - 1].iter_mut().enumerate() {
        // The first members get one more group where they do not divide evenly.
        let end = (groups * (member + 1)).div_ceil(members) * group;
        let (block, after) = rest.cut(end - start);
        *part = Some((start..end, block));
        rest = after;
        start = end;
    }
    parts[members - 1] = Some((start..width, rest));
    pool.each(&mut parts[..members], |(range, block)| body(range, block));
}

/// Room for parts of a sum, as many numbers for each.
pub(crate) struct Parts<'a, T> {
    numbers: &'a mut [T],
    size: usize,
}

impl<'a, T> Parts<'a, T> {
    pub(crate) fn new(numbers: &'a mut [T], size: usize) -> Self {
        Self { numbers, size }
    }

    /// The room of each part, in order.
    pub(crate) fn into_each(self) -> impl Iterator<Item = &'a mut [T]> {
        self.numbers.chunks_exact_mut(self.size)
    }
}

impl<T: Send> Columns for Parts<'_, T> {
    fn group(&self) -> usize {
        1
    }

    fn cut(self, part: usize) -> (Self, Self) {
        let (left, right) = self.numbers.split_at_mut(part * self.size);
        (Self::new(left, self.size), Self::new(right, self.size))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::Array2;

    use super::*;
    use crate::matrix_view::RowsMut;

    #[test]
    fn every_column_is_in_exactly_one_block_whatever_the_team() {
        for members in 1..=5 {
            let pool = ThreadPool::new(NonZeroUsize::new(members).expect("at least one"));
            for width in [1, 15, 16, 17, 31, 32, 33, 100, 257] {
                let mut counts = Array2::<u32>::zeros((3, width));
                let mut places = vec![0_usize; width];
                each_block(
                    &pool,
                    width,
                    usize::MAX,
                    (RowsMut::new(counts.view_mut()), &mut places[..]),
                    |range, (mut block, places)| {
                        assert_eq!((block.width(), places.len()), (range.len(), range.len()));
                        for row in 0..3 {
                            block.row(row).iter_mut().for_each(|count| *count += 1);
                        }
                        places.iter_mut().zip(range).for_each(|(place, column)| *place = column);
                    },
                );
                assert!(counts.iter().all(|&count| count == 1), "{width} columns, {members} members");
                assert_eq!(places, (0..width).collect::<Vec<_>>());
            }
        }
    }
}
