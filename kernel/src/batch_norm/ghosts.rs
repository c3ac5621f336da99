//! Ghost batches: even parts of a batch that are normalized apart.

use std::ops::Range;

use ndarray::ArrayViewMut2;

use crate::matrix_view::MatrixViewMut;
use crate::parallel::partition::{Splittable, even_part};

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
            let rows = even_part(self.rows, self.ghosts, ghost);
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
        let start = |ghost| even_part(rows, ghosts, ghost).start;
        let (above, below) = output.map(|all| all.split_rows_at(start(first + index) - start(first))).unzip();
        let (left, right) = states.split_at_mut(index);
        (
            Self { rows, ghosts, first, states: left, output: above },
            Self { rows, ghosts, first: first + index, states: right, output: below },
        )
    }
}
