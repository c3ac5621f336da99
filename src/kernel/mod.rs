//! The loops under the layers: matrix products, elementwise maps, sums over rows, batch statistics.
//!
//! Work is shared out by rows, columns or elements among the members of a [`ThreadPool`]. Every function
//! runs with the widest vectors that the processor has (see [`Level`]), and every sum has one fixed
//! order, so results do not depend on the pool's size. Per-column sums are taken in double precision.

pub(crate) mod aligned;
pub(crate) mod areas;
pub(crate) mod batch_norm;
pub(crate) mod batch_norm_backward;
pub(crate) mod column_sums;
pub(crate) mod elementwise;
pub(crate) mod mapped;
pub(crate) mod matmul;
pub(crate) mod matrix_view;
pub(crate) mod moments;
pub(crate) mod partition;
pub mod real;
pub(crate) mod simd;
pub(crate) mod softmax;
pub(crate) mod strips;
pub(crate) mod threads;
pub(crate) mod vector;

pub use crate::kernel::aligned::{aligned, zeros};
pub(crate) use crate::kernel::areas::each_rows;
pub use crate::kernel::batch_norm::{Normaliser, normalise_batch, normalise_by, translate};
pub use crate::kernel::batch_norm_backward::{ProjectionSums, centre_and_project};
pub use crate::kernel::elementwise::{all_finite, all_finite_among, map, map2, sum_of_squares, update};
pub(crate) use crate::kernel::mapped::{Mapped, Numbers};
pub use crate::kernel::matmul::{affine, gradient_product, product, product_before_rectifier};
pub(crate) use crate::kernel::matmul::{rectified, slope};
pub use crate::kernel::moments::{BatchMoments, batch_moments, sum_rows};
pub(crate) use crate::kernel::simd::wide;
pub use crate::kernel::simd::{Level, level};
pub use crate::kernel::softmax::{Exponential, exponentials, largest};
pub use crate::kernel::threads::ThreadPool;
// Not public: outside the dispatch the instructions may not exist.
pub(crate) use crate::kernel::vector::Vectors;
