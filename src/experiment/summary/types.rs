//! What a summary holds.

use serde::{Deserialize, Serialize};

use crate::config::ComparedMeasure;
use crate::diagnose::Finding;
use crate::experiment::assessment::{Assessment, HoldoutSet, Subject};
use crate::experiment::statistics::{Estimate, Interval};
use crate::experiment::summary::comparison::{ExpectedBest, NormComparison};
use crate::experiment::summary::positions::PositionComparison;
use crate::experiment::summary::sequential::Stopping;
use crate::experiment::tuning::Tuning;
use crate::nn::{Norm, Task};
use crate::train::{Metric, Outcome};

/// What came of all runs. Numbers that are not known or not finite are `null` in the file or not
/// there; for classes there is no R2, for values no accuracy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// [`Summary::FORMAT_VERSION`] of the program that wrote it.
    pub format_version: u32,
    /// What the networks are trained for.
    #[serde(default)]
    pub task: Task,
    /// The rows that the losses and accuracies of `groups` and `comparisons` belong to.
    pub measured_on: MeasuredOn,
    /// Of every interval, `0..1`.
    pub confidence: f64,
    /// The measure that was named before the run to compare the norms by.
    #[serde(default = "final_loss")]
    pub primary: ComparedMeasure,
    /// The norms in the order in which the config lists them.
    pub norms: Vec<Norm>,
    /// One entry per run.
    pub runs: Vec<RunSummary>,
    /// One entry per norm and point.
    pub groups: Vec<GroupSummary>,
    /// One entry per pair of norms and per point.
    pub comparisons: Vec<NormComparison>,
    /// Where positions are compared: each norm after the activation and before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub positions: Vec<PositionComparison>,
    /// With a grid, for each norm: how good the best of some points is.
    #[serde(default)]
    pub expected_best: Vec<ExpectedBest>,
    /// How settings were chosen for each norm; none where all have those of the config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<Tuning>,
    /// How it ended, where seeds were added until it was clear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping: Option<Stopping>,
    /// The trained networks on held-out rows and the baselines, metric by metric; one entry for each point.
    #[serde(default)]
    pub final_metrics: Vec<MetricSummary>,
    /// With `training.ensemble`, the networks together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ensemble: Option<EnsembleSummary>,
    /// What diagnostics found; not there without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// Some rows of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasuredOn {
    /// The validation rows.
    ValidationRows,
    /// The training rows in evaluation mode, for want of validation rows.
    TrainingRows,
}

/// A point of the grid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// From 1.
    pub index: usize,
    /// Such as `optimizer.learning_rate=0.01`, several joined by `;`.
    pub settings: String,
}

/// What came of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The norm at each normalisation slot.
    pub norm: Norm,
    /// The point of the grid; none without a grid.
    pub point: Option<Point>,
    /// Seed of all random streams.
    pub seed: u64,
    /// How the run ended.
    pub outcome: Outcome,
    /// Whether it diverged, or ended with a loss of the training rows, in evaluation mode, that is larger than
    /// `constant_loss`.
    #[serde(default)]
    pub is_lost: bool,
    /// The loss of the training rows if all have the same prediction; none where it was not measured.
    #[serde(default)]
    pub constant_loss: Option<f64>,
    /// The last epoch that was evaluated; 0 is the state before training.
    pub last_epoch: u64,
    /// Steps done by then.
    pub last_step: u64,
    /// The epoch of the lowest loss, the first of equals; none where no loss is finite.
    pub best_epoch: Option<u64>,
    /// The epoch whose weights the model file has.
    pub kept_epoch: u64,
    /// After the last epoch.
    pub final_scores: Scores,
    /// The best of all epochs, each number for itself.
    pub best_scores: Scores,
    /// Mean loss of all training rows under these weights, in evaluation mode.
    #[serde(default)]
    pub train_loss: Option<f64>,
    /// Accuracy or R2 on the same rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_quality: Option<f64>,
    /// Mean loss of the test rows under these weights.
    pub test_loss: Option<f64>,
    /// Accuracy or R2 on the test rows under these weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_quality: Option<f64>,
    /// The trained networks on held-out rows, and for the first norm the baselines.
    #[serde(default)]
    pub assessments: Vec<Assessment>,
    /// Trained parameters.
    pub parameters: usize,
    /// From the first step to the last evaluation.
    pub seconds: f64,
    /// Inside training steps only.
    pub train_seconds: f64,
    /// Inside evaluation.
    pub eval_seconds: f64,
    /// SHA-256 over the tensors of the model file, names and bits, in hexadecimal.
    pub result_hash: String,
}

