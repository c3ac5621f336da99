//! Trained networks as files: one safetensors file with everything that prediction needs.
//!
//! Tensors carry the names and shapes of [`Param`](crate::nn::Param): affine weights are
//! `(inputs, units)`, the transpose of PyTorch's. The metadata hold one entry, `bntrain`, a JSON
//! document that begins with the file's checksum and goes on with its [`Description`].
//!
//! [`to_bytes`] makes a file; [`Model::load`] reads it back, or says why it is refused.

pub(crate) mod checksum;
pub(crate) mod description;
pub(crate) mod error;
pub mod export;
pub(crate) mod facts;
pub(crate) mod history;
pub(crate) mod read;
pub(crate) mod tensors;
#[cfg(test)]
mod tests;
pub(crate) mod write;

pub use crate::model::description::{Description, FORMAT};
pub use crate::model::error::{ModelError, ModelErrorKind, ModelFault};
pub use crate::model::facts::{LayerFacts, ModelFacts, TensorFacts};
pub use crate::model::history::{EpochMetrics, History};
pub use crate::model::read::{AnyNetwork, MAX_MODEL_BYTES, Model};
pub use crate::model::tensors::result_hash;
pub use crate::model::write::to_bytes;
