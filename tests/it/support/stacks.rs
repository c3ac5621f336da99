//! Layer lists.

use bntrain::nn::{
    AffineSpec, BatchNormSpec, DropoutSpec, HuberLossSpec, LayerSpec, LeakyReluSpec, Loss, MeanOnlySpec,
    ReluSpec, SigmoidSpec, SoftmaxLossSpec, TanhSpec,
};

pub(crate) fn affine(units: usize) -> LayerSpec {
    LayerSpec::Affine(AffineSpec { units: Some(units), ..AffineSpec::default() })
}

/// The last affine layer, as wide as there are classes.
pub(crate) fn scores() -> LayerSpec {
    LayerSpec::Affine(AffineSpec::default())
}

pub(crate) fn batch_norm() -> LayerSpec {
    LayerSpec::BatchNorm(BatchNormSpec::default())
}

pub(crate) fn mean_only() -> LayerSpec {
    LayerSpec::MeanOnly(MeanOnlySpec::default())
}

pub(crate) fn relu() -> LayerSpec {
    LayerSpec::Relu(ReluSpec {})
}

pub(crate) fn sigmoid() -> LayerSpec {
    LayerSpec::Sigmoid(SigmoidSpec {})
}

pub(crate) fn tanh() -> LayerSpec {
    LayerSpec::Tanh(TanhSpec {})
}

pub(crate) fn leaky_relu() -> LayerSpec {
    LayerSpec::LeakyRelu(LeakyReluSpec { slope: 0.1 })
}

pub(crate) fn dropout(rate: f64) -> LayerSpec {
    LayerSpec::Dropout(DropoutSpec { rate })
}

pub(crate) fn softmax_loss() -> LayerSpec {
    LayerSpec::SoftmaxLoss(SoftmaxLossSpec {})
}

pub(crate) fn logistic_loss() -> LayerSpec {
    Loss::Logistic.layer()
}

pub(crate) fn squared_loss() -> LayerSpec {
    Loss::Squared.layer()
}

pub(crate) fn huber_loss(delta: f64) -> LayerSpec {
    LayerSpec::HuberLoss(HuberLossSpec { delta })
}

/// Hidden blocks of `units` units, each an affine layer and what `block` gives, then scores and
/// loss.
pub(crate) fn stack(units: &[usize], block: &[LayerSpec]) -> Vec<LayerSpec> {
    let hidden = units.iter().flat_map(|&units| std::iter::once(affine(units)).chain(block.iter().cloned()));
    hidden.chain([scores(), softmax_loss()]).collect()
}
