//! The metadata of a model file.

pub(crate) mod calibration;

use serde::{Deserialize, Serialize};

use crate::data::Encoding;
use crate::model::{Calibration, History};

/// The model file format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 5;

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
    /// The course of training; of an ensemble, that of its first member.
    pub history: History,
    /// Those of the other members of an ensemble; models of formats 1 and 2 are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<History>,
    /// How well it predicts its validation rows; none without them, and in models of formats 1 to 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}

/// The most members of an ensemble.
pub const MAX_MEMBERS: usize = 100;

impl Description {
    /// Checks that its parts are consistent: the file may come from anywhere.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        match self.format {
            0 => Err("there is no format 0"),
            _ if self.members.len() >= MAX_MEMBERS => Err("an ensemble of more than 100 members"),
            _ => {
                self.encoding.check()?;
                self.calibration.as_ref().map_or(Ok(()), |found| found.scores.check(&self.encoding))
            }
        }
    }
}
