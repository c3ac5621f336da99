//! The optimisers as a config describes them.

use serde::{Deserialize, Serialize};

/// `[optimizer]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[expect(missing_docs, reason = "each specification documents itself")]
pub enum OptimizerSpec {
    Sgd(SgdSpec),
    RmsProp(RmsPropSpec),
    Adam(AdamSpec),
    AdamW(AdamWSpec),
}

impl OptimizerSpec {
    /// The `type` in a config.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Sgd(_) => "sgd",
            Self::RmsProp(_) => "rmsprop",
            Self::Adam(_) => "adam",
            Self::AdamW(_) => "adamw",
        }
    }

    /// The learning rate that the schedule starts from.
    pub fn learning_rate(&self) -> f64 {
        match self {
            Self::Sgd(spec) => spec.learning_rate,
            Self::RmsProp(spec) => spec.learning_rate,
            Self::Adam(spec) => spec.learning_rate,
            Self::AdamW(spec) => spec.learning_rate,
        }
    }

    /// The coupled decay: `l2 / 2 * sum of W^2` is part of the loss that is minimised, over
    /// [`ParamKind::Weight`](crate::nn::ParamKind::Weight) only.
    pub fn l2(&self) -> f64 {
        match self {
            Self::Sgd(spec) => spec.l2,
            Self::RmsProp(spec) => spec.l2,
            Self::Adam(spec) => spec.l2,
            Self::AdamW(_) => 0.0,
        }
    }
}

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
pub struct SgdSpec {
    /// Greater than 0.
    pub learning_rate: f64,
    /// `0 <= momentum < 1`.
    pub momentum: f64,
    /// Whether the gradient is taken a step ahead; needs momentum.
    pub nesterov: bool,
    /// Coupled decay of weights; at least 0.
    pub l2: f64,
}

impl Default for SgdSpec {
    fn default() -> Self {
        Self { learning_rate: 0.01, momentum: 0.0, nesterov: false, l2: 0.0 }
    }
}

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
pub struct RmsPropSpec {
    /// Greater than 0.
    pub learning_rate: f64,
    /// `0 <= decay < 1`.
    pub decay: f64,
    /// Greater than 0.
    pub eps: f64,
    /// Coupled decay of weights; at least 0.
    pub l2: f64,
}

impl Default for RmsPropSpec {
    fn default() -> Self {
        Self { learning_rate: 0.01, decay: 0.99, eps: 1e-8, l2: 0.0 }
    }
}

/// Adam, `type = "adam"`, at step `t` from 1:
///
/// ```text
/// m = beta1 * m + (1 - beta1) * g            m_hat = m / (1 - beta1^t)
/// v = beta2 * v + (1 - beta2) * g^2          v_hat = v / (1 - beta2^t)
/// w = w - learning_rate * m_hat / (sqrt(v_hat) + eps)
/// ```
///
/// Source: Kingma and Ba 2015, algorithm 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamSpec {
    /// Greater than 0.
    pub learning_rate: f64,
    /// `0 <= beta1 < 1`.
    pub beta1: f64,
    /// `0 <= beta2 < 1`.
    pub beta2: f64,
    /// Greater than 0.
    pub eps: f64,
    /// Coupled decay of weights; at least 0. For decay beside the gradient, see [`AdamWSpec`].
    pub l2: f64,
}

impl Default for AdamSpec {
    fn default() -> Self {
        Self { learning_rate: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, l2: 0.0 }
    }
}

/// AdamW, `type = "adamw"`: Adam whose weights first shrink, apart from the gradient:
/// `w = w - learning_rate * weight_decay * w`, over weights only.
///
/// Source: Loshchilov and Hutter 2019, algorithm 2; the decay is scaled by the learning rate as in
/// PyTorch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamWSpec {
    /// Greater than 0.
    pub learning_rate: f64,
    /// `0 <= beta1 < 1`.
    pub beta1: f64,
    /// `0 <= beta2 < 1`.
    pub beta2: f64,
    /// Greater than 0.
    pub eps: f64,
    /// Decoupled decay of weights; at least 0.
    pub weight_decay: f64,
}

impl Default for AdamWSpec {
    fn default() -> Self {
        Self { learning_rate: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 }
    }
}
