//! Layers and networks.
//!
//! Data flow of one training step: [`Network::forward`] fills a [`Workspace`] with every layer's
//! output, the last being one loss per row; [`Network::backward`] walks back, overwriting every
//! gradient; the optimiser then moves the parameters; [`Network::commit`] lets running statistics
//! follow. Evaluation goes through [`Network::infer`], which takes `&self` and so cannot change
//! anything.

mod activation;
mod affine;
mod batch_norm;
mod dropout;
mod init;
mod layer;
mod leaky_relu;
mod mean_only;
mod network;
mod param;
mod relu;
mod running;
mod sigmoid;
mod softmax_loss;
mod spec;
mod tanh;
mod workspace;

pub use affine::{Affine, AffineSpec, Bias};
pub use batch_norm::{Backward, BatchNorm, BatchNormSpec};
pub use dropout::{Dropout, DropoutSpec};
pub use init::Init;
pub use layer::{Layer, Pass};
pub use leaky_relu::LeakyReluSpec;
pub use mean_only::{MeanOnly, MeanOnlySpec};
pub use network::Network;
pub(crate) use network::default_init;
pub use param::{Param, Role};
pub use relu::ReluSpec;
pub use running::{RunningStart, RunningUpdate, RunningVariance};
pub use sigmoid::SigmoidSpec;
pub use softmax_loss::{SoftmaxLoss, SoftmaxLossSpec};
pub use spec::{LayerSpec, Norm};
pub use tanh::TanhSpec;
pub use workspace::Workspace;
