//! The list of all kinds of layers.

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::activation::{Activation, ActivationExport};
use crate::nn::layers::{
    AffineSpec, AlphaDropoutSpec, BatchNormSpec, BatchRenormSpec, DropoutSpec, GhostBatchNormSpec,
    GroupNormSpec, LayerNormSpec, LeakyReluSpec, MeanOnlySpec, NoiseOnlySpec, ReluSpec, RmsNormSpec,
    SeluSpec, SigmoidSpec, SoftplusSpec, TanhSpec, VarianceOnlySpec,
};
use crate::nn::losses::{HuberLossSpec, LogisticLossSpec, SoftmaxLossSpec, SquaredLossSpec};
use crate::nn::network::passes::Fused;
use crate::nn::spec::constructors::*;
use crate::nn::{Init, Layer, Loss, WeightForm};
use crate::settings::settings;

/// The functions that make layers. The crate root has what is in this list.
pub(crate) mod constructors {
    pub use crate::nn::layers::{
        affine, alpha_dropout, batch_norm, batch_renorm, dropout, ghost_batch_norm, group_norm, layer_norm,
        leaky_relu, mean_only, noise_only, output_affine, relu, rms_norm, selu, sigmoid, softplus, tanh,
        variance_only,
    };
    pub use crate::nn::losses::{huber_loss, logistic_loss, softmax_loss, squared_loss};
}

