//! Checkpoints: the state of a run in a safetensors file.
//!
//! The tensors are those of a [`RunState`]; `state` has the other numbers, and `epochs/counts` and
//! `epochs/numbers` the records of the epochs. The metadata have one entry, `bntrain`: a JSON document with the
//! checksum of the file and its [`CheckpointOrigin`]. Numbers keep all their bits, NaN included.

use std::collections::HashMap;
use std::io;

use safetensors::tensor::{Dtype as FileDtype, TensorView};
use safetensors::{SafeTensorError, SafeTensors};
use serde::{Deserialize, Serialize};

use crate::config::parse_stored;
use crate::kernel;
use crate::model::checksum::{BLANK, ChecksumError, seal, verify};
use crate::model::epoch_table::{epochs_from, epochs_to};
use crate::nn::keep_groups_of_two;
use crate::text::of_a_parser;
use crate::train::{Dtype, Improvement, Outcome, RunPlace, RunState, StateTensor};

/// The checkpoint format that this version writes, and the newest that it reads.
pub const CHECKPOINT_FORMAT: u32 = 2;

/// Where a checkpoint comes from, and what decides whether another run can go on from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointOrigin {
    /// The version of bntrain that wrote it.
    pub version: String,
    /// The processor that it ran on, and the vector instructions that it used.
    pub processor: String,
    /// The path of the config file of the command.
    pub source: String,
    /// The complete config of the run, as TOML.
    pub config: String,
    /// SHA-256 of the bytes of each data file, in hexadecimal.
    pub data_sha256: Vec<String>,
    /// The data files, where several are one table.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub data_files: Vec<HashedFile>,
    /// Bytes of the run's `metrics.csv` and `steps.csv` at this place.
    pub file_sizes: [u64; 2],
    /// Bytes of its `diagnostics.csv`; 0 if there is none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub diagnostics_size: u64,
}

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashedFile {
    /// Its path.
    pub path: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

fn is_zero<T: PartialEq + Default>(number: &T) -> bool {
    *number == T::default()
}

/// A run that can go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Where it comes from.
    pub origin: CheckpointOrigin,
    /// Where it is.
    pub state: RunState,
}

/// Why a checkpoint cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what the variant means")]
pub enum CheckpointFault {
    #[error("not a checkpoint of bntrain, or damaged in its first bytes")]
    Foreign,
    #[error("damaged: checksum mismatch")]
    Checksum,
    #[error(
        "written by a newer bntrain (checkpoint format {0}); this version reads up to format {CHECKPOINT_FORMAT}"
    )]
    Newer(u32),
    #[error("not a valid safetensors file: {}", of_a_parser(.0))]
    Container(SafeTensorError),
    #[error("cannot read its description: {}", of_a_parser(.0))]
    Description(serde_json::Error),
    #[error("its tensor {0:?} is missing or has another type or shape than a checkpoint's")]
    Tensor(String),
}

/// The entry in the metadata. The checksum comes first, so that its offset is fixed.
#[derive(Serialize)]
struct CheckpointDocument<'a> {
    sha256: &'a str,
    format: u32,
    checkpoint: &'a CheckpointOrigin,
    state: StateCounts,
}

/// The part of a state that JSON can hold.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateCounts {
    epoch: u64,
    batch: u64,
    step: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    extra_steps: i64,
    rows: u64,
    best_epoch: u64,
    /// Whether early stopping has a best value.
    has_best: bool,
    epochs_without_improvement: u64,
    outcome: Option<Outcome>,
}

/// The names of the tensors that are not a run's.
const NUMBERS: &str = "state";
const EPOCH_COUNTS: &str = "epochs/counts";
const EPOCH_NUMBERS: &str = "epochs/numbers";

impl CheckpointOrigin {
    /// That of a run in this process.
    pub fn here(source: String, config: String, data_sha256: Vec<String>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            processor: format!("{} {:?}", std::env::consts::ARCH, kernel::simd_level()),
            source,
            config,
            data_sha256,
            data_files: Vec::new(),
            file_sizes: [0; 2],
            diagnostics_size: 0,
        }
    }
}

impl Checkpoint {
    /// The bytes of its file.
    ///
    /// # Errors
    ///
    /// If the config is too large for a safetensors header.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let RunState { place, outcome, improvement, best_epoch, epochs, seconds, tensors } = &self.state;
        let counts = StateCounts {
            epoch: place.epoch,
            batch: place.batch,
            step: place.step,
            extra_steps: place.extra_steps,
            rows: place.rows,
            best_epoch: *best_epoch,
            has_best: improvement.best.is_some(),
            epochs_without_improvement: improvement.epochs_without,
            outcome: outcome.clone(),
        };
        let best = improvement.best.unwrap_or_default();
        let numbers = [place.loss_sum, place.learning_rate, place.train_seconds, *seconds, best];
        let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let table = epochs_to(epochs);