/// Losses and accuracies or R2s; none where not measured or not finite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Mean over an epoch's rows as they were trained on.
    pub train_loss: Option<f64>,
    /// The training rows in evaluation mode.
    pub train_eval_loss: Option<f64>,
    /// Accuracy or R2 on the same rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_quality: Option<f64>,
    /// The validation rows.
    pub valid_loss: Option<f64>,
    /// Accuracy or R2 on the same rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_quality: Option<f64>,
}

/// All runs of one norm at one point; means are over the complete ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupSummary {
    /// The norm at each normalisation slot.
    pub norm: Norm,
    /// The point of the grid; none without a grid.
    pub point: Option<Point>,
    /// All runs.
    pub n_runs: usize,
    /// Those that did all epochs or stopped early, and are not lost.
    pub n_completed: usize,
    /// Those in which a number became infinite or NaN, or that ended worse than a constant prediction.
    #[serde(default)]
    pub n_lost: usize,
    /// The share of lost runs to expect, by Wilson's interval; none without runs that ended.
    #[serde(default)]
    pub lost_share: Option<Interval>,
    /// Of the lost ones, those in which a number became infinite or NaN.
    pub n_diverged: usize,
    /// Those that an observer or a signal ended.
    pub n_interrupted: usize,
    /// After the last epoch.
    pub final_loss: Estimate,
    /// The lowest of any epoch.
    pub best_loss: Estimate,
    /// Accuracy or R2: after the last epoch.
    pub final_quality: Estimate,
    /// Accuracy or R2: the highest of any epoch.
    pub best_quality: Estimate,
    /// Loss of the training rows in evaluation mode after the last epoch.
    pub final_train_eval_loss: Estimate,
    /// Loss of the test rows under the weights of the model file.
    pub test_loss: Estimate,
    /// Accuracy or R2 on the test rows.
    #[serde(default = "no_values")]
    pub test_quality: Estimate,
    /// From the first step to the last evaluation of a run.
    pub seconds: Estimate,
    /// Inside training steps only.
    pub train_seconds: Estimate,
    /// Trained parameters of one network.
    pub parameters: usize,
}

/// One metric of the networks of one norm, or of a baseline, at one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricSummary {
    /// What made the predictions.
    pub of: Subject,
    /// The norm at each normalisation slot; none for baselines.
    pub norm: Option<Norm>,
    /// The point of the grid; none without a grid.
    pub point: Option<Point>,
    /// Which rows were predicted.
    pub rows: HoldoutSet,
    /// Such as `accuracy`, or `price.rmse` where there are several targets.
    pub metric: String,
    /// Over the completed runs.
    pub values: Estimate,
}

/// The networks of an ensemble together, whose predictions are averaged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnsembleSummary {
    /// How many networks.
    pub members: usize,
    /// The mean prediction on validation and test rows, if there are any.
    pub assessments: Vec<Assessment>,
}

impl Summary {
    /// Counts up with every change that an older program would misread.
    pub const FORMAT_VERSION: u32 = 2;

    /// Whether there is a grid.
    pub fn has_grid(&self) -> bool {
        self.groups.iter().any(|group| group.point.is_some())
    }
}

/// Each value once, in the order of first appearance.
pub(crate) fn distinct<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}

impl GroupSummary {
    /// Mean and spread of `measure` over the completed runs.
    pub fn measure(&self, measure: ComparedMeasure) -> &Estimate {
        match measure {
            ComparedMeasure::FinalLoss => &self.final_loss,
            ComparedMeasure::BestLoss => &self.best_loss,
            ComparedMeasure::FinalAccuracy | ComparedMeasure::FinalR2 => &self.final_quality,
            ComparedMeasure::BestAccuracy | ComparedMeasure::BestR2 => &self.best_quality,
            ComparedMeasure::FinalTrainEvalLoss => &self.final_train_eval_loss,
            ComparedMeasure::TestLoss => &self.test_loss,
            ComparedMeasure::TestAccuracy | ComparedMeasure::TestR2 => &self.test_quality,
        }
    }

