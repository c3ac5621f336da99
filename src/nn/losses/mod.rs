//! The losses, one file each, and what outputs mean before each of them.

pub mod huber;
pub mod logistic;
pub(crate) mod probability;
pub(crate) mod regression;
pub mod softmax;
pub mod squared;

pub use crate::nn::losses::huber::{HuberLossSpec, huber_loss};
pub use crate::nn::losses::logistic::{LogisticLoss, LogisticLossSpec, logistic_loss};
pub use crate::nn::losses::probability::{
    class_probabilities, correct_log_probabilities, correct_probabilities, log_probabilities, predicted_class,
};
pub use crate::nn::losses::softmax::{SoftmaxLoss, SoftmaxLossSpec, softmax_loss};
pub use crate::nn::losses::squared::{SquaredLossSpec, squared_loss};

use crate::nn::LayerSpec;
use crate::settings::settings;
use crate::targets::Task;

settings! {
    /// The last layer of a network.
    pub enum Loss {
        /// For two or more classes, with a logit for each.
        Softmax = "softmax_loss";
        /// For two classes, with one logit.
        Logistic = "logistic_loss";
        /// For values.
        Squared = "squared_loss";
        /// For values with outliers.
        Huber = "huber_loss";
    }
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
