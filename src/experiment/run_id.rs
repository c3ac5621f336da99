//! One run of a comparison, and its results.

use std::fmt;

use crate::experiment::Assessment;
use crate::nn::Norm;
use crate::train::{EpochRecord, Outcome, Score};

/// Which run this is.
#[derive(Clone, Debug, PartialEq)]
pub struct RunId {
    /// The norm at each normalisation slot.
    pub norm: Norm,
    /// The point of the grid, from 1, and its settings such as `optimizer.learning_rate=0.01`,
    /// several joined by `;`; none without a grid.
    pub point: Option<(usize, String)>,
    /// Seed of all random streams of the run.
    pub seed: u64,
}

impl RunId {
    /// The norm, and the settings of the point of the grid: what seeds have in common.
    pub fn network(&self) -> String {
        match &self.point {
            Some((_, settings)) => format!("{} {settings}", self.norm.name()),
            None => self.norm.name().to_owned(),
        }
    }
}

/// Such as `batch_norm optimizer.learning_rate=0.1 seed 3`.
impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} seed {}", self.network(), self.seed)
    }
}

/// A run and its results.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// Which run this is.
    pub id: RunId,
    /// Epoch 0 and every epoch that was finished.
    pub epochs: Vec<EpochRecord>,
    /// How it ended.
    pub outcome: Outcome,
    /// The epoch whose weights are in the model file: with early stopping the best one.
    pub kept_epoch: u64,
    /// The score on all training rows under these weights, in evaluation mode; none where it was not measured.
    pub train: Option<Score>,
    /// The score on the test rows under these weights; none without any.
    pub test: Option<Score>,
    /// These weights on held-out rows, and for the first norm the baselines.
    pub assessments: Vec<Assessment>,
    /// The loss of the training rows if all have the same prediction; none where it was not measured.
    pub constant_loss: Option<f64>,
    /// Trained parameters.
    pub parameters: usize,
    /// SHA-256 over the tensors of the model file, names and bits, in hexadecimal.
    pub result_hash: String,
    /// From the first step to the last evaluation.
    pub seconds: f64,
}
