//! Views of row-major matrices, whole or a block of rows and columns.

#![expect(unsafe_code, reason = "neighbouring columns are written by several threads at once")]
#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::marker::PhantomData;

use ndarray::{ArrayView2, ArrayViewMut2};

const WITHIN: &str = "a strip lies within its block";

/// An input matrix, or a block of it that reaches to its end.
#[derive(Clone, Copy)]
pub(crate) struct MatrixView<'a, F> {
    data: &'a [F],
    pub(crate) count: usize,
    stride: usize,
}

impl<'a, F> MatrixView<'a, F> {
    pub(crate) fn new(array: &'a ArrayView2<'_, F>) -> Self {
        let data = array.as_slice().expect("activations are in row-major layout");
        Self { data, count: array.nrows(), stride: array.ncols() }
    }

    /// The columns from `column` on.
    pub(crate) fn columns_from(self, column: usize) -> Self {
        Self { data: self.data.get(column..).unwrap_or_default(), ..self }
    }

    /// The rows from `row` on.
    pub(crate) fn rows_from(self, row: usize) -> Self {
        let data = self.data.get(row * self.stride..).unwrap_or_default();
        Self { data, count: self.count.saturating_sub(row), ..self }
    }

    /// The first `width` columns of a row.
    #[inline(always)]
    pub(crate) fn row(self, row: usize, width: usize) -> &'a [F] {
        &self.data[row * self.stride..][..width]
    }

    /// Some columns of a row.
    #[inline(always)]
    pub(crate) fn strip<const LEN: usize>(self, row: usize, start: usize) -> &'a [F; LEN] {
        self.data[row * self.stride + start..].first_chunk().expect(WITHIN)
    }
}

/// A block of rows and columns of an output matrix; other threads may hold the blocks next to it.
pub(crate) struct MatrixViewMut<'a, F> {
    first: *mut F,
    count: usize,
    width: usize,
    stride: usize,
    columns: PhantomData<&'a mut F>,
}

// SAFETY: it is an exclusive borrow of the elements in its rows and columns, and of nothing else.
unsafe impl<F: Send> Send for MatrixViewMut<'_, F> {}

impl<'a, F> MatrixViewMut<'a, F> {
    pub(crate) fn new(array: ArrayViewMut2<'a, F>) -> Self {
        let (count, width) = array.dim();
        let data = array.into_slice().expect("outputs are in row-major layout");
        Self { first: data.as_mut_ptr(), count, width, stride: width, columns: PhantomData }
    }

    /// The rows before `row`, and the others.
    pub(crate) fn split_rows_at(self, row: usize) -> (Self, Self) {
        assert!(row <= self.count, "a row of the matrix or its end");
        // After the last row there is no element that a plain `add` may point to.
        let middle = self.first.wrapping_add(row * self.stride);
        let below = Self { first: middle, count: self.count - row, ..self };
        (Self { count: row, ..self }, below)
    }

    /// The columns before `column`, and the others.
    pub(crate) fn split_columns_at(self, column: usize) -> (Self, Self) {
        assert!(column <= self.width, "a column of the matrix or its end");
        // Without rows there is no element that a plain `add` may point to.
        let middle = self.first.wrapping_add(column);
        let right = Self { first: middle, width: self.width - column, ..self };
        (Self { width: column, ..self }, right)
    }

    /// A reborrow. A loop over a local copy does not reload the pointer after each number that it writes.
    #[inline(always)]
    pub(crate) fn reborrow(&mut self) -> MatrixViewMut<'_, F> {
        MatrixViewMut { columns: PhantomData, ..*self }
    }

    /// The number of rows.
    #[inline(always)]
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The number of columns.
    #[inline(always)]
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// A row.
    #[inline(always)]
    pub(crate) fn row(&mut self, row: usize) -> &mut [F] {
        assert!(row < self.count, "a row of the matrix");
        // SAFETY: the row is one of the matrix, its `width` elements from `first` on are borrowed by
        // this block alone, and by the result for as long as the block itself is.
        unsafe { std::slice::from_raw_parts_mut(self.first.add(row * self.stride), self.width) }
    }

    /// Some columns of a row.
    #[inline(always)]
    pub(crate) fn strip<const LEN: usize>(&mut self, row: usize, start: usize) -> &mut [F; LEN] {
        self.row(row)[start..].first_chunk_mut().expect(WITHIN)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn split_columns_are_written_independently() {
        let mut matrix = Array2::zeros((2, 5));
        let (mut left, right) = MatrixViewMut::new(matrix.view_mut()).split_columns_at(2);
        let (mut middle, mut right) = right.split_columns_at(2);
        left.row(1).fill(1);
        *middle.strip::<1>(0, 1) = [2];
        for row in 0..2 {
            right.row(row).fill(10 + 5 * row);
        }
        assert_eq!((left.count(), left.width(), middle.width(), right.width()), (2, 2, 2, 1));
        assert_eq!(matrix, array![[0, 0, 0, 2, 10], [1, 1, 0, 0, 15]]);
    }

    #[test]
    fn split_rows_are_written_independently() {
        let mut matrix = Array2::zeros((3, 2));
        let (above, below) = MatrixViewMut::new(matrix.view_mut()).split_rows_at(1);
        let (mut middle, mut below) = below.split_rows_at(1);
        let (mut left, mut right) = above.split_columns_at(1);
        left.row(0).fill(1);
        right.row(0).fill(2);
        middle.row(0).fill(3);
        below.row(0).fill(4);
        let (_, nothing) = below.split_rows_at(1);
        assert_eq!((middle.count(), nothing.count(), nothing.width()), (1, 0, 2));
        assert_eq!(matrix, array![[1, 2], [3, 3], [4, 4]]);
    }

    #[test]
    fn a_matrix_without_rows_can_be_split() {
        let mut nothing = Array2::<f32>::zeros((0, 3));
        let (left, right) = MatrixViewMut::new(nothing.view_mut()).split_columns_at(1);
        assert_eq!((left.count(), left.width(), right.width()), (0, 1, 2));
    }
}