/// Declares [`LayerSpec`]: a variant for each kind of layer, with its name in a config; and
/// [`ActivationKind`]: the activations alone. Inside the crate the patterns `any_activation!()` and
/// `any_loss!()` are those variants.
macro_rules! layers {
    (
        layers { $($layer:ident($layer_spec:ident) = $layer_kind:literal,)+ }
        activations {
            $($(#[doc = $doc:literal])+ $activation:ident($activation_spec:ident) = $activation_kind:literal,)+
        }
        losses { $($loss:ident($loss_spec:ident) = $loss_kind:literal,)+ }
    ) => {
        layers! {
            $($layer($layer_spec) = $layer_kind,)+
            $($activation($activation_spec) = $activation_kind,)+
            $($loss($loss_spec) = $loss_kind,)+
        }

        settings! {
            /// The activation layers.
            pub enum ActivationKind {
                $($(#[doc = $doc])+ $activation = $activation_kind;)+
            }
        }

        impl ActivationKind {
            /// The layer, with its defaults.
            pub fn layer(self) -> LayerSpec {
                match self {
                    $(Self::$activation => $activation_spec::default().into(),)+
                }
            }
        }

        impl LayerSpec {
            /// What the layer is in other tools, if it is an activation; for a network in `F`.
            pub(crate) fn exported_activation<F: Real>(&self) -> Option<ActivationExport> {
                match self {
                    $(Self::$activation(spec) => Some(spec.export::<F>()),)+
                    _ => None,
                }
            }
        }

        macro_rules! any_activation {
            () => { $($crate::nn::LayerSpec::$activation(_))|+ };
        }
        pub(crate) use any_activation;

        macro_rules! any_loss {
            () => { $($crate::nn::LayerSpec::$loss(_))|+ };
        }
        pub(crate) use any_loss;
    };

    ($($variant:ident($spec:ident) = $kind:literal,)+) => {
        settings! {
            /// A layer with its settings: one entry of `[[layers]]`.
            ///
            /// Functions make them: [`affine(32)`](crate::nn::affine()),
            /// [`batch_norm()`](crate::nn::batch_norm()), [`relu()`](crate::nn::relu()). For settings other than
            /// the defaults, convert the specification:
            ///
            /// ```
            /// use bntrain::LayerSpec;
            /// use bntrain::layers::BatchNormSpec;
            ///
            /// let norm: LayerSpec = BatchNormSpec { eps: 1e-3, ..BatchNormSpec::default() }.into();
            /// assert_eq!(norm.kind(), "batch_norm");
            /// ```
            pub enum LayerSpec {
                $($variant($spec) = $kind;)+
            }
        }

        impl LayerSpec {
            /// Whether a comparison puts other norms in its place.
            pub fn is_norm(&self) -> bool {
                match self {
                    $(Self::$variant(_) => <$spec as Build>::IS_NORM,)+
                }
            }

            /// Whether it cancels a bias directly before it.
            pub(crate) fn cancels_bias(&self) -> bool {
                match self {
                    $(Self::$variant(_) => <$spec as Build>::CANCELS_BIAS,)+
                }
            }

            /// Whether it normalizes by statistics of the batch, which needs two rows.
            pub(crate) fn needs_batch(&self) -> bool {
                match self {
                    $(Self::$variant(_) => <$spec as Build>::NEEDS_BATCH,)+
                }
            }

            /// Which loss this is, if it is one.
            pub fn loss(&self) -> Option<Loss> {
                match self {
                    $(Self::$variant(_) => <$spec as Build>::LOSS,)+
                }
            }

            /// How the weights before it start by default, if it says so.
            pub(crate) fn init(&self) -> Option<Init> {
                match self {
                    $(Self::$variant(_) => <$spec as Build>::INIT,)+
                }
            }

            pub(crate) fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
                match self {
                    $(Self::$variant(spec) => spec.build(context),)+
                }
            }

            pub(crate) fn fused(&self, context: &BuildContext<'_>) -> Fused {
                match self {
                    $(Self::$variant(spec) => spec.fused(context),)+
                }
            }
        }
    };
}

layers! {
    layers {
        Affine(AffineSpec) = "affine",
        BatchNorm(BatchNormSpec) = "batch_norm",
        GhostBatchNorm(GhostBatchNormSpec) = "ghost_batch_norm",
        BatchRenorm(BatchRenormSpec) = "batch_renorm",
        MeanOnly(MeanOnlySpec) = "mean_only",
        VarianceOnly(VarianceOnlySpec) = "variance_only",
        NoiseOnly(NoiseOnlySpec) = "noise_only",
        LayerNorm(LayerNormSpec) = "layer_norm",
        RmsNorm(RmsNormSpec) = "rms_norm",
        GroupNorm(GroupNormSpec) = "group_norm",
        Dropout(DropoutSpec) = "dropout",
        AlphaDropout(AlphaDropoutSpec) = "alpha_dropout",
    }
    activations {
        /// ReLU.
        Relu(ReluSpec) = "relu",
        /// Logistic function.
        Sigmoid(SigmoidSpec) = "sigmoid",
        /// Hyperbolic tangent.
        Tanh(TanhSpec) = "tanh",
        /// Leaky ReLU.
        LeakyRelu(LeakyReluSpec) = "leaky_relu",
        /// Softplus.
        Softplus(SoftplusSpec) = "softplus",
        /// SELU.
        Selu(SeluSpec) = "selu",
    }
    losses {
        SoftmaxLoss(SoftmaxLossSpec) = "softmax_loss",
        LogisticLoss(LogisticLossSpec) = "logistic_loss",
        SquaredLoss(SquaredLossSpec) = "squared_loss",
        HuberLoss(HuberLossSpec) = "huber_loss",
    }
}

settings! {
    /// The norm in each place where the network has one.
    pub enum Norm {
        /// Batch normalization.
        BatchNorm = "batch_norm";
        /// Batch normalization of parts of a batch.
        GhostBatchNorm = "ghost_batch_norm";
        /// Batch renormalization.
        BatchRenorm = "batch_renorm";
        /// Centering only.
        MeanOnly = "mean_only";
        /// Scaling only.
        VarianceOnly = "variance_only";
        /// The noise of batch statistics alone.
        NoiseOnly = "noise_only";
        /// Layer normalization.
        LayerNorm = "layer_norm";
        /// RMS normalization.
        RmsNorm = "rms_norm";
        /// Group normalization.
        GroupNorm = "group_norm";
        /// Weight normalization of the affine layer before the place.
        WeightNorm = "weight_norm";
        /// Weight normalization, and centering.
        WeightNormMeanOnly = "weight_norm_mean_only";
        /// Weight normalization with centered directions.
        CenteredWeightNorm = "centered_weight_norm";
        /// None.
        None = "none";
    }
}

impl Norm {
    /// The layer, with its defaults; nothing for none.
    pub(crate) fn layer(self) -> Option<LayerSpec> {
        match self {
            Self::BatchNorm => Some(batch_norm()),
            Self::GhostBatchNorm => Some(ghost_batch_norm()),
            Self::BatchRenorm => Some(batch_renorm()),
            Self::VarianceOnly => Some(variance_only()),
            Self::MeanOnly => Some(mean_only()),
            Self::NoiseOnly => Some(noise_only()),
            Self::LayerNorm => Some(layer_norm()),
            Self::RmsNorm => Some(rms_norm()),
            Self::GroupNorm => Some(group_norm()),
            Self::WeightNormMeanOnly => Some(mean_only()),
            Self::WeightNorm | Self::CenteredWeightNorm | Self::None => None,
        }
    }

    /// Whether it is a layer, which `model.position` places. Others are none or in the weights.
    pub(crate) fn has_position(self) -> bool {
        self.layer().is_some()
    }

    /// How the weights of the affine layer before it are written.
    pub(crate) fn weights(self) -> WeightForm {
        match self {
            Self::WeightNorm | Self::WeightNormMeanOnly => WeightForm::WeightNorm,
            Self::CenteredWeightNorm => WeightForm::CenteredWeightNorm,
            _ => WeightForm::Plain,
        }
    }
}

/// The index of the output layer: the affine layer before the loss, which norms may follow.
pub(crate) fn output_layer(layers: &[LayerSpec]) -> Option<usize> {
    let (_, before) = layers.split_last().filter(|(last, _)| last.loss().is_some())?;
    let index = before.iter().rposition(|layer| !layer.is_norm())?;
    matches!(before[index], LayerSpec::Affine(_)).then_some(index)
}

impl LayerSpec {
    /// The rows of a ghost batch, if it has any.
    pub(crate) fn ghost_rows(&self) -> Option<usize> {
        match self {
            Self::GhostBatchNorm(norm) => Some(norm.rows),
            _ => None,
        }
    }
}
