//! Why a model file cannot be used.

use std::io;
use std::path::{Path, PathBuf};

use safetensors::SafeTensorError;

use crate::config::ConfigError;
use crate::model::FORMAT;
use crate::text::{DisplayPath, Quoted, of_a_parser, shortened};

/// Why a model file cannot be used, with its path.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", DisplayPath(.path))]
pub struct ModelError {
    path: PathBuf,
    fault: Box<ModelFault>,
}

/// Category of a [`ModelError`], for exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelErrorKind {
    /// The content of the file.
    Model,
    /// Reading the file.
    Io,
    /// A size limit.
    Limit,
}

impl ModelError {
    pub(crate) fn new(path: &Path, fault: ModelFault) -> Self {
        Self { path: path.to_owned(), fault: Box::new(fault) }
    }

    /// The category.
    pub fn kind(&self) -> ModelErrorKind {
        match *self.fault {
            ModelFault::NotFound | ModelFault::IsDirectory | ModelFault::NotAFile | ModelFault::Read(_) => {
                ModelErrorKind::Io
            }
            ModelFault::TooLarge { .. } => ModelErrorKind::Limit,
            _ => ModelErrorKind::Model,
        }
    }

    /// What is wrong.
    pub fn fault(&self) -> &ModelFault {
        &self.fault
    }
}

/// What is wrong with a model file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what the variant means")]
pub enum ModelFault {
    #[error("not found")]
    NotFound,
    #[error("is a directory; give the model.safetensors in it")]
    IsDirectory,
    #[error("is not a regular file")]
    NotAFile,
    #[error("cannot be read: {0}")]
    Read(io::Error),
    #[error("is larger than {limit} bytes, the limit for a model")]
    TooLarge { limit: u64 },

    #[error("this is {0}, not a model file; give the model.safetensors of a run")]
    OtherFile(&'static str),
    #[error("this is a config, not a model file; train with it, and give the model.safetensors of the run")]
    ConfigFile,
    #[error("too short for a model file ({0} bytes)")]
    TooShort(u64),
    #[error("damaged or not a model file: it declares a header of {header} bytes but has {bytes} in all")]
    HeaderLength { header: u64, bytes: u64 },
    #[error("not a model file of bntrain, or damaged in its first bytes")]
    Foreign,
    #[error("a checkpoint, not a model; the model of its run is the model.safetensors next to it")]
    Checkpoint,
    #[error("damaged: checksum mismatch")]
    Checksum,
    #[error("written by a newer bntrain (model format {0}); this version reads up to format {FORMAT}")]
    Newer(u32),
    #[error("not a valid safetensors file: {}", of_a_parser(.0))]
    Container(SafeTensorError),
    #[error("it declares tensor {} twice", Quoted(.0))]
    TwoTensors(String),
    #[error("it declares more than {limit} tensors, which is more than any network has")]
    TooManyTensors { limit: usize },
    #[error("its metadata have an entry {} besides the description", Quoted(.0))]
    ExtraMetadata(String),
    #[error("cannot read its description: {}", of_a_parser(.0))]
    Description(serde_json::Error),
    #[error("its description is inconsistent: {0}")]
    Contradiction(&'static str),
    #[error("cannot read its config: {0}")]
    Config(ConfigError),

    #[error("missing tensor {}", Quoted(.0))]
    MissingTensor(String),
    #[error("unexpected tensor {}", Quoted(.0))]
    ExtraTensor(String),
    #[error("tensor {} is {found}, but its config says {expected}", Quoted(.name))]
    Precision { name: String, found: String, expected: &'static str },
    #[error("tensor {} has shape {}, but its config and the layer before it need {} x {}", Quoted(.name), by(.found), .expected.0, .expected.1)]
    Shape { name: String, found: Vec<usize>, expected: (usize, usize) },
    #[error(
        "tensor {} has shape {}, but that of the network is {} x {}; affine weights are inputs x units",
        Quoted(.name), by(.found), .expected.0, .expected.1
    )]
    InitialShape { name: String, found: Vec<usize>, expected: (usize, usize) },
    #[error("tensor {} is {found}; initial values are F32 or F64", Quoted(.name))]
    InitialPrecision { name: String, found: String },
    #[error(
        "has no tensor of the network; it has {}, the network {}", shortened(&.found.join(", ")), .wanted.join(", ")
    )]
    NoneOfTheTensors { found: Vec<String>, wanted: Vec<String> },
    #[error("tensor {} has {value} at [{row}, {column}]; all numbers must be finite", Quoted(.name))]
    NotFinite { name: String, row: usize, column: usize, value: f64 },
    #[error("tensor {} has the negative variance {value} at [{column}]", Quoted(.name))]
    NegativeVariance { name: String, column: usize, value: f64 },
}

/// A shape as in messages: `4 x 3`.
fn by(shape: &[usize]) -> String {
    match shape {
        [] => "of a single number".to_owned(),
        lengths => lengths.iter().map(usize::to_string).collect::<Vec<_>>().join(" x "),
    }
}
