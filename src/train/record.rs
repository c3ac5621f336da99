//! What is known of a run, as numbers.

use serde::{Deserialize, Serialize};

use crate::config::Metric;

/// Mean loss and accuracy over some rows, in evaluation mode.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Mean over the rows, in nats, without decay terms.
    pub loss: f64,
    /// Share of the rows whose largest score is at their class, `0..=1`.
    pub accuracy: f64,
}

/// One row of `metrics.csv`: the state after an epoch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EpochRecord {
    /// From 1; 0 is the state before training.
    pub epoch: u64,
    /// Steps done so far.
    pub step: u64,
    /// Of the last step; none before training.
    pub learning_rate: Option<f64>,
    /// Mean over the epoch's rows as they were trained on, in training mode and while the weights
    /// moved; none before training.
    pub train_loss: Option<f64>,
    /// The training rows in evaluation mode, after the epoch.
    pub train: Score,
    /// The validation rows, after the epoch; none without any.
    pub valid: Option<Score>,
    /// Inside training steps only, so far.
    pub train_seconds: f64,
    /// Inside evaluation, so far.
    pub eval_seconds: f64,
}

impl EpochRecord {
    /// The value of `metric`; none where it was not measured.
    pub fn metric(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::TrainLoss => self.train_loss,
            Metric::TrainEvalLoss => Some(self.train.loss),
            Metric::TrainAccuracy => Some(self.train.accuracy),
            Metric::ValidLoss => self.valid.map(|valid| valid.loss),
            Metric::ValidAccuracy => self.valid.map(|valid| valid.accuracy),
        }
    }
}

/// One row of `steps.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct StepRecord {
    /// From 1.
    pub step: u64,
    /// Mean over the batch in training mode, before the update.
    pub loss: f64,
    /// Used for the update.
    pub learning_rate: f64,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outcome {
    /// All epochs done.
    Finished,
    /// No improvement for the patience of early stopping.
    StoppedEarly {
        /// After which it stopped.
        epoch: u64,
    },
    /// A number that is not finite.
    Diverged {
        /// In which it appeared.
        epoch: u64,
        /// At which it appeared.
        step: u64,
        /// Where it appeared: the loss, a batch statistic or a gradient.
        tensor: String,
    },
    /// Stopped from outside, between two steps.
    Interrupted {
        /// Steps done.
        step: u64,
    },
}
