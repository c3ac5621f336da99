//! Why a claim could not be tried.

use std::io;
use std::path::PathBuf;

use crate::config::ConfigError;
use crate::data::DataError;
use crate::experiment::RunError;
use crate::text::DisplayPath;
use crate::train::BatchPlanError;

/// Why a claim could not be tried.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LabError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Batches(#[from] BatchPlanError),
    #[error(transparent)]
    Run(#[from] RunError),
    /// The file of the claim itself.
    #[error("{name}.toml: {reason}")]
    Claim { name: String, reason: String },
    #[error("could not read {}: {error}", DisplayPath(.path))]
    Unread { path: PathBuf, error: io::Error },
    #[error("could not write the bundled data to a temporary folder: {0}")]
    Bundled(io::Error),
}
