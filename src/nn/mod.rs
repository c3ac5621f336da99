//! Layers, losses and the network: forward, backward, inference.
//!
//! Data flow of one training step: [`Network::forward`] fills a [`Workspace`] with the output of every
//! layer, the last being one loss per row; [`Network::backward`] goes back, overwriting every gradient;
//! the optimiser then updates the parameters, and [`Network::update_running_stats`] the running
//! statistics. Evaluation goes through [`Network::infer`], which takes `&self` and so cannot change
//! anything.

pub(crate) mod blocks;
pub(crate) mod build;
pub(crate) mod init;
pub(crate) mod layer;
pub mod layers;
pub mod losses;
pub(crate) mod lsuv;
pub(crate) mod network;
pub(crate) mod param;
pub(crate) mod running_stats;
pub(crate) mod spec;
pub(crate) mod twin;

pub use crate::nn::blocks::gather::{Alone, Gather};
pub use crate::nn::blocks::{BatchBlocks, most_exchanged};
pub use crate::nn::build::{InitialWeights, build_layers};
pub(crate) use crate::nn::build::{blank_layers, default_init, draw, tensor_names};
pub use crate::nn::init::Init;
pub use crate::nn::layer::{Layer, NormalizeBy, PassContext, StatsSource};
pub use crate::nn::layers::row_norm::group_norm::GroupsError;
pub(crate) use crate::nn::layers::row_norm::group_norm::{check_groups, keep_groups_of_two};
pub(crate) use crate::nn::layers::row_norm::outputs::{FewOutputs, few_outputs};
pub use crate::nn::layers::*;
pub use crate::nn::losses::*;
pub(crate) use crate::nn::lsuv::has_fitted_start;
pub use crate::nn::network::Network;
pub use crate::nn::network::any_network::AnyNetwork;
pub use crate::nn::network::dataset_stats::DatasetStats;
pub use crate::nn::network::gradients::Gradients;
pub use crate::nn::network::non_finite::NonFinite;
pub use crate::nn::network::workspace::Workspace;
pub(crate) use crate::nn::network::workspace::{CHUNK_ROWS, row_chunks};
pub use crate::nn::param::{Param, ParamKind};
pub use crate::nn::running_stats::{RunningStart, RunningUpdate, RunningVariance};
pub use crate::nn::spec::{ActivationKind, LayerSpec, Norm};
pub(crate) use crate::nn::spec::{any_activation, any_loss, output_layer};
pub(crate) use crate::nn::twin::has_norm_slot;
pub use crate::nn::twin::{norm_of, twin};
pub use crate::targets::{TargetsView, Task};
