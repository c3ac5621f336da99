//! Adam with decoupled weight decay.

use serde::{Deserialize, Serialize};

use crate::kernel::real::Real;
use crate::nn::ParamKind;
use crate::optim::adam::Moments;
use crate::optim::rule::{Rule, StepContext};

/// AdamW, `type = "adamw"`: [`Adam`](crate::optim::Adam) whose weights first shrink, apart from the
/// gradient: `w = w - learning_rate * weight_decay * w`, over [`ParamKind::Weight`] only.
///
/// Source: Loshchilov and Hutter 2019, algorithm 2; the decay is scaled by the learning rate as in
/// PyTorch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamW {
    /// Step size, before the schedule; greater than 0.
    pub learning_rate: f64,
    /// Smoothing constant of the mean gradient; `0 <= beta1 < 1`.
    pub beta1: f64,
    /// Smoothing constant of the mean square; `0 <= beta2 < 1`.
    pub beta2: f64,
    /// Added to the root; greater than 0.
    pub eps: f64,
    /// Decoupled decay of weights; at least 0.
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { learning_rate: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 }
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
        let weight_decay = if step.kind == ParamKind::Weight { self.weight_decay } else { 0.0 };
        Moments { beta1, beta2, eps }.update(step, weight_decay, w, g, state);
    }
}
