//! The trait that every optimiser implements.

use crate::kernel::real::Real;

/// One step of training, as an update rule sees it.
pub(crate) struct StepContext {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// The learning rate of the tensor, after the schedule.
    pub(crate) learning_rate: f64,
    /// The factor on weight decay of the tensor.
    pub(crate) decay_factor: f64,
}

/// An update rule with its settings.
pub(crate) trait Rule {
    /// The learning rate that the schedule starts from.
    fn learning_rate(&self) -> f64;

    /// The coefficient of the L2 penalty, which the training step adds to the gradients.
    fn l2(&self) -> f64 {
        0.0
    }

    /// The name of each tensor of state that goes with a trained tensor, at most two. They start at 0.
    fn state(&self) -> &'static [&'static str];

    /// Updates `w` and its `state` by the gradient `g`. All slices are as long, but for state that
    /// [`state`](Self::state) does not name, which is empty.
    ///
    /// `#[inline(always)]` in every implementation: the loops must be compiled inside the function
    /// that enables the vectors.
    fn update<F: Real>(&self, step: &StepContext, w: &mut [F], g: &[F], state: [&mut [F]; 2]);
}
