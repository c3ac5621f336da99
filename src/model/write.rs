//! Writes model files.

use std::collections::HashMap;
use std::io;

use safetensors::SafeTensorError;
use safetensors::tensor::TensorView;
use serde::Serialize;

use crate::config::Plan;
use crate::data::Encoding;
use crate::kernel::real::Real;
use crate::model::checksum::{BLANK, seal};
use crate::model::header::ENTRY;
use crate::model::read::MAX_HEADER_BYTES;
use crate::model::tensors::{dtype, member_prefix, tensors};
use crate::model::{Description, FORMAT, History, MAX_CALIBRATION_ROWS, Model};
use crate::nn::Network;
use crate::train::{Outcome, with_dtype};

/// The entry in the metadata. The checksum comes first, so that its offset is fixed.
#[derive(Serialize)]
struct Document<'a> {
    sha256: &'a str,
    model: &'a Description,
}

/// The bytes of a model file. The same network and description always give the same bytes.
///
/// # Errors
///
/// If the description cannot be written as JSON, or is too large for a safetensors header.
pub fn to_bytes<F: Real>(network: &Network<F>, description: &Description) -> io::Result<Vec<u8>> {
    ensemble_to_bytes(&[network], description)
}

/// The bytes of a model file of several networks of the same layers: an ensemble. `description.members` describes
/// those after the first.
///
/// # Errors
///
/// As [`to_bytes`].
pub fn ensemble_to_bytes<F: Real>(
    networks: &[&Network<F>],
    description: &Description,
) -> io::Result<Vec<u8>> {
    let of_member = |(index, network): (usize, &&Network<F>)| {
        let prefix = member_prefix(index);
        let named =
            |(name, shape, bytes): (&str, [usize; 2], Vec<u8>)| (format!("{prefix}{name}"), shape, bytes);
        tensors(network).map(named).collect::<Vec<_>>()
    };
    let tensors: Vec<_> = networks.iter().enumerate().flat_map(of_member).collect();
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| {
            Ok((name.as_str(), TensorView::new(dtype::<F>(), shape.to_vec(), bytes)?))
        })
        .collect::<Result<Vec<_>, SafeTensorError>>()
        .map_err(io::Error::other)?;
    // A single entry: several would be written in a random order.
    let document = document(description)?;
    let metadata = HashMap::from([(ENTRY.to_owned(), document)]);
    let mut file = safetensors::serialize(views, Some(metadata)).map_err(io::Error::other)?;
    seal(&mut file).map_err(|_| io::Error::other("unexpected layout of the safetensors header"))?;
    Ok(file)
}

impl Model {
    /// The bytes of a file of this model, with what its description says now, in the format of this version.
    ///
    /// # Errors
    ///
    /// As [`to_bytes`].
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let description = Description { format: FORMAT, version, ..self.description.clone() };
        with_dtype!(self.plan.training.dtype, F => ensemble_to_bytes(&self.networks::<F>(), &description))
    }
}

/// Bytes that the history of a run takes at most; it has about 1,000 epochs.
const HISTORY_BYTES: u64 = 1 << 20;
/// Bytes that the scores of the validation rows take at most, of which a number has 26 at most.
const CALIBRATION_BYTES: u64 = 26 * MAX_CALIBRATION_ROWS as u64;
/// Bytes that the declarations of the tensors of a layer take at most.
const BYTES_OF_LAYER: u64 = 2000;

/// Column names, categories and classes exceed what the header of a model file can hold.
#[derive(Debug, thiserror::Error)]
#[error(
    "the model file would need {needs} bytes for the names of columns, categories and classes, limit {limit}; \
     use fewer or shorter ones"
)]
pub struct DescriptionTooLarge {
    needs: u64,
    limit: u64,
}

/// Checks, before training, that a network of `plan` for data of `encoding` can be written as a file.
///
/// # Errors
///
/// If its description is too large for the header of a safetensors file.
pub fn check_size(plan: &Plan, encoding: &Encoding) -> Result<(), DescriptionTooLarge> {
    let (needs, limit) = (header_bytes(plan, encoding), MAX_HEADER_BYTES);
    if needs <= limit { Ok(()) } else { Err(DescriptionTooLarge { needs, limit }) }
}

/// The most bytes that the header of a model file can have.
fn header_bytes(plan: &Plan, encoding: &Encoding) -> u64 {
    let history = History::new(&Outcome::Finished, 0, &[], None);
    let description = Description {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config: plan.to_toml(),
        data_sha256: BLANK.to_owned(),
        encoding: encoding.clone(),
        members: vec![history.clone(); plan.training.ensemble as usize - 1],
        history,
        calibration: None,
    };
    document(&description).map_or(u64::MAX, |document| {
        // In the header it is a JSON string, in which its quotes are escaped.
        let escapes = document.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
        (document.len() + escapes) as u64
            + CALIBRATION_BYTES
            + plan.training.ensemble * (HISTORY_BYTES + BYTES_OF_LAYER * plan.layers.len() as u64)
    })
}

fn document(description: &Description) -> serde_json::Result<String> {
    serde_json::to_string(&Document { sha256: BLANK, model: description })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::{description, encoding, network, plan};

    #[test]
    fn the_size_of_the_header_is_bounded_before_training() {
        let plan = plan(&[]);
        let mut long = encoding();
        long.columns.push(crate::data::EncodedColumn {
            name: "\"\\\n".repeat(100_000),
            role: crate::data::Role::Ignore,
            feature: None,
            missing_markers: None,
        });
        for encoding in [encoding(), long] {
            let description = Description { encoding, ..description(&plan) };
            let file = to_bytes(&network::<f32>(&plan), &description).expect("a file");
            let header = u64::from_le_bytes(*file.first_chunk().expect("a head"));
            let bound = header_bytes(&plan, &description.encoding);
            assert!(header <= bound && bound < header + (2 << 20), "{header} {bound}");
        }
    }
}
