//! RMSProp.

use crate::kernel::real::Real;
use crate::optim::rule::{Rule, StepContext};
use crate::settings::settings;

settings! {
    /// RMSProp.
    ///
    /// ```text
    /// s = decay * s + (1 - decay) * g^2
    /// w = w - learning_rate * g / (sqrt(s) + eps)
    /// ```
    ///
    /// `s` starts at 0. Source: Tieleman and Hinton 2012; `eps` outside the root as in PyTorch.
    pub struct RmsProp {
        /// Step size before the schedule.
        learning_rate: f64 = 0.01, range(> 0.0);
        /// Decay rate of the mean of the squared gradient.
        decay: f64 = 0.99, range(0.0..1.0);
        /// Added to the denominator, outside the square root.
        eps: f64 = 1e-8, range(> 0.0);
        /// Coupled (L2) weight decay: adds `l2 / 2` times the sum of squared weights to the loss; biases, gamma
        /// and beta do not decay.
        l2: f64 = 0.0, range(0.0..);
    }
}

impl Rule for RmsProp {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn l2(&self) -> f64 {
        self.l2
    }

    fn state(&self) -> &'static [&'static str] {
        &["rmsprop_square"]
    }

    #[inline(always)]
    fn update<F: Real>(&self, step: &StepContext, w: &mut [F], g: &[F], [s, _]: [&mut [F]; 2]) {
        let rate = F::from_f64(step.learning_rate);
        let decay = F::from_f64(self.decay);
        let one_minus_decay = F::from_f64(1.0 - self.decay); // rounded once
        let eps = F::from_f64(self.eps);
        for ((w, &g), s) in w.iter_mut().zip(g).zip(s) {
            *s = decay * *s + one_minus_decay * g * g;
            *w -= rate * g / (s.sqrt() + eps);
        }
    }
}
