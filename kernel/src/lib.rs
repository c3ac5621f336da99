//! The loops under the layers: matrix products, elementwise maps, sums over rows, batch statistics.
//!
//! Work is divided by rows, columns or elements among the threads of a [`ThreadPool`]. Every function
//! runs with the widest vectors that the processor has (see [`Level`]), and every sum has one fixed
//! order, so results do not depend on the number of threads. Per-column sums are taken in double
//! precision.
//!
//! This is a crate so that the loops are compiled once, at the same time as the dependencies, and so that no other folder needs `unsafe`.

mod aligned;
mod areas;
mod batch_norm;
mod batch_norm_backward;
mod column_sums;
mod compiled;
mod elementwise;
mod exp;
mod mapped;
mod matmul;
mod matrix_view;
mod moments;
mod partition;
pub mod real;
mod simd;
mod softmax;
mod strips;
mod threads;
mod vector;

pub use crate::aligned::{aligned, zeros};
pub use crate::areas::each_rows;
pub use crate::batch_norm::Normaliser;
pub use crate::batch_norm_backward::ProjectionSums;
pub use crate::compiled::{
    affine, all_finite, all_finite_among, batch_moments, centre_and_project, exponentials, gradient_product,
    normalise_batch, normalise_by, product, product_before_rectifier, sum_of_squares, sum_rows, translate,
};
pub use crate::elementwise::{map, map2, update};
pub use crate::mapped::{Mapped, Numbers};
pub use crate::matmul::{rectified, slope};
pub use crate::moments::BatchMoments;
pub use crate::real::Real;
pub use crate::simd::{Level, level, wide};
pub use crate::softmax::largest;
pub use crate::threads::ThreadPool;
