//! What the tests of several passes need.

use std::num::NonZeroUsize;

use ndarray::Array2;

use crate::ThreadPool;

/// Shapes that are divided by rows and by columns, neither evenly.
pub(crate) const SHAPES: [(usize, usize); 2] = [(201, 67), (67, 201)];

pub(crate) fn pool(threads: usize) -> ThreadPool {
    ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"))
}

pub(crate) fn x(shape: (usize, usize)) -> Array2<f32> {
    Array2::from_shape_fn(shape, |(row, column)| ((row * 37 + column * 11) % 101) as f32 / 10.0)
}

/// A different number for each column.
pub(crate) fn columns(count: usize) -> Vec<f32> {
    (1..=count).map(|column| column as f32 / 8.0).collect()
}
