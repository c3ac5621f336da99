//! Why a prediction failed.

use std::io;

use crate::data::DataError;
use crate::text::Quoted;

/// Why a prediction failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredictError {
    /// The rows cannot be read, or one of them cannot be predicted.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Two columns of the output would have the same name.
    #[error("the predictions would have two columns {}; rename the one in the file", Quoted(.name))]
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// Several models do not predict the same.
    #[error(
        "model {model} does not have the same columns, the same classes or targets, the same threshold and precision as the \
         first one, so their predictions cannot be averaged"
    )]
    Different {
        /// Which one, counted from 1.
        model: usize,
    },
    /// A prediction for a calibration row is not finite.
    #[error(
        "the prediction for a calibration row is not finite; are its values far from those of the training rows?"
    )]
    CalibrationNotFinite,
    /// The predictions cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}
