//! The metadata of a model file.

use serde::{Deserialize, Serialize};

use crate::data::Encoding;
use crate::model::History;

/// The model file format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 2;

/// What a model file says besides its tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The file format, see [`FORMAT`].
    pub format: u32,
    /// The version of bntrain that wrote the file.
    pub version: String,
    /// The complete config of the run, as TOML. Its paths say where the data came from; readers do
    /// not open them.
    pub config: String,
    /// SHA-256 of the bytes of the training file, in hexadecimal.
    pub data_sha256: String,
    /// From a record of a file to the network's inputs, and from its outputs to predictions.
    pub encoding: Encoding,
    /// The course of training.
    pub history: History,
}

impl Description {
    /// Checks that its parts are consistent: the file may come from anywhere.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        match self.format {
            0 => Err("there is no format 0"),
            _ => self.encoding.check(),
        }
    }
}
