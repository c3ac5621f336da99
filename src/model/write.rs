//! Writes model files.

use std::collections::HashMap;
use std::io;

use safetensors::SafeTensorError;
use safetensors::tensor::TensorView;
use serde::Serialize;

use crate::kernel::real::Real;
use crate::model::Description;
use crate::model::checksum::{BLANK, seal};
use crate::model::read::MAX_HEADER_BYTES;
use crate::model::tensors::{dtype, tensors};
use crate::nn::Network;

/// The entry in the metadata. The checksum comes first, so that its offset is fixed.
#[derive(Serialize)]
struct Document<'a> {
    sha256: &'a str,
    model: &'a Description,
}

/// What the tensors and the course of training may add to the header, generously.
const RESERVED_BYTES: u64 = 2 << 20;

/// Checks that a model with this description can be written, before it is trained.
///
/// # Errors
///
/// If the description, which has the names of all columns, classes and categories, is too large.
pub(crate) fn check_description(description: &Description) -> io::Result<()> {
    let document = serde_json::to_string(&Document { sha256: BLANK, model: description })?;
    // The document is a string of a JSON document itself.
    let bytes = serde_json::to_string(&document)?.len() as u64;
    let max = MAX_HEADER_BYTES - RESERVED_BYTES;
    if bytes <= max {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "the model file would have to describe columns, classes and categories in {bytes} bytes, but has room for \
         {max}; leave out columns or use fewer or shorter categories"
    )))
}

/// The bytes of a model file. The same network and description always give the same bytes.
///
/// # Errors
///
/// If the description cannot be written as JSON, or is too large for a safetensors header.
pub fn to_bytes<F: Real>(network: &Network<F>, description: &Description) -> io::Result<Vec<u8>> {
    let tensors: Vec<_> = tensors(network).collect();
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((*name, TensorView::new(dtype::<F>(), shape.to_vec(), bytes)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()
        .map_err(io::Error::other)?;
    // A single entry: several would be written in a random order.
    let document = serde_json::to_string(&Document { sha256: BLANK, model: description })?;
    let metadata = HashMap::from([("bntrain".to_owned(), document)]);
    let mut file = safetensors::serialize(views, Some(metadata)).map_err(io::Error::other)?;
    seal(&mut file).map_err(|_| io::Error::other("unexpected layout of the safetensors header"))?;
    Ok(file)
}
