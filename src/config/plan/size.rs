//! Estimates the memory that a network needs.

use crate::config::error::ConfigError;
use crate::config::plan::Plan;
use crate::nn::LayerSpec;
use crate::train::Dtype;

/// Most memory for the network and a batch of one run, in bytes: 4 GiB.
pub const SIZE_LIMIT: u128 = 4 << 30;

impl Plan {
    /// Refuses a network that would not fit in memory: weights, gradients, optimiser state, the best weights, and
    /// the activations of a batch of `rows` training rows with `inputs` features and `answers` classes or values.
    /// Allocates nothing.
    ///
    /// # Errors
    ///
    /// [`ConfigError::TooLarge`] above [`SIZE_LIMIT`].
    pub fn check_size(&self, rows: usize, inputs: usize, answers: usize) -> Result<(), ConfigError> {
        let needs = self.bytes(rows, inputs, answers);
        if needs <= SIZE_LIMIT {
            return Ok(());
        }
        Err(ConfigError::TooLarge { path: self.source.clone(), needs, limit: SIZE_LIMIT })
    }

    /// A lower estimate. Sums and products saturate, since widths are not bounded.
    pub(crate) fn bytes(&self, rows: usize, inputs: usize, answers: usize) -> u128 {
        let times = |a: u128, b: u128| a.saturating_mul(b);
        let mut width = inputs as u128;
        let (mut parameters, mut activations) = (0_u128, width);
        for layer in &self.layers {
            match layer {
                LayerSpec::Affine(affine) => {
                    let units = affine.units.unwrap_or(answers) as u128;
                    parameters = parameters.saturating_add(times(width, units)).saturating_add(units);
                    width = units;
                    activations = activations.saturating_add(times(2, width));
                }
                layer if layer.loss().is_some() => {}
                _ => activations = activations.saturating_add(times(2, width)),
            }
        }
        // A short tail may join the last whole batch.
        let batch = self.training.batch_size.saturating_add(self.training.batch_size / 2).min(rows) as u128;
        let states = self.optimizer.state().len() as u128;
        let numbers = times(parameters, 3 + states).saturating_add(times(activations, batch));
        times(numbers, if self.training.dtype == Dtype::F32 { 4 } else { 8 })
    }
}
