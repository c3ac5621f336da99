//! The loops under the layers: elementwise maps, sums over rows, batch statistics.
//!
//! Every function runs with the widest vectors that the processor has (see [`Level`]) and every
//! sum has one fixed order, so results do not depend on blocking. Per-column sums are taken in
//! double precision.

mod columns;
mod dispatch;
mod elementwise;

pub use columns::{
    BatchMoments, batch_moments, centre_and_project, normalise, scale_and_shift, sum_rows,
    sum_rows_and_products,
};
pub(crate) use dispatch::wide;
pub use dispatch::{Level, level};
pub use elementwise::{all_finite, map, map2, sum_of_squares};
