//! Stochastic gradient descent, with momentum or without.

use crate::kernel::real::Real;
use crate::optim::rule::{Rule, StepContext};
use crate::settings::settings;

settings! {
    /// Stochastic gradient descent with momentum.
    ///
    /// ```text
    /// v = momentum * v + g
    /// w = w - learning_rate * v                  (nesterov: g + momentum * v in place of v)
    /// ```
    ///
    /// `v` starts at 0. Source: Sutskever et al. 2013; the form is PyTorch's.
    pub struct Sgd {
        /// Step size before the schedule.
        learning_rate: f64 = 0.01, range(> 0.0);
        /// Momentum coefficient.
        momentum: f64 = 0.0, range(0.0..1.0);
        /// Whether to use Nesterov momentum; needs `momentum`.
        nesterov: bool = false;
        /// Coupled (L2) weight decay: adds `l2 / 2` times the sum of squared weights to the loss; biases, gamma
        /// and beta do not decay.
        l2: f64 = 0.0, range(0.0..);
    }
}

impl Rule for Sgd {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn l2(&self) -> f64 {
        self.l2
    }

    fn state(&self) -> &'static [&'static str] {
        if self.momentum == 0.0 { &[] } else { &["sgd_velocity"] }
    }

    #[inline(always)]
    fn update<F: Real>(&self, step: &StepContext, w: &mut [F], g: &[F], [v, _]: [&mut [F]; 2]) {
        let rate = F::from_f64(step.learning_rate);
        if self.momentum == 0.0 {
            for (w, &g) in w.iter_mut().zip(g) {
                *w -= rate * g;
            }
            return;
        }
        let momentum = F::from_f64(self.momentum);
        for ((w, &g), v) in w.iter_mut().zip(g).zip(v) {
            *v = momentum * *v + g;
            *w -= rate * if self.nesterov { g + momentum * *v } else { *v };
        }
    }
}
