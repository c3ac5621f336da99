//! Stochastic gradient descent, with momentum or without.

use serde::{Deserialize, Serialize};

use crate::kernel::real::Real;
use crate::optim::rule::{Rule, StepContext};

/// Stochastic gradient descent, `type = "sgd"`:
///
/// ```text
/// v = momentum * v + g
/// w = w - learning_rate * v                  (nesterov: g + momentum * v in place of v)
/// ```
///
/// `v` starts at 0. Source: Sutskever et al. 2013; the form is PyTorch's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sgd {
    /// Step size, before the schedule; greater than 0.
    pub learning_rate: f64,
    /// Momentum coefficient; `0 <= momentum < 1`.
    pub momentum: f64,
    /// Use Nesterov momentum; needs a momentum greater than 0.
    pub nesterov: bool,
    /// Coupled decay of weights (L2 penalty); at least 0.
    pub l2: f64,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { learning_rate: 0.01, momentum: 0.0, nesterov: false, l2: 0.0 }
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
