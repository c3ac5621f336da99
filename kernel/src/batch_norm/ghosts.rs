//! Ghost batches: parts of a batch that are normalized apart.

use std::ops::Range;

use ndarray::ArrayViewMut2;

use crate::matrix_view::MatrixViewMut;
use crate::parallel::partition::Splittable;

/// The rows of the `ghost`-th of `ghosts` parts of `rows` rows: neighbors, in sizes that differ by at most one.
pub fn ghost_rows(rows: usize, ghosts: usize, ghost: usize) -> Range<usize> {
    rows * ghost / ghosts..rows * (ghost + 1) / ghosts
}

/// What is computed for some ghost batches: something for each, and rows of a matrix.
pub(crate) struct Ghosts<'a, S, F> {
    /// All rows and all ghost batches.
    rows: usize,
    ghosts: usize,
    /// The first one of these.
    first: usize,
    states: &'a mut [S],
    output: Option<MatrixViewMut<'a, F>>,
}

impl<'a, S, F: Send> Ghosts<'a, S, F> {
    /// All of them.
    pub(crate) fn new(
        rows: usize,
        ghosts: usize,
        states: &'a mut [S],
        output: Option<ArrayViewMut2<'a, F>>,
    ) -> Self {
        assert!(ghosts <= rows, "{ghosts} ghost batches of {rows} rows");
        Self { rows, ghosts, first: 0, states, output: output.map(MatrixViewMut::new) }
    }

    /// Calls `body` with the rows of each of these ghost batches, whose numbers are `numbers`, what is
    /// computed for it, and its block of the matrix.
    pub(crate) fn each(
        self,
        numbers: Range<usize>,
        mut body: impl FnMut(Range<usize>, &mut S, Option<MatrixViewMut<'_, F>>),
    ) {
        let mut rest = self.output;
        for (ghost, state) in numbers.zip(self.states) {
            let rows = ghost_rows(self.rows, self.ghosts, ghost);
            let (block, below) = rest.map(|rest| rest.split_rows_at(rows.len())).unzip();
            rest = below;
            body(rows, state, block);
        }
    }
}

impl<S: Send, F: Send> Splittable for Ghosts<'_, S, F> {
    fn granularity(&self) -> usize {
        1
    }

    fn split_at(self, index: usize) -> (Self, Self) {
        let Self { rows, ghosts, first, states, output } = self;
        let start = |ghost| ghost_rows(rows, ghosts, ghost).start;
        let (above, below) = output.map(|all| all.split_rows_at(start(first + index) - start(first))).unzip();
        let (left, right) = states.split_at_mut(index);
        (
            Self { rows, ghosts, first, states: left, output: above },
            Self { rows, ghosts, first: first + index, states: right, output: below },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_differ_by_at_most_one() {
        for rows in 1..50 {
            for ghosts in 1..=rows {
                let all: Vec<_> = (0..ghosts).map(|ghost| ghost_rows(rows, ghosts, ghost)).collect();
                assert_eq!(all[0].start, 0);
                assert!(all.windows(2).all(|pair| pair[0].end == pair[1].start));
                assert_eq!(all[ghosts - 1].end, rows);
                let sizes = || all.iter().map(Range::len);
                assert!(sizes().max() <= sizes().min().map(|size| size + 1), "{rows} {ghosts}");
            }
        }
    }
}
