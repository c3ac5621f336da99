//! Why a model file is refused.

use std::io;
use std::path::{Path, PathBuf};

use safetensors::SafeTensorError;

use crate::config::ConfigError;
use crate::model::FORMAT;
use crate::text::{DisplayPath, Quoted};

/// Why a model cannot be used, and the file concerned.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", DisplayPath(.path))]
pub struct ModelError {
    path: PathBuf,
    fault: Box<ModelFault>,
}

/// What a [`ModelError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelErrorKind {
    /// The content of the file.
    Model,
    /// Reading the file.
    Io,
    /// A limit of size.
    Limit,
}

impl ModelError {
    pub(crate) fn new(path: &Path, fault: ModelFault) -> Self {
        Self { path: path.to_owned(), fault: Box::new(fault) }
    }

    /// The kind, for the exit code.
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
    #[error("is no regular file")]
    NotAFile,
    #[error("cannot be read: {0}")]
    Read(io::Error),
    #[error("is larger than {limit} bytes, the limit for a model")]
    TooLarge { limit: u64 },

    #[error("{0} bytes are too short for a model file")]
    TooShort(u64),
    #[error(
        "its head announces {header} bytes of header in a file of {bytes}; it is damaged or no model file"
    )]
    HeaderLength { header: u64, bytes: u64 },
    #[error("not written by bntrain, or damaged in its first bytes")]
    Foreign,
    #[error("damaged: its bytes are not those that its checksum was taken of")]
    Checksum,
    #[error("written by a newer bntrain (format {0}); this one reads format {FORMAT}")]
    Newer(u32),
    #[error("no valid safetensors file: {0}")]
    Container(SafeTensorError),
    #[error("its description cannot be read: {0}")]
    Description(serde_json::Error),
    #[error("its description contradicts itself: {0}")]
    Contradiction(&'static str),
    #[error("its config cannot be read: {0}")]
    Config(ConfigError),

    #[error("tensor {} is missing", Quoted(.0))]
    MissingTensor(String),
    #[error("tensor {} belongs to no layer", Quoted(.0))]
    ExtraTensor(String),
    #[error("tensor {} is {found}; the config asks for {expected}", Quoted(.name))]
    Precision { name: String, found: String, expected: &'static str },
    #[error("tensor {} is {}; the layer before it and the config make it {} x {}", Quoted(.name), by(.found), .expected.0, .expected.1)]
    Shape { name: String, found: Vec<usize>, expected: (usize, usize) },
    #[error("tensor {} has {value} at [{row}, {column}]; only finite numbers can be computed with", Quoted(.name))]
    NotFinite { name: String, row: usize, column: usize, value: f64 },
    #[error("tensor {} has the variance {value} at [{column}]; none is negative", Quoted(.name))]
    NegativeVariance { name: String, column: usize, value: f64 },
}

/// A shape as people write it.
fn by(shape: &[usize]) -> String {
    match shape {
        [] => "a single number".to_owned(),
        lengths => lengths.iter().map(usize::to_string).collect::<Vec<_>>().join(" x "),
    }
}
