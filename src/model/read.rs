//! Reads model files, validating everything first.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use safetensors::SafeTensors;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use crate::config::{Plan, parse_stored};
use crate::data::{is_config, is_text, known_format};
use crate::kernel::real::Real;
use crate::model::checksum::{ChecksumError, verify};
use crate::model::error::{ModelError, ModelFault};
use crate::model::tensors::{member_prefix, restore};
use crate::model::{AnyNetwork, Description, FORMAT, header};
use crate::nn::{LayerSpec, Loss, Network, keep_groups_of_two};
use crate::train::{Outcome, with_dtype};

/// Size limit of a model file in bytes: 4 GiB.
pub const MAX_MODEL_BYTES: u64 = 4 << 30;

/// Size limit of a safetensors header in bytes.
pub(crate) const MAX_HEADER_BYTES: u64 = 100_000_000;

/// A trained network and its metadata.
pub struct Model {
    /// The metadata of its file.
    pub description: Description,
    /// The config it was trained with; `plan.layers` describes the layers of the network.
    pub plan: Plan,
    /// The layers with their weights and running statistics; of an ensemble, those of its first member.
    pub network: AnyNetwork,
    /// The other members of an ensemble, in the same precision; none of a single network.
    pub members: Vec<AnyNetwork>,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl Model {
    /// Reads a model file.
    ///
    /// # Errors
    ///
    /// If there is no file at `path`, or with the first reason not to use it: see [`ModelFault`].
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let read = || Self::from_bytes(&read(path)?);
        read().map_err(|fault| ModelError::new(path, fault))
    }

    /// Reads a model from the bytes of its file.
    ///
    /// The checksum over all bytes is verified before anything is parsed, and no size in the file is
    /// used for an allocation before it is compared with the size of the file. Paths in the config
    /// are not opened.
    ///
    /// # Errors
    ///
    /// The first reason not to use the file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFault> {
        let header_length = check_length(bytes)?;
        verify(bytes).map_err(|error| match error {
            ChecksumError::Missing => ModelFault::Foreign,
            ChecksumError::Mismatch => ModelFault::Checksum,
        })?;
        header::check(&bytes[8..8 + header_length])?;
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(ModelFault::Container)?;
        let file = SafeTensors::deserialize(bytes).map_err(ModelFault::Container)?;
        let document = metadata.metadata().as_ref().and_then(|entries| entries.get(header::ENTRY));
        let mut description = describe(document.ok_or(ModelFault::Foreign)?)?;
        // The paths in it are absolute, and are not opened.
        let mut plan = parse_stored(&description.config).map_err(ModelFault::Config)?;

        let loss = plan.layers.last().and_then(LayerSpec::loss);
        let outputs = loss.map(|loss| loss.outputs(description.encoding.outputs()));
        if description.format < 5 && keep_groups_of_two(&mut plan.layers, outputs) {
            // It may be written again, in the present format.
            description.config = plan.to_toml();
        }
        if loss == Some(Loss::Logistic) && description.encoding.outputs() != 2 {
            return Err(ModelFault::Contradiction("a logistic loss without two classes"));
        }
        let widths = (description.encoding.inputs.len(), description.encoding.outputs());
        let seed = plan.training.seed_of_order();
        let mut unused: BTreeSet<&str> = file.names().into_iter().collect();
        let mut read = |index: usize| -> Result<AnyNetwork, ModelFault> {
            let prefix = member_prefix(index);
            with_dtype!(plan.training.dtype, F => {
                Ok(restore::<F>(&plan.layers, widths, seed, &file, &prefix, &mut unused)?.into())
            })
        };
        let network = read(0)?;
        let members = (1..=description.members.len()).map(&mut read).collect::<Result<_, _>>()?;
        if let Some(name) = unused.first() {
            return Err(ModelFault::ExtraTensor((*name).to_owned()));
        }
        Ok(Self { description, plan, network, members, sha256: format!("{:x}", Sha256::digest(bytes)) })
    }

    /// Its networks, whose predictions are averaged: one, or the members of an ensemble. None of another precision.
    pub fn networks<F: Real>(&self) -> Vec<&Network<F>> {
        std::iter::once(&self.network).chain(&self.members).filter_map(AnyNetwork::get).collect()
    }

    /// The same, mutable.
    pub fn networks_mut<F: Real>(&mut self) -> Vec<&mut Network<F>> {
        std::iter::once(&mut self.network).chain(&mut self.members).filter_map(AnyNetwork::get_mut).collect()
    }
}

/// How the run ended whose model file is at `path`, from its header alone and without a check of its checksum; none where
/// that cannot be read.
pub(crate) fn outcome_in_file(path: &Path) -> Option<Outcome> {
    #[derive(Deserialize)]
    struct Container {
        #[serde(rename = "__metadata__")]
        metadata: BTreeMap<String, String>,
    }
    #[derive(Deserialize)]
    struct Document {
        model: Described,
    }
    #[derive(Deserialize)]
    struct Described {
        history: Ended,
    }
    #[derive(Deserialize)]
    struct Ended {
        outcome: Outcome,
    }
    let mut file = File::open(path).ok()?;
    let is_file = file.metadata().ok()?.is_file();
    let mut length = [0; 8];
    file.read_exact(&mut length).ok().filter(|()| is_file)?;
    let length = u64::from_le_bytes(length);
    let mut bytes = Vec::new();
    file.take(length.min(MAX_HEADER_BYTES)).read_to_end(&mut bytes).ok()?;
    let container: Container = serde_json::from_slice(&bytes).ok()?;
    let document: Document = serde_json::from_str(container.metadata.get(header::ENTRY)?).ok()?;
    Some(document.model.history.outcome)
}

/// The bytes of a regular file. A pipe is refused: it could block, or never end.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, ModelFault> {
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

/// Checks that the file is long enough for the header length in its first 8 bytes, and returns that.
fn check_length(file: &[u8]) -> Result<usize, ModelFault> {
    if let Some(format) = known_format(file) {
        return Err(ModelFault::OtherFile(format));
    }
    let bytes = file.len() as u64;
    let Some((head, rest)) = file.split_first_chunk() else { return Err(ModelFault::TooShort(bytes)) };
    let header = u64::from_le_bytes(*head);
    match header > MAX_HEADER_BYTES || header > rest.len() as u64 {
        true if is_config(file) => Err(ModelFault::ConfigFile),
        true if is_text(file) => Err(ModelFault::OtherFile("a text file, such as a table")),
        true => Err(ModelFault::HeaderLength { header, bytes }),
        false => Ok(header as usize),
    }
}

/// Parses the description in the metadata, if this version knows its format.
fn describe(document: &str) -> Result<Description, ModelFault> {
    /// The part that all formats share.
    #[derive(Deserialize)]
    struct AnyDocument {
        model: Option<AnyDescription>,
        checkpoint: Option<IgnoredAny>,
    }
    #[derive(Deserialize)]
    struct AnyDescription {
        format: u32,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Document {
        #[serde(rename = "sha256")]
        _sha256: IgnoredAny,
        model: Description,
    }
    let AnyDocument { model, checkpoint } =
        serde_json::from_str(document).map_err(ModelFault::Description)?;
    if checkpoint.is_some() {
        return Err(ModelFault::Checkpoint);
    }
    if let Some(AnyDescription { format }) = model.filter(|model| model.format > FORMAT) {
        return Err(ModelFault::Newer(format));
    }
    let Document { model, .. } = serde_json::from_str(document).map_err(ModelFault::Description)?;
    model.check().map_err(ModelFault::Contradiction)?;
    Ok(model)
}
