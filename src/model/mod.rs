//! Trained networks as files: one safetensors file with everything that prediction needs.
//!
//! Tensors carry the names and shapes of [`Param`](crate::nn::Param): affine weights are
//! `(inputs, units)`, the transpose of PyTorch's. The metadata hold one entry, `bntrain`, a JSON
//! document that begins with the file's checksum and goes on with its [`Description`].
//!
//! [`to_bytes`] makes a file; [`Model::load`] reads it back, or says why it is refused.

mod checksum;
mod description;
mod error;
pub mod export;
mod facts;
mod history;
mod load;
mod tensors;
mod write;

#[cfg(test)]
mod tests;

pub use description::{Description, FORMAT};
pub use error::{ModelError, ModelErrorKind, ModelFault};
pub use facts::{LayerFacts, ModelFacts, TensorFacts};
pub use history::{EpochMetrics, History};
pub use load::{AnyNetwork, MAX_MODEL_BYTES, Model};
pub use tensors::result_hash;
pub use write::to_bytes;
