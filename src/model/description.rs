//! What a model file says beside its tensors.

use serde::{Deserialize, Serialize};

use super::History;
use super::error::ModelFault;
use crate::data::Scaling;

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
    /// Names of the input features, in order.
    pub features: Vec<String>,
    /// What is done to each feature.
    pub scaling: Vec<Scaling>,
    /// The name of the label column.
    pub label: String,
    /// Names of the classes, in the order of the scores.
    pub classes: Vec<String>,
    /// Rows of each class in the training file, before the split.
    pub class_counts: Vec<usize>,
    /// How the training went.
    pub history: History,
}

impl Description {
    /// Whether its parts fit each other; the JSON may have been made by anyone.
    pub(super) fn check(&self) -> Result<(), ModelFault> {
        let finite = |scaling: &Scaling| {
            scaling.offset.is_finite() && scaling.divisor.is_normal() && 0.0 < scaling.divisor
        };
        if self.format == 0 {
            return Err(ModelFault::Contradiction("no version wrote format 0"));
        }
        if self.features.is_empty() || self.features.len() != self.scaling.len() {
            return Err(ModelFault::Contradiction("there is not a scaling for each feature"));
        }
        if !self.scaling.iter().all(finite) {
            return Err(ModelFault::Contradiction("a scaling has no finite offset or no positive divisor"));
        }
        if self.classes.len() < 2 || self.classes.len() != self.class_counts.len() {
            return Err(ModelFault::Contradiction("there are not two classes with their counts"));
        }
        Ok(())
    }
}
