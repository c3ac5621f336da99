//! The layers as a config describes them, and how they become a network.

use serde::{Deserialize, Serialize};

use crate::nn::{
    AffineSpec, BatchNormSpec, DropoutSpec, HuberLossSpec, LeakyReluSpec, LogisticLossSpec, MeanOnlySpec,
    ReluSpec, SigmoidSpec, SoftmaxLossSpec, SquaredLossSpec, TanhSpec,
};

/// One entry of `[[layers]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each specification documents itself")]
pub enum LayerSpec {
    Affine(AffineSpec),
    BatchNorm(BatchNormSpec),
    MeanOnly(MeanOnlySpec),
    Relu(ReluSpec),
    Sigmoid(SigmoidSpec),
    Tanh(TanhSpec),
    LeakyRelu(LeakyReluSpec),
    Dropout(DropoutSpec),
    SoftmaxLoss(SoftmaxLossSpec),
    LogisticLoss(LogisticLossSpec),
    SquaredLoss(SquaredLossSpec),
    HuberLoss(HuberLossSpec),
}

impl LayerSpec {
    /// The `type` in a config, which is also the prefix of the layer's tensor names.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Affine(_) => "affine",
            Self::BatchNorm(_) => "batch_norm",
            Self::MeanOnly(_) => "mean_only",
            Self::Relu(_) => "relu",
            Self::Sigmoid(_) => "sigmoid",
            Self::Tanh(_) => "tanh",
            Self::LeakyRelu(_) => "leaky_relu",
            Self::Dropout(_) => "dropout",
            Self::SoftmaxLoss(_) => "softmax_loss",
            Self::LogisticLoss(_) => "logistic_loss",
            Self::SquaredLoss(_) => "squared_loss",
            Self::HuberLoss(_) => "huber_loss",
        }
    }

    /// Whether a comparison puts other norms in its place.
    pub fn is_norm(&self) -> bool {
        matches!(self, Self::BatchNorm(_) | Self::MeanOnly(_))
    }
}

/// What stands at each normalisation slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Norm {
    /// Batch normalization.
    BatchNorm,
    /// Centring only.
    MeanOnly,
    /// Nothing.
    None,
}

impl Norm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::BatchNorm, Self::MeanOnly, Self::None];

    /// The name in configs, tables and directories.
    pub fn name(self) -> &'static str {
        match self {
            Self::BatchNorm => "batch_norm",
            Self::MeanOnly => "mean_only",
            Self::None => "none",
        }
    }
}
