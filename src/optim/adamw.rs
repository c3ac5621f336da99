//! Adam with decoupled weight decay.

use crate::kernel::real::Real;
use crate::optim::adam::Moments;
use crate::optim::rule::{Rule, StepContext};
use crate::settings::settings;

settings! {
    /// Adam with decoupled weight decay.
    ///
    /// Before each step of [`Adam`](crate::optim::Adam), the weights shrink:
    /// `w = w - learning_rate * weight_decay * w`; biases, gamma and beta do not.
    ///
    /// Source: Loshchilov and Hutter 2019, algorithm 2; the decay is scaled by the learning rate as in PyTorch.
    pub struct AdamW {
        /// Step size before the schedule.
        learning_rate: f64 = 1e-3, range(> 0.0);
        /// Decay rate of the mean of the gradient.
        beta1: f64 = 0.9, range(0.0..1.0);
        /// Decay rate of the mean of the squared gradient.
        beta2: f64 = 0.999, range(0.0..1.0);
        /// Added to the denominator, outside the square root.
        eps: f64 = 1e-8, range(> 0.0);
        /// Decoupled weight decay: each step subtracts this times the learning rate times the weights.
        weight_decay: f64 = 0.01, range(0.0..);
    }
}

impl Rule for AdamW {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn state(&self) -> &'static [&'static str] {
        &["adam_m", "adam_v"]
    }

    #[inline(always)]
    fn update<F: Real>(&self, step: &StepContext, w: &mut [F], g: &[F], state: [&mut [F]; 2]) {
        let &Self { beta1, beta2, eps, .. } = self;
        let weight_decay = self.weight_decay * step.decay_factor;
        Moments { beta1, beta2, eps }.update(step, weight_decay, w, g, state);
    }
}
