//! Arrays that are aligned to a cache line.
//!
//! Allocators promise 16 bytes. In an array that starts inside a line, every border between the columns of
//! two threads lies inside a line that both write to, and every vector of 64 bytes crosses two lines.

use std::mem::size_of;

use ndarray::{Array1, Array2, s};

use crate::real::Real;

/// Bytes of a cache line.
const LINE: usize = 64;

/// An array of zeros, `(rows, columns)`, whose first element starts a cache line.
pub fn zeros<F: Real>(rows: usize, columns: usize) -> Array2<F> {
    let len = rows * columns;
    let buffer = Array1::zeros(len + spare::<F>());
    let start = start(buffer.as_slice().unwrap_or_default());
    let array = buffer.slice_move(s![start..start + len]);
    array.into_shape_with_order((rows, columns)).expect("as many elements as the shape has")
}

/// A copy whose first element starts a cache line.
pub fn aligned_copy<F: Real>(array: &Array2<F>) -> Array2<F> {
    let mut copy = zeros(array.nrows(), array.ncols());
    copy.assign(array);
    copy
}

/// Extra elements to allocate, so that one of them starts a cache line.
pub(crate) fn spare<F>() -> usize {
    LINE / size_of::<F>() - 1
}

/// The index of the first element of `buffer` that starts a cache line.
pub(crate) fn start<F>(buffer: &[F]) -> usize {
    buffer.as_ptr().addr().wrapping_neg() % LINE / size_of::<F>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_aligned_and_in_row_major_layout() {
        // Buffers of many sizes start at different addresses, so that every offset occurs.
        for columns in 0..40 {
            let array = zeros::<f32>(7, columns);
            let elements = array.as_slice().expect("row-major layout");
            assert_eq!((array.dim(), elements.len()), ((7, columns), 7 * columns));
            assert!(
                elements.is_empty() || elements.as_ptr().addr().is_multiple_of(LINE),
                "{columns} columns"
            );
            let numbers = Array2::from_shape_fn((3, columns), |(row, column)| (row * 100 + column) as f64);
            let copy = aligned_copy(&numbers);
            assert_eq!(copy, numbers);
            assert!(copy.is_empty() || copy.as_ptr().addr().is_multiple_of(LINE), "{columns} columns");
        }
    }
}
