//! Several models as one file.

use std::io;

use crate::config::Plan;
use crate::kernel::real::Real;
use crate::model::{Calibration, Description, FORMAT, Model, ensemble_to_bytes};
use crate::nn::Network;
use crate::train::with_dtype;

/// Why models cannot be one ensemble.
#[derive(Debug, thiserror::Error)]
pub enum EnsembleError {
    /// There are none, or they do not have the same columns, layers and precision.
    #[error("the members of an ensemble must have the same data, split, layers and precision")]
    Different,
    /// The file cannot be made.
    #[error("could not create the model file: {0}")]
    File(#[from] io::Error),
}

impl Model {
    /// The bytes of a model file of all networks of `models`, in their order. Its config is that of `plan`, which
    /// trains them all; `calibration` is that of their mean prediction.
    ///
    /// # Errors
    ///
    /// If the models differ in more than their weights.
    pub fn ensemble(
        models: &[Self],
        plan: &Plan,
        calibration: Option<Calibration>,
    ) -> Result<Vec<u8>, EnsembleError> {
        with_dtype!(plan.training.dtype, F => ensemble_in::<F>(models, plan, calibration))
    }
}

fn ensemble_in<F: Real>(
    models: &[Model],
    plan: &Plan,
    calibration: Option<Calibration>,
) -> Result<Vec<u8>, EnsembleError> {
    let of_first = &models.first().ok_or(EnsembleError::Different)?.description;
    let networks: Vec<&Network<F>> = models.iter().flat_map(Model::networks::<F>).collect();
    let is_same = |model: &Model| {
        model.description.encoding == of_first.encoding && model.plan.layers == models[0].plan.layers
    };
    if !models.iter().all(is_same) || networks.len() < models.len() {
        return Err(EnsembleError::Different);
    }
    let mut histories = models
        .iter()
        .flat_map(|model| std::iter::once(&model.description.history).chain(&model.description.members));
    let description = Description {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        config: plan.to_toml(),
        data_sha256: of_first.data_sha256.clone(),
        encoding: of_first.encoding.clone(),
        history: histories.next().unwrap_or(&of_first.history).clone(),
        members: histories.cloned().collect(),
        calibration,
    };
    Ok(ensemble_to_bytes(&networks, &description)?)
}
