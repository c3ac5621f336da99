//! Model files: a trained network and everything that prediction needs, in one safetensors file.
//!
//! Tensors have the names and shapes of [`Param`](crate::nn::Param): affine weights are
//! `(inputs, units)`, the transpose of PyTorch's. The metadata have one entry, `bntrain`: a JSON
//! document with the checksum of the file and its [`Description`].
//!
//! [`to_bytes`] makes a file, [`Model::load`] reads it.

pub(crate) mod checkpoint;
pub(crate) mod checksum;
pub(crate) mod description;
pub(crate) mod ensemble;
pub(crate) mod epoch_table;
pub(crate) mod error;
#[cfg(feature = "export")]
pub mod export;
pub(crate) mod facts;
pub(crate) mod header;
pub(crate) mod history;
pub(crate) mod initial;
pub(crate) mod read;
pub(crate) mod tensors;
#[cfg(test)]
mod tests;
pub(crate) mod write;

pub use crate::model::checkpoint::{
    CHECKPOINT_FORMAT, Checkpoint, CheckpointFault, CheckpointOrigin, HashedFile,
};
pub use crate::model::description::calibration::{Calibration, CalibrationScores, MAX_CALIBRATION_ROWS};
pub use crate::model::description::{Description, FORMAT, MAX_MEMBERS};
pub use crate::model::ensemble::EnsembleError;
pub use crate::model::error::{ModelError, ModelErrorKind, ModelFault};
pub use crate::model::facts::{LayerFacts, ModelFacts, TensorFacts};
pub use crate::model::history::{EpochMetrics, History};
pub use crate::model::initial::{InitialNetwork, InitialTensors};
pub(crate) use crate::model::read::outcome_in_file;
pub use crate::model::read::{MAX_MODEL_BYTES, Model};
pub use crate::model::tensors::result_hash;
pub use crate::model::write::{DescriptionTooLarge, check_size, ensemble_to_bytes, to_bytes};
pub use crate::nn::AnyNetwork;
pub(crate) use crate::nn::network::any_network::with_network;