        let view = |name, dtype, shape, bytes| Ok((name, TensorView::new(dtype, shape, bytes)?));
        let own = [
            view(NUMBERS, FileDtype::F64, vec![numbers.len() / 8], &numbers),
            view(EPOCH_COUNTS, FileDtype::U64, table.counts_shape(), &table.counts),
            view(EPOCH_NUMBERS, FileDtype::F64, table.numbers_shape(), &table.numbers),
        ];
        let tensors = tensors.iter().map(|tensor| {
            view(tensor.name.as_str(), file_dtype(tensor.dtype), tensor.shape.to_vec(), &tensor.bytes)
        });
        let views = own.into_iter().chain(tensors).collect::<Result<Vec<_>, SafeTensorError>>();
        let document = CheckpointDocument {
            sha256: BLANK,
            format: CHECKPOINT_FORMAT,
            checkpoint: &self.origin,
            state: counts,
        };
        let metadata = HashMap::from([("bntrain".to_owned(), serde_json::to_string(&document)?)]);
        let file = views.and_then(|views| safetensors::serialize(views, Some(metadata)));
        let mut file = file.map_err(io::Error::other)?;
        seal(&mut file).map_err(|_| io::Error::other("unexpected layout of the safetensors header"))?;
        Ok(file)
    }

    /// Reads a checkpoint from the bytes of its file. The checksum over all bytes is verified before anything
    /// is parsed.
    ///
    /// # Errors
    ///
    /// The first reason not to use the file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointFault> {
        verify(bytes).map_err(|error| match error {
            ChecksumError::Missing => CheckpointFault::Foreign,
            ChecksumError::Mismatch => CheckpointFault::Checksum,
        })?;
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(CheckpointFault::Container)?;
        let file = SafeTensors::deserialize(bytes).map_err(CheckpointFault::Container)?;
        let document = metadata.metadata().as_ref().and_then(|entries| entries.get("bntrain"));
        let (origin, counts) = describe(document.ok_or(CheckpointFault::Foreign)?)?;

        let missing = |name: &str| CheckpointFault::Tensor(name.to_owned());
        let own = |name: &str, dtype: FileDtype| match file.tensor(name) {
            Ok(view) if view.dtype() == dtype => Ok(view.data().to_vec()),
            _ => Err(missing(name)),
        };
        let numbers = own(NUMBERS, FileDtype::F64)?;
        let numbers: Vec<f64> = numbers_of(&numbers);
        let [loss_sum, learning_rate, train_seconds, seconds, best] = numbers[..] else {
            return Err(missing(NUMBERS));
        };
        let (epoch_counts, epoch_numbers) =
            (own(EPOCH_COUNTS, FileDtype::U64)?, own(EPOCH_NUMBERS, FileDtype::F64)?);
        let epochs = epochs_from(&epoch_counts, &epoch_numbers).ok_or_else(|| missing(EPOCH_COUNTS))?;
        let mut tensors = Vec::new();
        for (name, view) in
            file.iter().filter(|(name, _)| ![NUMBERS, EPOCH_COUNTS, EPOCH_NUMBERS].contains(name))
        {
            let dtype = match view.dtype() {
                FileDtype::F32 => Dtype::F32,
                FileDtype::F64 => Dtype::F64,
                _ => return Err(missing(name)),
            };
            let shape = view.shape().try_into().map_err(|_| missing(name))?;
            tensors.push(StateTensor { name: name.to_owned(), dtype, shape, bytes: view.data().to_vec() });
        }
        // The file has them in no order.
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        let StateCounts { epoch, batch, step, extra_steps, rows, best_epoch, .. } = counts;
        let state = RunState {
            place: RunPlace { epoch, batch, step, extra_steps, rows, loss_sum, learning_rate, train_seconds },
            outcome: counts.outcome,
            improvement: Improvement {
                best: counts.has_best.then_some(best),
                epochs_without: counts.epochs_without_improvement,
            },
            best_epoch,
            epochs,
            seconds,
            tensors,
        };
        Ok(Self { origin, state })
    }
}

/// Parses the document in the metadata, if this version knows its format.
fn describe(document: &str) -> Result<(CheckpointOrigin, StateCounts), CheckpointFault> {
    /// The part that all formats share.
    #[derive(Deserialize)]
    struct AnyCheckpoint {
        format: u32,
    }
    #[derive(Deserialize)]
    struct Document {
        checkpoint: CheckpointOrigin,
        state: StateCounts,
    }
    let AnyCheckpoint { format } = serde_json::from_str(document).map_err(CheckpointFault::Description)?;
    if format > CHECKPOINT_FORMAT {
        return Err(CheckpointFault::Newer(format));
    }
    let Document { mut checkpoint, state } =
        serde_json::from_str(document).map_err(CheckpointFault::Description)?;
    // So that the run is not taken for one with the default groups of this version.
    if format < 2
        && let Ok(mut plan) = parse_stored(&checkpoint.config)
        && keep_groups_of_two(&mut plan.layers, None)
    {
        checkpoint.config = plan.to_toml();
    }
    Ok((checkpoint, state))
}

fn file_dtype(dtype: Dtype) -> FileDtype {
    match dtype {
        Dtype::F32 => FileDtype::F32,
        Dtype::F64 => FileDtype::F64,
    }
}

/// Little-endian numbers.
fn numbers_of(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks_exact(8).filter_map(|bytes| bytes.try_into().ok().map(f64::from_le_bytes)).collect()
}
