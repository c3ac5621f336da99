//! The numbers of a run: scores, epochs, steps, and how it ended.

use serde::{Deserialize, Serialize};

use crate::nn::{NonFinite, Task};
use crate::train::Metric;

/// How good a network is on some rows, in evaluation mode.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Weighted mean over the rows, without decay terms, in nats for classes and in scaled units for
    /// values.
    pub loss: f64,
    /// Accuracy or R2.
    #[serde(flatten)]
    pub quality: Quality,
}

/// Accuracy or R2; larger is better.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Share of the rows that are classified correctly, `0..=1`.
    Accuracy(f64),
    /// `1 - sum (target - prediction)^2 / sum (target - mean target)^2`, mean over the targets; at most 1,
    /// NaN where all targets are the same.
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
    /// The share of rows classified correctly; none for values.
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
#[non_exhaustive]
pub enum Outcome {
    /// All epochs were done.
    Finished,
    /// Early stopping ended the run.
    StoppedEarly {
        /// The last epoch.
        epoch: u64,
    },
    /// A number became infinite or NaN.
    Diverged {
        /// The epoch in which it appeared.
        epoch: u64,
        /// The step at which it appeared.
        step: u64,
        /// Where it appeared.
        #[serde(rename = "tensor")]
        cause: NonFinite,
    },
    /// An observer ended the run.
    Interrupted {
        /// Steps done.
        step: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_of_divergence_are_texts_in_files() {
        let causes = [
            (NonFinite::Loss, "loss"),
            (NonFinite::EvaluationLoss, "loss in evaluation mode"),
            (NonFinite::Gradient("affine_1.weight".to_owned()), "gradient of affine_1.weight"),
            (NonFinite::Tensor("batch_norm_1.running_var".to_owned()), "batch_norm_1.running_var"),
        ];
        for (cause, text) in causes {
            let outcome = Outcome::Diverged { epoch: 2, step: 5, cause };
            let json = serde_json::to_string(&outcome).expect("JSON");
            assert_eq!(json, format!(r#"{{"type":"diverged","epoch":2,"step":5,"tensor":"{text}"}}"#));
            assert_eq!(serde_json::from_str::<Outcome>(&json).expect("the same"), outcome);
        }
    }
}
