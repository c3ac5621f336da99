//! Layers, losses and the network: forward, backward, inference.
//!
//! Data flow of one training step: [`Network::forward`] fills a [`Workspace`] with the output of every
//! layer, the last being one loss per row; [`Network::backward`] goes back, overwriting every gradient;
//! the optimiser then updates the parameters, and [`Network::update_running_stats`] the running
//! statistics. Evaluation goes through [`Network::infer`], which takes `&self` and so cannot change
//! anything.

pub(crate) mod any_network;
pub(crate) mod build;
pub(crate) mod dataset_stats;
pub(crate) mod gradients;
pub(crate) mod init;
pub(crate) mod layer;
pub(crate) mod layers;
pub(crate) mod losses;
pub(crate) mod network;
pub(crate) mod non_finite;
pub(crate) mod param;
pub(crate) mod passes;
pub(crate) mod running_stats;
pub(crate) mod spec;
pub(crate) mod twin;
pub(crate) mod workspace;

pub use crate::nn::any_network::AnyNetwork;
pub(crate) use crate::nn::build::default_init;
pub use crate::nn::build::{InitialWeights, build_layers};
pub use crate::nn::dataset_stats::DatasetStats;
pub use crate::nn::gradients::Gradients;
pub use crate::nn::init::Init;
pub use crate::nn::layer::{Layer, PassContext};
pub use crate::nn::layers::*;
pub use crate::nn::losses::*;
pub use crate::nn::network::Network;
pub use crate::nn::non_finite::NonFinite;
pub use crate::nn::param::{Param, ParamKind};
pub use crate::nn::running_stats::{RunningStart, RunningUpdate, RunningVariance};
pub use crate::nn::spec::{LayerSpec, Norm};
pub use crate::nn::twin::{norm_of, twin};
pub use crate::nn::workspace::Workspace;
pub(crate) use crate::nn::workspace::{CHUNK_ROWS, row_chunks};
pub use crate::targets::{TargetsView, Task};