    pub(crate) fn measure_mut(&mut self, measure: ComparedMeasure) -> &mut Estimate {
        match measure {
            ComparedMeasure::FinalLoss => &mut self.final_loss,
            ComparedMeasure::BestLoss => &mut self.best_loss,
            ComparedMeasure::FinalAccuracy | ComparedMeasure::FinalR2 => &mut self.final_quality,
            ComparedMeasure::BestAccuracy | ComparedMeasure::BestR2 => &mut self.best_quality,
            ComparedMeasure::FinalTrainEvalLoss => &mut self.final_train_eval_loss,
            ComparedMeasure::TestLoss => &mut self.test_loss,
            ComparedMeasure::TestAccuracy | ComparedMeasure::TestR2 => &mut self.test_quality,
        }
    }
}

impl RunSummary {
    /// Whether the run's numbers are those of a trained network: it did all epochs or stopped early, and is
    /// not lost.
    pub fn is_complete(&self) -> bool {
        match self.outcome {
            Outcome::Finished | Outcome::StoppedEarly { .. } => !self.is_lost,
            Outcome::Diverged { .. } | Outcome::Interrupted { .. } => false,
        }
    }

    /// `measure` of the run; none where not measured or not finite.
    pub fn measure(&self, measure: ComparedMeasure, measured_on: MeasuredOn) -> Option<f64> {
        match measure {
            ComparedMeasure::FinalLoss => self.final_scores.loss(measured_on),
            ComparedMeasure::BestLoss => self.best_scores.loss(measured_on),
            ComparedMeasure::FinalAccuracy | ComparedMeasure::FinalR2 => {
                self.final_scores.quality(measured_on)
            }
            ComparedMeasure::BestAccuracy | ComparedMeasure::BestR2 => self.best_scores.quality(measured_on),
            ComparedMeasure::FinalTrainEvalLoss => self.final_scores.train_eval_loss,
            ComparedMeasure::TestLoss => self.test_loss,
            ComparedMeasure::TestAccuracy | ComparedMeasure::TestR2 => self.test_quality,
        }
    }
}

impl MeasuredOn {
    /// The loss of these rows.
    pub fn loss(self) -> Metric {
        match self {
            Self::ValidationRows => Metric::ValidLoss,
            Self::TrainingRows => Metric::TrainEvalLoss,
        }
    }

    /// The accuracy or R2 on these rows.
    pub fn quality(self, task: Task) -> Metric {
        match self {
            Self::ValidationRows => Metric::valid_quality(task),
            Self::TrainingRows => Metric::train_quality(task),
        }
    }
}

impl Scores {
    /// The value of `metric`, which is one of the task of the summary.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::TrainLoss => self.train_loss,
            Metric::TrainEvalLoss => self.train_eval_loss,
            Metric::TrainAccuracy | Metric::TrainR2 => self.train_quality,
            Metric::ValidLoss => self.valid_loss,
            Metric::ValidAccuracy | Metric::ValidR2 => self.valid_quality,
        }
    }

    /// The loss on some rows.
    pub fn loss(&self, measured_on: MeasuredOn) -> Option<f64> {
        match measured_on {
            MeasuredOn::ValidationRows => self.valid_loss,
            MeasuredOn::TrainingRows => self.train_eval_loss,
        }
    }

    /// The accuracy or R2 on some rows.
    pub fn quality(&self, measured_on: MeasuredOn) -> Option<f64> {
        match measured_on {
            MeasuredOn::ValidationRows => self.valid_quality,
            MeasuredOn::TrainingRows => self.train_quality,
        }
    }
}

/// For files of versions without another one.
fn final_loss() -> ComparedMeasure {
    ComparedMeasure::FinalLoss
}

/// For files of versions without test rows.
fn no_values() -> Estimate {
    Estimate::of([])
}
