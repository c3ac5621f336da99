//! Model files, read: everything is checked before anything of it is believed.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use safetensors::SafeTensors;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::config;
use crate::config::Plan;
use crate::model::checksum::{Verdict, hex, verify};
use crate::model::error::{ModelError, ModelFault};
use crate::model::tensors::restore;
use crate::model::{Description, FORMAT};
use crate::nn::{LayerSpec, Loss, Network};
use crate::train::Dtype;

/// Bytes of the largest model file that is read: 4 GiB.
pub const MAX_MODEL_BYTES: u64 = 4 << 30;

/// The longest header that safetensors has, in bytes.
const LONGEST_HEADER: u64 = 100_000_000;

/// A trained network with all that is known about it.
pub struct Model {
    /// What its file says beside the tensors.
    pub description: Description,
    /// The config that it was trained by, checked; its layers are those of the network.
    pub plan: Plan,
    /// Its layers with their weights and running statistics.
    pub network: AnyNetwork,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// A network in the precision that it was trained in.
#[expect(missing_docs, reason = "the names are Rust's own")]
pub enum AnyNetwork {
    F32(Network<f32>),
    F64(Network<f64>),
}

impl Model {
    /// Reads a model file.
    ///
    /// # Errors
    ///
    /// If there is none at `path`, or with the first reason why it cannot be trusted: see
    /// [`ModelFault`].
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let read = || Self::from_bytes(&read(path)?);
        read().map_err(|fault| ModelError::new(path, fault))
    }

    /// The model whose file has these bytes.
    ///
    /// Nothing is allocated by what the bytes say before it was compared with how many there are,
    /// and nothing is computed from them before the checksum over all of them was found right.
    /// Paths in the config are not opened.
    ///
    /// # Errors
    ///
    /// The first reason against it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFault> {
        check_length(bytes)?;
        match verify(bytes) {
            Verdict::Whole => {}
            Verdict::Foreign => return Err(ModelFault::Foreign),
            Verdict::Damaged => return Err(ModelFault::Checksum),
        }
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(ModelFault::Container)?;
        let file = SafeTensors::deserialize(bytes).map_err(ModelFault::Container)?;
        let document = metadata.metadata().as_ref().and_then(|entries| entries.get("bntrain"));
        let description = describe(document.ok_or(ModelFault::Foreign)?)?;
        // Relative to nothing: its paths are absolute, and are not opened.
        let plan = config::parse(&description.config, Path::new("config.toml"), &[]);
        let plan = plan.map_err(ModelFault::Config)?;

        let loss = plan.layers.last().and_then(LayerSpec::loss);
        if loss == Some(Loss::Logistic) && description.encoding.outputs() != 2 {
            return Err(ModelFault::Contradiction("a logistic loss without two classes"));
        }
        let widths = (description.encoding.inputs.len(), description.encoding.outputs());
        let seed = plan.training.seed;
        let network = match plan.training.dtype {
            Dtype::F32 => AnyNetwork::F32(restore(&plan.layers, widths, seed, &file)?),
            Dtype::F64 => AnyNetwork::F64(restore(&plan.layers, widths, seed, &file)?),
        };
        Ok(Self { description, plan, network, sha256: hex(Sha256::digest(bytes)) })
    }
}

/// The bytes of a regular file; anything else could block, or never end.
fn read(path: &Path) -> Result<Vec<u8>, ModelFault> {
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => ModelFault::NotFound,
        _ => ModelFault::Read(error),
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(ModelFault::IsDirectory);
    }
    if !metadata.is_file() {
        return Err(ModelFault::NotAFile);
    }
    if metadata.len() > MAX_MODEL_BYTES {
        return Err(ModelFault::TooLarge { limit: MAX_MODEL_BYTES });
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(metadata.len() as usize).map_err(|error| ModelFault::Read(error.into()))?;
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_MODEL_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 > MAX_MODEL_BYTES {
        true => Err(ModelFault::TooLarge { limit: MAX_MODEL_BYTES }),
        false => Ok(bytes),
    }
}

/// Whether a file can hold the header that its first 8 bytes announce.
fn check_length(file: &[u8]) -> Result<(), ModelFault> {
    let bytes = file.len() as u64;
    let Some((head, rest)) = file.split_first_chunk() else { return Err(ModelFault::TooShort(bytes)) };
    let header = u64::from_le_bytes(*head);
    match header > LONGEST_HEADER || header > rest.len() as u64 {
        true => Err(ModelFault::HeaderLength { header, bytes }),
        false => Ok(()),
    }
}

/// The description in the metadata, if it is of a format that is known.
fn describe(document: &str) -> Result<Description, ModelFault> {
    /// What documents of every format have.
    #[derive(Deserialize)]
    struct AnyDocument {
        model: AnyDescription,
    }
    #[derive(Deserialize)]
    struct AnyDescription {
        format: u32,
    }
    #[derive(Deserialize)]
    struct Document {
        model: Description,
    }
    let AnyDocument { model: AnyDescription { format } } =
        serde_json::from_str(document).map_err(ModelFault::Description)?;
    if format > FORMAT {
        return Err(ModelFault::Newer(format));
    }
    let Document { model } = serde_json::from_str(document).map_err(ModelFault::Description)?;
    model.check()?;
    Ok(model)
}
