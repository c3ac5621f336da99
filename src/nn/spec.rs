//! The list of all kinds of layers.

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::network::passes::Fused;
use crate::nn::{
    AffineSpec, BatchNormSpec, DropoutSpec, HuberLossSpec, Layer, LeakyReluSpec, LogisticLossSpec, Loss,
    MeanOnlySpec, ReluSpec, SigmoidSpec, SoftmaxLossSpec, SquaredLossSpec, TanhSpec,
};
use crate::settings::settings;

/// Declares [`LayerSpec`]: a variant for each kind of layer, with its name in a config.
macro_rules! layers {
    ($($variant:ident($spec:ident) = $kind:literal,)+) => {
        settings! {
            /// A layer with its settings: one entry of `[[layers]]`.
            ///
            /// The functions of this module make them: [`affine(32)`](crate::nn::affine),
            /// [`batch_norm()`](crate::nn::batch_norm), [`relu()`](crate::nn::relu). For settings other than
            /// the defaults, convert the specification:
            ///
            /// ```
            /// use bntrain::nn::{BatchNormSpec, LayerSpec};
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

            /// Which loss this is, if it is one.
            pub fn loss(&self) -> Option<Loss> {
                match self {
                    $(Self::$variant(_) => <$spec as Build>::LOSS,)+
                }
            }

            /// Whether the weights before it start as [`Init::HeNormal`](crate::nn::Init) by default.
            pub(crate) fn has_he_init(&self) -> bool {
                match self {
                    $(Self::$variant(_) => <$spec as Build>::HE_INIT,)+
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
    Affine(AffineSpec) = "affine",
    BatchNorm(BatchNormSpec) = "batch_norm",
    MeanOnly(MeanOnlySpec) = "mean_only",
    Relu(ReluSpec) = "relu",
    Sigmoid(SigmoidSpec) = "sigmoid",
    Tanh(TanhSpec) = "tanh",
    LeakyRelu(LeakyReluSpec) = "leaky_relu",
    Dropout(DropoutSpec) = "dropout",
    SoftmaxLoss(SoftmaxLossSpec) = "softmax_loss",
    LogisticLoss(LogisticLossSpec) = "logistic_loss",
    SquaredLoss(SquaredLossSpec) = "squared_loss",
    HuberLoss(HuberLossSpec) = "huber_loss",
}

settings! {
    /// The norm in each place where the network has one.
    pub enum Norm {
        /// Batch normalization.
        BatchNorm = "batch_norm";
        /// Centring only.
        MeanOnly = "mean_only";
        /// None.
        None = "none";
    }
}
