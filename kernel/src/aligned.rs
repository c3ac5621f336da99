//! Arrays that begin where a cache line does.
//!
//! Allocators promise 16 bytes. An array that begins inside a line has a line across every border
//! between the columns of two members, and both write to it; and every vector of 64 bytes is spread
//! over two lines.

use std::mem::size_of;

use ndarray::{Array1, Array2, s};

use crate::real::Real;

/// Bytes of a cache line.
const LINE: usize = 64;

/// An array of zeros, `(rows, columns)`, whose first element begins a cache line.
pub fn zeros<F: Real>(rows: usize, columns: usize) -> Array2<F> {
    let len = rows * columns;
    let room = Array1::zeros(len + spare::<F>());
    let start = start(room.as_slice().unwrap_or_default());
    let array = room.slice_move(s![start..start + len]);
    array.into_shape_with_order((rows, columns)).expect("as many elements as the shape has")
}

/// A copy whose first element begins a cache line.
pub fn aligned<F: Real>(array: &Array2<F>) -> Array2<F> {
    let mut copy = zeros(array.nrows(), array.ncols());
    copy.assign(array);
    copy
}

/// Elements that are asked for on top, so that a line begins among them.
pub(crate) fn spare<F>() -> usize {
    LINE / size_of::<F>() - 1
}

/// The first element of `room` that begins a line.
pub(crate) fn start<F>(room: &[F]) -> usize {
    room.as_ptr().addr().wrapping_neg() % LINE / size_of::<F>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_begin_with_a_line_and_are_in_row_major_layout() {
        // Rooms of many sizes lie differently, so that each way of aligning occurs.
        for columns in 0..40 {
            let array = zeros::<f32>(7, columns);
            let elements = array.as_slice().expect("row-major layout");
            assert_eq!((array.dim(), elements.len()), ((7, columns), 7 * columns));
            assert!(
                elements.is_empty() || elements.as_ptr().addr().is_multiple_of(LINE),
                "{columns} columns"
            );
            let numbers = Array2::from_shape_fn((3, columns), |(row, column)| (row * 100 + column) as f64);
            let copy = aligned(&numbers);
            assert_eq!(copy, numbers);
            assert!(copy.is_empty() || copy.as_ptr().addr().is_multiple_of(LINE), "{columns} columns");
        }
    }
}
