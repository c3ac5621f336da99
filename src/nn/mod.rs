//! Layers and networks.
//!
//! Data flow of one training step: [`Network::forward`] fills a [`Workspace`] with every layer's
//! output, the last being one loss per row; [`Network::backward`] walks back, overwriting every
//! gradient; the optimiser then moves the parameters; [`Network::commit`] lets running statistics
//! follow. Evaluation goes through [`Network::infer`], which takes `&self` and so cannot change
//! anything.

pub(crate) mod dataset_stats;
pub(crate) mod init;
pub(crate) mod layer;
pub(crate) mod layers;
pub(crate) mod losses;
pub(crate) mod network;
pub(crate) mod param;
pub(crate) mod running_stats;
pub(crate) mod spec;
pub(crate) mod workspace;

pub use crate::nn::dataset_stats::Population;
pub use crate::nn::init::Init;
pub use crate::nn::layer::{Layer, PassContext};
pub use crate::nn::layers::affine::{Affine, AffineSpec, Bias};
pub use crate::nn::layers::batch_norm::{Backward, BatchNorm, BatchNormSpec};
pub use crate::nn::layers::dropout::{Dropout, DropoutSpec};
pub use crate::nn::layers::leaky_relu::LeakyReluSpec;
pub use crate::nn::layers::mean_only::{MeanOnly, MeanOnlySpec};
pub use crate::nn::layers::relu::ReluSpec;
pub use crate::nn::layers::sigmoid::SigmoidSpec;
pub use crate::nn::layers::tanh::TanhSpec;
pub use crate::nn::losses::huber::HuberLossSpec;
pub use crate::nn::losses::logistic::{LogisticLoss, LogisticLossSpec};
pub use crate::nn::losses::softmax::{SoftmaxLoss, SoftmaxLossSpec};
pub use crate::nn::losses::squared::SquaredLossSpec;
pub use crate::nn::losses::{Loss, class_probabilities, predicted_class};
pub(crate) use crate::nn::network::default_init;
pub use crate::nn::network::{Network, WantedWeights};
pub use crate::nn::param::{Param, ParamKind};
pub use crate::nn::running_stats::{RunningStart, RunningUpdate, RunningVariance};
pub use crate::nn::spec::{LayerSpec, Norm};
pub use crate::nn::workspace::Workspace;
pub use crate::targets::{TargetsView, Task};
