//! Model files, made.

use std::collections::HashMap;
use std::io;

use safetensors::SafeTensorError;
use safetensors::tensor::TensorView;
use serde::Serialize;

use crate::kernel::real::Real;
use crate::model::Description;
use crate::model::checksum::{BLANK, seal};
use crate::model::tensors::{dtype, tensors};
use crate::nn::Network;

/// The one entry in the metadata; the checksum comes first, at a place that never moves.
#[derive(Serialize)]
struct Document<'a> {
    sha256: &'a str,
    model: &'a Description,
}

/// The bytes of a model file; the same network and description give the same bytes.
///
/// # Errors
///
/// If the description cannot be written as JSON or is too large for the format.
pub fn to_bytes<F: Real>(network: &Network<F>, description: &Description) -> io::Result<Vec<u8>> {
    let tensors: Vec<_> = tensors(network).collect();
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((*name, TensorView::new(dtype::<F>(), shape.to_vec(), bytes)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()
        .map_err(io::Error::other)?;
    // One entry only: a map of several would be written in a random order.
    let document = serde_json::to_string(&Document { sha256: BLANK, model: description })?;
    let metadata = HashMap::from([("bntrain".to_owned(), document)]);
    let mut file = safetensors::serialize(views, Some(metadata)).map_err(io::Error::other)?;
    match seal(&mut file) {
        true => Ok(file),
        false => Err(io::Error::other("the safetensors library puts the metadata elsewhere")),
    }
}
