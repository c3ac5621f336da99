//! The losses, one file each, and what outputs mean before each of them.

pub(crate) mod huber;
pub(crate) mod logistic;
pub(crate) mod probability;
pub(crate) mod regression;
pub(crate) mod softmax;
pub(crate) mod squared;

pub use crate::nn::losses::huber::{HuberLossSpec, huber_loss};
pub use crate::nn::losses::logistic::{LogisticLoss, LogisticLossSpec, logistic_loss};
pub use crate::nn::losses::probability::{class_probabilities, log_probabilities, predicted_class};
pub use crate::nn::losses::softmax::{SoftmaxLoss, SoftmaxLossSpec, softmax_loss};
pub use crate::nn::losses::squared::{SquaredLossSpec, squared_loss};

use serde::{Deserialize, Serialize};

use crate::nn::LayerSpec;
use crate::targets::Task;

/// The last layer of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Loss {
    /// For two classes or more, with a logit for each.
    #[serde(rename = "softmax_loss")]
    Softmax,
    /// For two classes, with a single logit.
    #[serde(rename = "logistic_loss")]
    Logistic,
    /// For values.
    #[serde(rename = "squared_loss")]
    Squared,
    /// For values with outliers.
    #[serde(rename = "huber_loss")]
    Huber,
}

impl Loss {
    /// The task that it is for.
    pub fn task(self) -> Task {
        match self {
            Self::Softmax | Self::Logistic => Task::Classification,
            Self::Squared | Self::Huber => Task::Regression,
        }
    }

    /// The default loss of a task.
    pub fn for_task(task: Task) -> Self {
        match task {
            Task::Classification => Self::Softmax,
            Task::Regression => Self::Squared,
        }
    }

    /// The number of outputs that it needs for that many classes or values.
    pub fn outputs(self, answers: usize) -> usize {
        match self {
            Self::Logistic => 1,
            Self::Softmax | Self::Squared | Self::Huber => answers,
        }
    }

    /// The layer, with its defaults.
    pub fn layer(self) -> LayerSpec {
        match self {
            Self::Softmax => softmax_loss(),
            Self::Logistic => logistic_loss(),
            Self::Squared => squared_loss(),
            Self::Huber => huber_loss(),
        }
    }
}
