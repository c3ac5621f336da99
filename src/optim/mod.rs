//! How gradients move weights: optimisers, learning-rate schedules, clipping.

mod clip;
mod l2;
mod optimizer;
mod schedule;
mod spec;

pub use clip::clip_by_global_norm;
pub use l2::add_l2_gradient;
pub use optimizer::Optimizer;
pub use schedule::{Decay, Schedule};
pub use spec::{AdamSpec, AdamWSpec, OptimizerSpec, RmsPropSpec, SgdSpec};
