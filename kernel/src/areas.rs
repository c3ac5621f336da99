//! Matrices shared out among the members of a pool: by rows if they have as many as columns, else by
//! columns.
//!
//! Where a row is divided, its halves lie beside each other in memory. A core that reads or writes the
//! end of one is soon given the beginning of the other, before anyone asked for it, and takes it away
//! from the core that works there. Rows are many lines long together, and have one border.

use std::ops::Range;

use ndarray::{ArrayViewMut2, Axis};

use crate::ThreadPool;
use crate::matrix_view::RowsMut;
use crate::partition::{Columns, LINE, each_block};

/// Rows of a tile of a product.
pub(crate) const TILE: usize = 6;

/// Whether a matrix is shared out by rows. Of a few columns, such as scores, there is no part for
/// everyone.
pub(crate) fn is_tall((rows, columns): (usize, usize)) -> bool {
    rows >= columns || columns <= LINE
}

/// Calls `body` with ranges of rows and of columns, which together are the whole of each of `outputs`,
/// and these areas of them, on all members of `pool` at once if `cost`, in numbers visited, makes it
/// worth it.
///
/// # Panics
///
/// If the outputs differ in shape.
pub(crate) fn each_area<F: Send, const N: usize>(
    pool: &ThreadPool,
    cost: usize,
    outputs: [ArrayViewMut2<'_, F>; N],
    body: impl Fn(Range<usize>, Range<usize>, [RowsMut<'_, F>; N]) + Sync,
) {
    let shape @ (rows, columns) = outputs[0].dim();
    assert!(outputs.iter().all(|output| output.dim() == shape), "shapes of outputs");
    let blocks = outputs.map(RowsMut::new);
    if is_tall(shape) {
        each_block(pool, rows, cost, ByRows(blocks), |rows, ByRows(blocks)| body(rows, 0..columns, blocks));
    } else {
        each_block(pool, columns, cost, ByColumns(blocks), |columns, ByColumns(blocks)| {
            body(0..rows, columns, blocks);
        });
    }
}

struct ByColumns<'a, F, const N: usize>([RowsMut<'a, F>; N]);

impl<F: Send, const N: usize> Columns for ByColumns<'_, F, N> {
    fn cut(self, column: usize) -> (Self, Self) {
        let (left, right) = halves(self.0, |block| block.cut(column));
        (Self(left), Self(right))
    }
}

struct ByRows<'a, F, const N: usize>([RowsMut<'a, F>; N]);

impl<F: Send, const N: usize> Columns for ByRows<'_, F, N> {
    fn group(&self) -> usize {
        TILE
    }

    fn cut(self, row: usize) -> (Self, Self) {
        let (above, below) = halves(self.0, |block| block.cut_rows(row));
        (Self(above), Self(below))
    }
}

/// Both results of `cut` on each of `blocks`.
fn halves<T, const N: usize>(blocks: [T; N], cut: impl Fn(T) -> (T, T)) -> ([T; N], [T; N]) {
    let mut seconds = [const { None }; N];
    let mut places = seconds.iter_mut();
    let firsts = blocks.map(|block| {
        let (first, second) = cut(block);
        places.next().expect("a place for each").replace(second);
        first
    });
    (firsts, seconds.map(|second| second.expect("one of each")))
}

/// Rows of an output, as they are handed out by [`each_rows`].
struct Lines<'a, F>(ArrayViewMut2<'a, F>);

impl<F: Send> Columns for Lines<'_, F> {
    fn group(&self) -> usize {
        TILE
    }

    fn cut(self, row: usize) -> (Self, Self) {
        let (above, below) = self.0.split_at(Axis(0), row);
        (Self(above), Self(below))
    }
}

/// Calls `body` with ranges of rows that together are all of `output`, and these rows, on all
/// members of `pool` at once where that is worth it.
pub fn each_rows<F: Send>(
    pool: &ThreadPool,
    output: ArrayViewMut2<'_, F>,
    body: impl Fn(Range<usize>, ArrayViewMut2<'_, F>) + Sync,
) {
    let (rows, cost) = (output.nrows(), output.len());
    each_block(pool, rows, cost, Lines(output), |rows, Lines(output)| body(rows, output));
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use ndarray::Array2;

    use super::*;

    #[test]
    fn every_element_is_in_exactly_one_area_whatever_the_team_and_the_shape() {
        for members in 1..=5 {
            let pool = ThreadPool::new(NonZeroUsize::new(members).expect("at least one"));
            for shape in [(1, 1), (5, 3), (60, 16), (60, 60), (60, 100), (100, 60), (7, 257)] {
                let (mut counts, mut places) = (Array2::<usize>::zeros(shape), Array2::zeros(shape));
                let outputs = [counts.view_mut(), places.view_mut()];
                each_area(&pool, usize::MAX, outputs, |rows, columns, [mut counts, mut places]| {
                    assert_eq!((counts.count(), counts.width()), (rows.len(), columns.len()));
                    for row in 0..counts.count() {
                        counts.row(row).iter_mut().for_each(|count| *count += 1);
                        let place = |column| (rows.start + row) * shape.1 + columns.start + column;
                        let own = places.row(row).iter_mut().enumerate();
                        own.for_each(|(column, number)| *number = place(column));
                    }
                });
                assert!(counts.iter().all(|&count| count == 1), "{shape:?}, {members} members");
                assert!(places.iter().copied().eq(0..places.len()), "{shape:?}, {members} members");
            }
        }
    }
}
