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
    /// The norm, and the settings of the point of the grid that it has: what seeds have in common.
    pub fn network(&self) -> String {
        let settings = self.point.as_ref().map_or("", |(_, settings)| settings);
        network_name(self.norm.name(), settings)
    }

    /// The settings of the point of the grid that the network has; none without any.
    pub(crate) fn settings(&self) -> Option<String> {
        let settings = self.point.as_ref().map(|(_, settings)| settings_with(self.norm.name(), settings));
        settings.filter(|settings| !settings.is_empty())
    }
}

/// The key of the grid that says where norms are.
pub(crate) const POSITION: &str = "model.position";

/// The settings of a point of the grid that a network with `norm` has: one without a norm, or with one that is in the
/// weights, is the same at any position.
pub(crate) fn settings_with(norm: &str, settings: &str) -> String {
    let is_position = |setting: &&str| setting.split_once('=').is_some_and(|(key, _)| key == POSITION);
    let is_anywhere = Norm::ALL.iter().any(|of| of.name() == norm && !of.has_position());
    let has = |setting: &&str| !is_anywhere || !is_position(setting);
    settings.split(';').filter(has).collect::<Vec<_>>().join(";")
}

/// Such as `batch_norm optimizer.learning_rate=0.1`.
pub(crate) fn network_name(norm: &str, settings: &str) -> String {
    match &*settings_with(norm, settings) {
        "" => norm.to_owned(),
        settings => format!("{norm} {settings}"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_without_a_norm_has_no_position() {
        let name =
            |norm, settings: &str| RunId { norm, point: Some((1, settings.to_owned())), seed: 3 }.to_string();
        assert_eq!(name(Norm::LayerNorm, "model.position=after"), "layer_norm model.position=after seed 3");
        assert_eq!(name(Norm::None, "model.position=after"), "none seed 3");
        assert_eq!(name(Norm::WeightNorm, "model.position=after"), "weight_norm seed 3");
        assert_eq!(
            name(Norm::WeightNormMeanOnly, "model.position=after"),
            "weight_norm_mean_only model.position=after seed 3"
        );
        assert_eq!(
            name(Norm::None, "a.b=\"x;y\";model.position=after;c.d=1"),
            "none a.b=\"x;y\";c.d=1 seed 3"
        );
        assert_eq!(RunId { norm: Norm::None, point: None, seed: 1 }.network(), "none");
    }
}
