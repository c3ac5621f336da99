//! What a run of training is asked to do: epochs, batches, precision, schedule, early stopping.

use serde::{Deserialize, Serialize};

use crate::data::{ClassWeights, LastBatch, Sampling};
use crate::nn::Task;
use crate::optim::Schedule;

/// How to train. In a config file this is the table `[training]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingSpec {
    /// Passes over the training rows; at least 1.
    pub epochs: u64,
    /// Rows per step; at least 1, at least 2 with batch norm.
    pub batch_size: usize,
    /// Key of all random streams.
    pub seed: u64,
    /// What becomes of the rows after the last whole batch.
    pub last_batch: LastBatch,
    /// How the rows of an epoch are chosen.
    pub sampling: Sampling,
    /// The precision of all arithmetic.
    pub dtype: Dtype,
    /// How much the rows of each class count; none where all count alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<ClassWeights>,
    /// Whether a linear model and the answer that is the same for all rows are assessed beside the
    /// network.
    pub baselines: bool,
    /// Bound on the global norm of the gradients, greater than 0; none for no clipping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// Steps between two rows of `steps.csv`; at least 1.
    pub log_every_steps: u64,
    /// How the learning rate moves.
    pub schedule: Schedule,
    /// When to stop before the last epoch; none for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
}

impl Default for TrainingSpec {
    fn default() -> Self {
        Self {
            epochs: 20,
            batch_size: 64,
            seed: 0,
            last_batch: LastBatch::Merge,
            sampling: Sampling::Shuffle,
            dtype: Dtype::F32,
            class_weights: None,
            baselines: true,
            clip_norm: None,
            log_every_steps: 1,
            schedule: Schedule::default(),
            early_stopping: None,
        }
    }
}

/// The precision of all arithmetic of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are Rust's own")]
pub enum Dtype {
    F32,
    F64,
}

/// `[training.early_stopping]`: stop when `metric` has not improved by more than `min_delta` for
/// `patience` epochs, and keep the weights and running statistics of the best epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EarlyStopping {
    /// What is watched.
    pub metric: Metric,
    /// Epochs without improvement before the stop; at least 1.
    pub patience: u64,
    /// What counts as an improvement; at least 0.
    pub min_delta: f64,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self { metric: Metric::ValidLoss, patience: 10, min_delta: 0.0 }
    }
}

/// A number that every epoch yields; the names are those of the columns of `metrics.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "see the fields of `EpochRecord`")]
pub enum Metric {
    TrainLoss,
    TrainEvalLoss,
    TrainAccuracy,
    TrainR2,
    ValidLoss,
    ValidAccuracy,
    ValidR2,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::TrainLoss,
        Self::TrainEvalLoss,
        Self::TrainAccuracy,
        Self::TrainR2,
        Self::ValidLoss,
        Self::ValidAccuracy,
        Self::ValidR2,
    ];

    /// The task that it is measured in; none if in any.
    pub fn task(self) -> Option<Task> {
        match self {
            Self::TrainLoss | Self::TrainEvalLoss | Self::ValidLoss => None,
            Self::TrainAccuracy | Self::ValidAccuracy => Some(Task::Classification),
            Self::TrainR2 | Self::ValidR2 => Some(Task::Regression),
        }
    }

    /// How good a network for `task` is on the training rows, beside the loss.
    pub fn train_quality(task: Task) -> Self {
        match task {
            Task::Classification => Self::TrainAccuracy,
            Task::Regression => Self::TrainR2,
        }
    }

    /// How good a network for `task` is on the validation rows, beside the loss.
    pub fn valid_quality(task: Task) -> Self {
        match task {
            Task::Classification => Self::ValidAccuracy,
            Task::Regression => Self::ValidR2,
        }
    }

    /// Whether larger is better.
    pub fn is_gain(self) -> bool {
        matches!(self, Self::TrainAccuracy | Self::TrainR2 | Self::ValidAccuracy | Self::ValidR2)
    }
}
