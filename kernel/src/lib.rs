//! The loops under the layers: matrix products, norms, elementwise maps, sums over rows.
//!
//! Work is divided by rows, columns or elements among the threads of a [`ThreadPool`]. Every function
//! uses the widest vectors that the processor has (see [`SimdLevel`]), and every sum has one fixed
//! order, so results do not depend on the number of threads. Sums over the rows of a column are taken in
//! double precision.
//!
//! This is a crate so that the loops are compiled once, at the same time as the dependencies, and so
//! that no other folder needs `unsafe`.

mod aligned;
mod batch_norm;
mod blocks;
mod elementwise;
mod entry_points;
mod exp;
mod mapped;
mod matmul;
mod matrix_view;
mod parallel;
pub mod real;
mod row_norm;
mod simd;
mod softmax;
mod weight_norm;

pub use crate::aligned::{aligned_copy, zeros};
pub use crate::batch_norm::backward::BatchNormGrads;
pub use crate::batch_norm::infer::RunningStats;
pub use crate::batch_norm::moments::BatchMoments;
pub use crate::batch_norm::state::{BatchNormForm, BatchNormParams, BatchNormState};
pub use crate::blocks::{RowBlocks, add_blocks};
pub use crate::elementwise::{map, map2, update};
pub use crate::entry_points::{
    affine, affine_backward, affine_relu, all_finite, batch_moments, batch_norm_backward, batch_norm_forward,
    batch_norm_infer, batch_norm_project, batch_normalize, block_moments, block_products, block_sum_rows,
    block_unit_products, matmul, normalize_weights, par_all_finite, project_weight_gradient, project_weights,
    row_norm_backward, row_norm_backward_blocks, row_norm_forward, scale_units, softmax_exp, sum_of_squares,
    sum_rows, translate, unit_products, weight_gradient,
};
pub use crate::mapped::{Mapped, Numbers};
pub use crate::matmul::{ColumnTransform, Weights, relu, relu_derivative};
pub use crate::parallel::partition::{even_part, par_rows};
pub use crate::parallel::thread_pool::{ThreadPool, available_threads};
pub use crate::real::Real;
pub use crate::row_norm::backward::RowNormGrads;
pub use crate::row_norm::forward::{RowNormParams, RowNormState};
pub use crate::simd::{SimdLevel, simd_level, with_simd};
pub use crate::softmax::max_or_nan;
pub use crate::weight_norm::{NormalizedWeights, WeightNormState};
