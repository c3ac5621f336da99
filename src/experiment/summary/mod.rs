//! What came of all runs, as `summary.json`.
//!
//! A *run* is one cell. A *group* is all runs of one norm at one point of the grid; its numbers
//! are means over seeds. A *comparison* puts the first-listed norm against another one at the
//! same point, paired by seed: both networks start from the same weights and see the same
//! batches, so the difference within a pair is what the norm does. Formulas and limits of the
//! intervals: [`statistics`](crate::experiment::statistics).
//!
//! # Rules
//!
//! - *Loss* and *accuracy* (for values: *R2*) of groups and comparisons are those of the
//!   validation rows, or, where a config has none, of the training rows in evaluation mode;
//!   [`Summary::measured_on`] says which.
//! - *Final* is after the last epoch of a run, *best* the lowest loss or the highest accuracy or R2
//!   after any epoch, the state before training included. The best of many noisy numbers is better
//!   than what the network would score on fresh rows, for every norm alike.
//! - A run *completed* if it did all epochs or stopped early. The others, diverged or
//!   interrupted, are counted and left out of means and differences; so a mean speaks of the
//!   completed runs only.
//! - *Steps to reach the other's best loss*: for each seed, the first evaluated step at which a
//!   run's loss is no larger than the best loss of the other norm's run. Losses are evaluated
//!   after each epoch, which is the resolution. The other run must have completed. A run that
//!   never gets there, or diverges before, counts as *not reached*, later than any step; the
//!   median is over all seeds in that sense, and none where half of them or more did not reach it.

pub(crate) mod collect;
pub(crate) mod final_metrics;
pub(crate) mod pairs;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::experiment::statistics::{Estimate, PairedDifference};
use crate::experiment::{Assessment, Contender, HeldBack, RunRecord};
use crate::nn::{Norm, Task};
use crate::train::Outcome;

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
    /// The norms in the order in which the config lists them.
    pub norms: Vec<Norm>,
    /// One entry per run.
    pub runs: Vec<RunSummary>,
    /// One entry per norm and point.
    pub groups: Vec<GroupSummary>,
    /// One entry per norm after the first and per point.
    pub comparisons: Vec<NormComparison>,
    /// The kept weights on held-back rows and the baselines, metric by metric; one entry for each point.
    #[serde(default)]
    pub final_metrics: Vec<MetricSummary>,
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
    /// What stood at each normalisation slot.
    pub norm: Norm,
    /// The point of the grid; none without a grid.
    pub point: Option<Point>,
    /// Key of all random streams.
    pub seed: u64,
    /// How the run ended.
    pub outcome: Outcome,
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
    /// Mean loss of the test rows under the kept weights.
    pub test_loss: Option<f64>,
    /// Accuracy on the test rows under the kept weights; for classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<f64>,
    /// R2 on the test rows under the kept weights; for values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_r2: Option<f64>,
    /// The kept weights on held-back rows, and for the first norm the baselines.
    #[serde(default)]
    pub assessments: Vec<Assessment>,
    /// Trained numbers.
    pub parameters: usize,
    /// From the first step to the last evaluation.
    pub seconds: f64,
    /// Inside training steps only.
    pub train_seconds: f64,
    /// Inside evaluation.
    pub eval_seconds: f64,
    /// SHA-256 over the kept tensors, names and bits, in hexadecimal.
    pub result_hash: String,
}

/// Losses and, for classes, accuracies, for values, R2s; none where not measured or not finite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Mean over an epoch's rows as they were trained on.
    pub train_loss: Option<f64>,
    /// The training rows in evaluation mode.
    pub train_eval_loss: Option<f64>,
    /// The training rows in evaluation mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_accuracy: Option<f64>,
    /// The same rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train_r2: Option<f64>,
    /// The validation rows.
    pub valid_loss: Option<f64>,
    /// The validation rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_accuracy: Option<f64>,
    /// The same rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_r2: Option<f64>,
}

/// All runs of one norm at one point; means are over the completed ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupSummary {
    /// What stood at each normalisation slot.
    pub norm: Norm,
    /// The point of the grid; none without a grid.
    pub point: Option<Point>,
    /// All runs.
    pub n_runs: usize,
    /// Those that did all epochs or stopped early.
    pub n_completed: usize,
    /// Those that met a number that is not finite.
    pub n_diverged: usize,
    /// Those that were stopped from outside.
    pub n_interrupted: usize,
    /// After the last epoch.
    pub final_loss: Estimate,
    /// The lowest of any epoch.
    pub best_loss: Estimate,
    /// After the last epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_accuracy: Option<Estimate>,
    /// After the last epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_r2: Option<Estimate>,
    /// The highest of any epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_accuracy: Option<Estimate>,
    /// The highest of any epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_r2: Option<Estimate>,
    /// Loss of the training rows in evaluation mode after the last epoch.
    pub final_train_eval_loss: Estimate,
    /// Loss of the test rows under the kept weights.
    pub test_loss: Estimate,
    /// Accuracy on the test rows under the kept weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<Estimate>,
    /// R2 on the test rows under the kept weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_r2: Option<Estimate>,
    /// From the first step to the last evaluation of a run.
    pub seconds: Estimate,
    /// Inside training steps only.
    pub train_seconds: Estimate,
    /// Trained numbers of one network.
    pub parameters: usize,
}

