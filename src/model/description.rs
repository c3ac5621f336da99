//! What a model file says beside its tensors.

use serde::{Deserialize, Serialize};

use crate::data::Encoding;
use crate::model::History;
use crate::model::error::ModelFault;

/// The format of model files that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// What the tensors of a model file mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Of the file, see [`FORMAT`].
    pub format: u32,
    /// Of the program that wrote it.
    pub version: String,
    /// The complete config of the run, as TOML. The paths in it say where the data came from; no
    /// reader opens them.
    pub config: String,
    /// SHA-256 of the training file as it lay on disk, in hexadecimal.
    pub data_sha256: String,
    /// From a record of a file to inputs, and from scores to answers.
    pub encoding: Encoding,
    /// How the training went.
    pub history: History,
}

impl Description {
    /// Whether its parts fit each other; the JSON may have been made by anyone.
    pub(crate) fn check(&self) -> Result<(), ModelFault> {
        if self.format == 0 {
            return Err(ModelFault::Contradiction("no version wrote format 0"));
        }
        self.encoding.check().map_err(ModelFault::Contradiction)
    }
}
