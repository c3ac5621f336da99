//! RMSProp.

use serde::{Deserialize, Serialize};

use crate::kernel::real::Real;
use crate::optim::rule::{Rule, StepContext};

/// RMSProp, `type = "rmsprop"`:
///
/// ```text
/// s = decay * s + (1 - decay) * g^2
/// w = w - learning_rate * g / (sqrt(s) + eps)
/// ```
///
/// `s` starts at 0. Source: Tieleman and Hinton 2012; `eps` outside the root as in PyTorch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RmsProp {
    /// Step size, before the schedule; greater than 0.
    pub learning_rate: f64,
    /// Smoothing constant of the mean square; `0 <= decay < 1`.
    pub decay: f64,
    /// Added to the root; greater than 0.
    pub eps: f64,
    /// Coupled decay of weights (L2 penalty); at least 0.
    pub l2: f64,
}

impl Default for RmsProp {
    fn default() -> Self {
        Self { learning_rate: 0.01, decay: 0.99, eps: 1e-8, l2: 0.0 }
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
