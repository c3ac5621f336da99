//! The loops under the layers: matrix products, elementwise maps, sums over rows, batch statistics.
//!
//! Work is shared out by rows, columns or elements among the members of a [`Team`]. Every function
//! runs with the widest vectors that the processor has (see [`Level`]), and every sum has one fixed
//! order, so results do not depend on the team's size. Per-column sums are taken in double precision.

mod aligned;
mod areas;
mod blocks;
mod columns;
mod dispatch;
mod elementwise;
mod exponential;
mod mapped;
mod moments;
mod normalise;
mod product;
mod project;
mod rows;
mod sums;
mod team;
mod vector;

pub use aligned::{aligned, zeros};
pub(crate) use areas::each_rows;
pub(crate) use dispatch::wide;
pub use dispatch::{Level, level};
pub use elementwise::{all_finite, all_finite_among, map, map2, sum_of_squares, update};
pub use exponential::{Exponential, exponentials, largest};
pub(crate) use mapped::{Mapped, Numbers};
pub use moments::{BatchMoments, batch_moments, sum_rows};
pub use normalise::{Normaliser, normalise_batch, normalise_by, translate};
pub use product::{affine, gradient_product, product, product_before_rectifier};
pub(crate) use product::{rectified, slope};
pub use project::{ProjectionSums, centre_and_project};
pub use team::Team;
// Not public: outside the dispatch the instructions may not exist.
pub(crate) use vector::Vectors;
