//! Why a model could not be exported.

use safetensors::SafeTensorError;

/// Why there is no exported file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The format has a limit.
    #[error("the file would have {bytes} bytes; its format holds {limit} at most")]
    TooLarge {
        /// Of the file.
        bytes: usize,
        /// Of the format.
        limit: usize,
    },
    /// The tensors do not fit into a file.
    #[error("the tensors could not be written: {0}")]
    Container(SafeTensorError),
    /// What was written is not what was meant.
    #[error("the file does not read back: {0}")]
    ReadBack(String),
}
