//! The list of all kinds of layers.

use crate::kernel::real::Real;
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::activation::{Activation, ActivationExport};
// The crate root has what this list has.
pub use crate::nn::layers::{
    AffineSpec, BatchNormSpec, DropoutSpec, LeakyReluSpec, MeanOnlySpec, ReluSpec, SigmoidSpec, SoftplusSpec,
    TanhSpec, affine, batch_norm, dropout, leaky_relu, mean_only, output_affine, relu, sigmoid, softplus,
    tanh,
};
pub use crate::nn::losses::{
    HuberLossSpec, LogisticLossSpec, SoftmaxLossSpec, SquaredLossSpec, huber_loss, logistic_loss,
    softmax_loss, squared_loss,
};
use crate::nn::network::passes::Fused;
use crate::nn::{Layer, Loss};
use crate::settings::settings;

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
            /// use bntrain::{BatchNormSpec, LayerSpec};
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
    layers {
        Affine(AffineSpec) = "affine",
        BatchNorm(BatchNormSpec) = "batch_norm",
        MeanOnly(MeanOnlySpec) = "mean_only",
        Dropout(DropoutSpec) = "dropout",
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
        /// Centring only.
        MeanOnly = "mean_only";
        /// None.
        None = "none";
    }
}
