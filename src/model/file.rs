//! The model file: safetensors, with everything that prediction needs beside the weights.
//!
//! Tensors carry the names and shapes of [`Param`](crate::nn::Param): affine weights are
//! `(inputs, units)`, the transpose of PyTorch's. The metadata hold one entry, `bntrain`, a JSON
//! document; see [`Description`].

use std::collections::HashMap;

use safetensors::tensor::{Dtype, TensorView};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::data::Scaling;
use crate::nn::Network;
use crate::real::Real;

/// What the weights mean.
#[derive(Clone, Debug, Serialize)]
pub struct Description<'a> {
    /// Of this document; 1.
    pub format: u32,
    /// Of the program that wrote it.
    pub version: &'a str,
    /// The resolved config of the run, as TOML.
    pub config: &'a str,
    /// SHA-256 of the data file, in hexadecimal.
    pub data_sha256: &'a str,
    /// Names of the input features, in order.
    pub features: &'a [String],
    /// What is done to each feature: `scaled = (raw - offset) * (1 / divisor)`.
    pub scaling: &'a [Scaling],
    /// Names of the classes, in the order of the scores.
    pub classes: &'a [String],
    /// The epoch that the weights are from.
    pub epoch: u64,
}

/// SHA-256 over all tensors of `network`, names and bits, in hexadecimal: equal for two runs
/// exactly if every weight and every running statistic is.
pub fn result_hash<F: Real>(network: &Network<F>) -> String {
    let mut hash = Sha256::new();
    for (name, _, bytes) in tensors(network) {
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a model file.
///
/// # Errors
///
/// If the description cannot be written as JSON or a tensor is too large for the format.
pub fn to_safetensors<F: Real>(
    network: &Network<F>,
    description: &Description<'_>,
) -> std::io::Result<Vec<u8>> {
    let dtype = if F::NAME == "f64" { Dtype::F64 } else { Dtype::F32 };
    let tensors: Vec<_> = tensors(network).collect();
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((*name, TensorView::new(dtype, shape.to_vec(), bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(std::io::Error::other)?;
    // One entry only: a map of several would be written in a random order.
    let metadata = HashMap::from([("bntrain".to_owned(), serde_json::to_string(description)?)]);
    safetensors::serialize(views, Some(metadata)).map_err(std::io::Error::other)
}

/// Name, shape and little-endian bytes of each tensor.
fn tensors<F: Real>(network: &Network<F>) -> impl Iterator<Item = (&str, [usize; 2], Vec<u8>)> {
    network.params().map(|param| {
        let mut bytes = Vec::with_capacity(param.value.len() * size_of::<F>());
        param.value.iter().for_each(|value| value.put_le_bytes(&mut bytes));
        (param.name.as_str(), [param.value.nrows(), param.value.ncols()], bytes)
    })
}
