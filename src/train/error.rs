//! Why a network cannot be trained.

use crate::data::{ArrayError, DataError};
use crate::nn::GroupsError;
use crate::targets::Task;
use crate::train::BatchPlanError;

/// Why a library call failed.
///
/// Divergence is not among the reasons: it is an [`Outcome`](crate::train::Outcome).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Arrays are not a dataset.
    #[error(transparent)]
    Arrays(#[from] ArrayError),
    /// A file is not a dataset, or its rows cannot be split or scaled as asked.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The layers are not a network for these data.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The batches do not suit the network.
    #[error(transparent)]
    Batches(#[from] BatchPlanError),
    /// Rows cannot be predicted.
    #[error(transparent)]
    Prediction(#[from] PredictionError),
    /// A setting of single tensors does not suit the network.
    #[error("{field}: {message}")]
    Tensors {
        /// The field, such as `freeze`.
        field: &'static str,
        /// What is wrong.
        message: String,
    },
    /// A setting is out of range.
    #[error("{field} = {value} is out of range; it must be {allowed}")]
    Setting {
        /// The field, such as `batch_size`, or `network[2].rate` for the third layer.
        field: String,
        /// Its value.
        value: String,
        /// The values that are allowed.
        allowed: String,
    },
}

/// Why layers are not a network for some data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// The last layer is not a loss.
    #[error("the last layer must be a loss, such as softmax_loss() for classes or squared_loss() for values")]
    NoLoss,
    /// There is a loss before the last layer.
    #[error("layer {index} is {kind}, but only the last layer can be a loss")]
    LossInside {
        /// Of the layer, from 0.
        index: usize,
        /// The layer.
        kind: &'static str,
    },
    /// Before the loss, and norms if any, there is no affine layer.
    #[error(
        "before the loss there must be affine({outputs}), for {outputs} outputs; only norms may be between them"
    )]
    NoOutputLayer {
        /// Outputs that the loss needs for these data.
        outputs: usize,
    },
    /// The last affine layer has another width than the loss needs for these data.
    #[error("the last affine layer has {found} units, but the loss needs {expected} for these data")]
    OutputWidth {
        /// Units of the layer.
        found: usize,
        /// Outputs that the loss needs.
        expected: usize,
    },
    /// Another affine layer has no width.
    #[error("layer {index} is affine without units; give it at least 1")]
    NoUnits {
        /// Of the layer, from 0.
        index: usize,
    },
    /// The groups of a group norm do not divide its features.
    #[error("layer {} is group_norm, but {error}", .error.index)]
    Groups {
        /// What is wrong with them.
        error: GroupsError,
    },
    /// The loss is for classes and the data have values, or the other way round.
    #[error("{loss} is not a loss for {}", match .task { Task::Classification => "classes", Task::Regression => "values" })]
    OtherTask {
        /// The loss.
        loss: &'static str,
        /// What the data are for.
        task: Task,
    },
}

/// Why rows cannot be predicted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PredictionError {
    /// A feature is not a number, so rows cannot come from an array.
    #[error("feature {0:?} is not numeric, so rows cannot come from an array")]
    NotNumeric(String),
    /// The rows have other columns than the features.
    #[error("x has {found} columns, but the network was trained on {expected} features")]
    ColumnCount {
        /// Columns of the rows.
        found: usize,
        /// Features of the network.
        expected: usize,
    },
    /// A value is NaN, or the network computes one from it.
    #[error(
        "the prediction for row {row} is not finite; are its values finite, and near those of the training rows?"
    )]
    NotFinite {
        /// Counted from 0.
        row: usize,
    },
}
