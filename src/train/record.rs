//! What is known of a run, as numbers.

use serde::{Deserialize, Serialize};

use crate::nn::Task;
use crate::train::Metric;

/// How good a network is on some rows, in evaluation mode.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Weighted mean over the rows, without decay terms, in nats for classes and in scaled units for
    /// values.
    pub loss: f64,
    /// What people look at beside it.
    #[serde(flatten)]
    pub quality: Quality,
}

/// How good a network is, in a unit that people know; larger is better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Share of the rows whose most probable class is theirs, `0..=1`.
    Accuracy(f64),
    /// `1 - sum (truth - answer)^2 / sum (truth - mean of truth)^2`, mean over the targets; at most 1,
    /// NaN where all rows have the same truth.
    R2(f64),
}

impl Quality {
    /// As it is measured for `task`.
    pub fn new(task: Task, value: f64) -> Self {
        match task {
            Task::Classification => Self::Accuracy(value),
            Task::Regression => Self::R2(value),
        }
    }

    /// The number.
    pub fn value(self) -> f64 {
        match self {
            Self::Accuracy(value) | Self::R2(value) => value,
        }
    }

    /// What it is measured for.
    pub fn task(self) -> Task {
        match self {
            Self::Accuracy(_) => Task::Classification,
            Self::R2(_) => Task::Regression,
        }
    }
}

impl Score {
    /// The share of right answers; none for values.
    pub fn accuracy(&self) -> Option<f64> {
        (self.quality.task() == Task::Classification).then(|| self.quality.value())
    }

    /// The share of the variance that is explained; none for classes.
    pub fn r2(&self) -> Option<f64> {
        (self.quality.task() == Task::Regression).then(|| self.quality.value())
    }
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
            Metric::TrainAccuracy => self.train.accuracy(),
            Metric::TrainR2 => self.train.r2(),
            Metric::ValidLoss => self.valid.map(|valid| valid.loss),
            Metric::ValidAccuracy => self.valid?.accuracy(),
            Metric::ValidR2 => self.valid?.r2(),
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
