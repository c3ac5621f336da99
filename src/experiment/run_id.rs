//! One run of a comparison and what came of it.

use crate::experiment::Assessment;
use crate::nn::Norm;
use crate::train::{EpochRecord, Outcome, Score, StepRecord};

/// Which run this is.
#[derive(Clone, Debug, PartialEq)]
pub struct RunId {
    /// What stands at each normalisation slot.
    pub norm: Norm,
    /// The point of the grid, from 1, and its settings such as `optimizer.learning_rate=0.01`,
    /// several joined by `;`; none without a grid.
    pub point: Option<(usize, String)>,
    /// Key of all random streams of the run.
    pub seed: u64,
}

/// A run and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// Which run this is.
    pub id: RunId,
    /// Epoch 0 and every epoch that was finished.
    pub epochs: Vec<EpochRecord>,
    /// Every `log_every_steps`-th step.
    pub steps: Vec<StepRecord>,
    /// How it ended.
    pub outcome: Outcome,
    /// The epoch whose weights are kept in the model file.
    pub kept_epoch: u64,
    /// The test rows under the kept weights; none without any.
    pub test: Option<Score>,
    /// The kept weights on rows that were not trained on, and for the first norm the baselines.
    pub assessments: Vec<Assessment>,
    /// Trained numbers.
    pub parameters: usize,
    /// SHA-256 over the kept tensors, names and bits, in hexadecimal.
    pub result_hash: String,
    /// From the first step to the last evaluation.
    pub seconds: f64,
}
