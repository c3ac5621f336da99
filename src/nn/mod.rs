//! Layers and networks.
//!
//! Data flow of one training step: [`Network::forward`] fills a [`Workspace`] with every layer's
//! output, the last being one loss per row; [`Network::backward`] walks back, overwriting every
//! gradient; the optimiser then moves the parameters; [`Network::commit`] lets running statistics
//! follow. Evaluation goes through [`Network::infer`], which takes `&self` and so cannot change
//! anything.

mod activation;
pub mod affine;
pub mod batch_norm;
pub mod dropout;
pub mod huber_loss;
mod init;
mod layer;
pub mod leaky_relu;
pub mod logistic_loss;
mod loss;
pub mod mean_only;
mod network;
mod param;
mod population;
pub mod relu;
mod running;
pub mod sigmoid;
pub mod softmax_loss;
mod spec;
pub mod squared_loss;
pub mod tanh;
mod targets;
mod value_loss;
mod workspace;

pub use affine::{Affine, AffineSpec, Bias};
pub use batch_norm::{Backward, BatchNorm, BatchNormSpec};
pub use dropout::{Dropout, DropoutSpec};
pub use huber_loss::HuberLossSpec;
pub use init::Init;
pub use layer::{Layer, Pass};
pub use leaky_relu::LeakyReluSpec;
pub use logistic_loss::{LogisticLoss, LogisticLossSpec};
pub use loss::{Loss, Task, class_probabilities, predicted_class};
pub use mean_only::{MeanOnly, MeanOnlySpec};
pub(crate) use network::default_init;
pub use network::{Network, WantedWeights};
pub use param::{Param, Role};
pub use population::Population;
pub use relu::ReluSpec;
pub use running::{RunningStart, RunningUpdate, RunningVariance};
pub use sigmoid::SigmoidSpec;
pub use softmax_loss::{SoftmaxLoss, SoftmaxLossSpec};
pub use spec::{LayerSpec, Norm};
pub use squared_loss::SquaredLossSpec;
pub use tanh::TanhSpec;
pub use targets::Targets;
pub use workspace::Workspace;
