//! Adam.

use crate::kernel::real::Real;
use crate::optim::rule::{Rule, StepContext};
use crate::settings::settings;

settings! {
    /// Adam.
    ///
    /// At step `t`, from 1:
    ///
    /// ```text
    /// m = beta1 * m + (1 - beta1) * g            m_hat = m / (1 - beta1^t)
    /// v = beta2 * v + (1 - beta2) * g^2          v_hat = v / (1 - beta2^t)
    /// w = w - learning_rate * m_hat / (sqrt(v_hat) + eps)
    /// ```
    ///
    /// `m` and `v` start at 0. Source: Kingma and Ba 2015, algorithm 1. For decoupled decay see
    /// [`AdamW`](crate::optim::AdamW).
    ///
    /// ```
    /// use bntrain::{Adam, OptimizerSpec};
    ///
    /// let spec: OptimizerSpec = Adam { learning_rate: 3e-4, ..Adam::default() }.into();
    /// assert_eq!(spec.kind(), "adam");
    /// ```
    pub struct Adam {
        /// Step size before the schedule.
        learning_rate: f64 = 1e-3, range(> 0.0);
        /// Decay rate of the mean of the gradient.
        beta1: f64 = 0.9, range(0.0..1.0);
        /// Decay rate of the mean of the squared gradient.
        beta2: f64 = 0.999, range(0.0..1.0);
        /// Added to the denominator, outside the square root.
        eps: f64 = 1e-8, range(> 0.0);
        /// Coupled (L2) weight decay: adds `l2 / 2` times the sum of squared weights to the loss; biases, gamma
        /// and beta do not decay.
        l2: f64 = 0.0, range(0.0..);
    }
}

impl Rule for Adam {
    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn l2(&self) -> f64 {
        self.l2
    }

    fn state(&self) -> &'static [&'static str] {
        &["adam_m", "adam_v"]
    }

    #[inline(always)]
    fn update<F: Real>(&self, step: &StepContext, w: &mut [F], g: &[F], state: [&mut [F]; 2]) {
        let &Self { beta1, beta2, eps, .. } = self;
        Moments { beta1, beta2, eps }.update(step, 0.0, w, g, state);
    }
}

/// What Adam and AdamW share.
pub(crate) struct Moments {
    pub(crate) beta1: f64,
    pub(crate) beta2: f64,
    pub(crate) eps: f64,
}

impl Moments {
    /// A step of Adam over weights that first shrink by `learning_rate * weight_decay` of themselves.
    #[inline(always)]
    pub(crate) fn update<F: Real>(
        &self,
        step: &StepContext,
        weight_decay: f64,
        w: &mut [F],
        g: &[F],
        [m, v]: [&mut [F]; 2],
    ) {
        let t = step.number as f64;
        let keep = F::from_f64(1.0 - step.learning_rate * weight_decay);
        let [beta1, beta2, eps] = [self.beta1, self.beta2, self.eps].map(F::from_f64);
        // Rounded once.
        let [one_minus_beta1, one_minus_beta2] = [1.0 - self.beta1, 1.0 - self.beta2].map(F::from_f64);
        let rate = F::from_f64(step.learning_rate / (1.0 - self.beta1.powf(t)));
        let root_correction = F::from_f64(1.0 / (1.0 - self.beta2.powf(t)).sqrt());
        for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
            *m = beta1 * *m + one_minus_beta1 * g;
            *v = beta2 * *v + one_minus_beta2 * g * g;
            *w = keep * *w - rate * *m / (v.sqrt() * root_correction + eps);
        }
    }
}
