//! How loops over columns visit a matrix: strip by strip, row by row.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

use std::ops::Range;

use ndarray::ArrayView2;

use crate::real::Real;

/// Columns summed at once: four vectors of doubles on AVX-512.
pub(super) const STRIP: usize = 32;

/// An input matrix in row-major layout.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, F> {
    data: &'a [F],
    pub(super) count: usize,
    width: usize,
}

impl<'a, F: Real> Rows<'a, F> {
    pub(super) fn new(array: &'a ArrayView2<'_, F>) -> Self {
        let (count, width) = array.dim();
        Self { data: array.as_slice().expect("activations are in row-major layout"), count, width }
    }

    /// `len` columns of a row.
    #[inline(always)]
    pub(super) fn row(self, row: usize, start: usize, len: usize) -> &'a [F] {
        &self.data[row * self.width + start..][..len]
    }
}

/// Calls `body` for each strip of `columns`, with its first column and width. A whole strip's width
/// is a constant to the compiler, so that its sums can stay in registers.
#[inline(always)]
pub(super) fn strips(columns: Range<usize>, mut body: impl FnMut(usize, usize)) {
    let mut start = columns.start;
    while start + STRIP <= columns.end {
        body(start, STRIP);
        start += STRIP;
    }
    if start < columns.end {
        body(start, columns.end - start);
    }
}

/// A row of a block of columns.
pub(super) fn contiguous<F>(row: Option<&mut [F]>) -> &mut [F] {
    row.expect("rows are contiguous")
}