/// One metric of the networks of one norm, or of a baseline, at one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricSummary {
    /// What was asked.
    pub of: Contender,
    /// What stood at each normalisation slot; none for baselines.
    pub norm: Option<Norm>,
    /// The point of the grid; none without a grid.
    pub point: Option<Point>,
    /// Which rows it was asked about.
    pub rows: HeldBack,
    /// Such as `accuracy`, or `price.rmse` where there are several targets.
    pub metric: String,
    /// Over the completed runs.
    pub values: Estimate,
}

/// Two norms at the same point, paired by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NormComparison {
    /// The first-listed norm.
    pub norm: Norm,
    /// The one that it is compared with.
    pub other: Norm,
    /// The point of the grid; none without a grid.
    pub point: Option<Point>,
    /// `norm` minus `other`.
    pub differences: Differences,
    /// Until `norm` reaches the best loss of `other`.
    pub norm_reaches_best_of_other: StepsToReach,
    /// Until `other` reaches the best loss of `norm`.
    pub other_reaches_best_of_norm: StepsToReach,
}

/// Means of differences over the pairs in which both runs completed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Differences {
    /// After the last epoch.
    pub final_loss: PairedDifference,
    /// The lowest of any epoch.
    pub best_loss: PairedDifference,
    /// After the last epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_accuracy: Option<PairedDifference>,
    /// After the last epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_r2: Option<PairedDifference>,
    /// The highest of any epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_accuracy: Option<PairedDifference>,
    /// The highest of any epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_r2: Option<PairedDifference>,
    /// Loss of the training rows in evaluation mode after the last epoch.
    pub final_train_eval_loss: PairedDifference,
}

/// How soon the runs of one norm got to the best loss of the other norm's runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepsToReach {
    /// Seeds for which the question can be asked.
    pub n_seeds: usize,
    /// Seeds that got there.
    pub n_reached: usize,
    /// Over all seeds, "not reached" being later than any step; none where that is the median.
    pub median_step: Option<f64>,
    /// Seed by seed.
    pub by_seed: Vec<SeedStep>,
}

/// When the run of one seed got there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedStep {
    /// Of both runs.
    pub seed: u64,
    /// The first evaluated step; none if not reached.
    pub step: Option<u64>,
}

/// Why a `summary.json` cannot be read.
#[derive(Debug, Error)]
pub enum SummaryError {
    /// From a later release.
    #[error(
        "written by a newer bntrain (format {found}); this one reads format {}: use the newer program",
        Summary::FORMAT_VERSION
    )]
    Newer {
        /// The version in the file.
        found: u64,
    },
    /// Not JSON, or not the JSON of a summary.
    #[error("not a summary of bntrain: {0}")]
    Malformed(#[from] serde_json::Error),
}

impl Summary {
    /// Counts up with every change that an older program would misread.
    pub const FORMAT_VERSION: u32 = 1;

    /// Summarises `runs`; norms and points keep the order in which they first appear.
    pub fn of(runs: &[RunRecord]) -> Self {
        collect::summary(runs)
    }

    /// The text of `summary.json`: indented, with a line feed at the end.
    pub fn to_json(&self) -> String {
        let mut json =
            serde_json::to_string_pretty(self).expect("the keys are texts and nothing else can fail");
        json.push('\n');
        json
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    ///
    /// If the text is no summary, or one of a newer format.
    pub fn from_json(json: &str) -> Result<Self, SummaryError> {
        #[derive(Deserialize)]
        struct Version {
            format_version: u64,
        }
        let found = serde_json::from_str::<Version>(json)?.format_version;
        if u64::from(Self::FORMAT_VERSION) < found {
            return Err(SummaryError::Newer { found });
        }
        Ok(serde_json::from_str(json)?)
    }

    /// For each norm the group to judge it by: of those with the fewest runs that did not
    /// complete, the one with the lowest mean best loss, the first of equals. None for a norm of
    /// which no run completed. Without a grid, the norm's only group.
    pub fn best_group(&self, norm: Norm) -> Option<&GroupSummary> {
        let judged = self.groups.iter().filter(|group| group.norm == norm);
        judged
            .filter_map(|group| Some((group.n_runs - group.n_completed, group.best_loss.mean?, group)))
            .min_by(|left, right| left.0.cmp(&right.0).then(left.1.total_cmp(&right.1)))
            .map(|(_, _, group)| group)
    }

    /// Whether there is a grid.
    pub fn has_grid(&self) -> bool {
        self.groups.iter().any(|group| group.point.is_some())
    }
}
