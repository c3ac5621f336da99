//! Update rules, learning-rate schedules, gradient clipping.

#![expect(
    clippy::inline_always,
    reason = "the loops must be compiled inside the function that enables the vectors"
)]

pub(crate) mod adagrad;
pub(crate) mod adam;
pub(crate) mod adamw;
pub(crate) mod clip;
pub(crate) mod l2;
pub(crate) mod optimizer;
pub(crate) mod rmsprop;
pub(crate) mod rule;
pub(crate) mod schedule;
pub(crate) mod sgd;
pub(crate) mod spec;

pub use crate::optim::adagrad::Adagrad;
pub use crate::optim::adam::Adam;
pub use crate::optim::adamw::AdamW;
pub use crate::optim::clip::clip_by_global_norm;
pub use crate::optim::l2::add_l2_gradient;
pub use crate::optim::optimizer::Optimizer;
pub use crate::optim::rmsprop::RmsProp;
pub use crate::optim::schedule::{
    ConstantRate, CosineDecay, DecayPeriod, ExponentialDecay, Schedule, StepDecay,
};
pub use crate::optim::sgd::Sgd;
pub use crate::optim::spec::OptimizerSpec;
