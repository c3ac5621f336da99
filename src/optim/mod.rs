//! How gradients move weights: optimisers, learning-rate schedules, clipping.

pub(crate) mod clip;
pub(crate) mod l2;
pub(crate) mod optimizer;
pub(crate) mod schedule;
pub(crate) mod spec;

pub use crate::optim::clip::clip_by_global_norm;
pub use crate::optim::l2::add_l2_gradient;
pub use crate::optim::optimizer::Optimizer;
pub use crate::optim::schedule::{Decay, Schedule};
pub use crate::optim::spec::{AdamSpec, AdamWSpec, OptimizerSpec, RmsPropSpec, SgdSpec};
