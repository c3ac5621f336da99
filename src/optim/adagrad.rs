//! AdaGrad.

use crate::kernel::real::Real;
use crate::optim::rule::{Rule, StepContext};
use crate::settings::settings;

settings! {
    /// AdaGrad.
    ///
    /// ```text
    /// cache = cache + g^2
    /// w = w - learning_rate * g / (sqrt(cache) + eps)
    /// ```
    ///
    /// `cache` starts at 0 and has the shape of `w`. Source: Duchi, Hazan and Singer 2011, in the form of
    /// the CS231n course notes; `eps` outside the root as in PyTorch.
    pub struct Adagrad {
        /// Step size before the schedule.
        learning_rate: f64 = 0.01, range(> 0.0);
        /// Added to the denominator, outside the square root.
        eps: f64 = 1e-8, range(> 0.0);
        /// Coupled (L2) weight decay: adds `l2 / 2` times the sum of squared weights to the loss; biases, gamma
        /// and beta do not decay.
        l2: f64 = 0.0, range(0.0..);
    }
}

impl Rule for Adagrad {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn l2(&self) -> f64 {
        self.l2
    }

    fn state(&self) -> &'static [&'static str] {
        &["adagrad_cache"]
    }

    #[inline(always)]
    fn update<F: Real>(&self, step: &StepContext, w: &mut [F], g: &[F], [cache, _]: [&mut [F]; 2]) {
        let rate = F::from_f64(step.learning_rate);
        let eps = F::from_f64(self.eps);
        for ((w, &g), cache) in w.iter_mut().zip(g).zip(cache) {
            *cache += g * g;
            *w -= rate * g / (cache.sqrt() + eps);
        }
    }
}
