//! Why a model could not be exported.

use safetensors::SafeTensorError;

/// Why a model could not be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The file would exceed the size limit of its format.
    #[error("the file would have {bytes} bytes; the format allows at most {limit}")]
    TooLarge {
        /// Size of the file in bytes.
        bytes: usize,
        /// Largest size of the format in bytes.
        limit: usize,
    },
    /// The tensors cannot be stored in a safetensors file.
    #[error("could not write the tensors: {0}")]
    Container(SafeTensorError),
}
