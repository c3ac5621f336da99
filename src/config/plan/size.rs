//! Estimates the memory that a network needs.

use std::hint::black_box;

use crate::config::error::ConfigError;
use crate::config::plan::Plan;
use crate::nn::LayerSpec;
use crate::train::{CheckpointRule, Dtype};

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

    /// Refuses a network that the system has no memory for now: what [`check_size`](Self::check_size) counts, and two
    /// copies of the state while a checkpoint is written.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NoMemory`].
    pub fn check_memory(&self, rows: usize, inputs: usize, answers: usize) -> Result<(), ConfigError> {
        let (parameters, _) = self.numbers(rows, inputs, answers);
        let copies = match self.training.checkpoint {
            CheckpointRule::Off => 0,
            _ => 2 * (2 + self.optimizer.state().len() as u128),
        };
        let checkpoint = parameters.saturating_mul(copies).saturating_mul(self.bytes_of_number());
        let needs = self.bytes(rows, inputs, answers).saturating_add(checkpoint);
        let mut room = Vec::<u8>::new();
        let is_there = usize::try_from(needs).is_ok_and(|needs| room.try_reserve_exact(needs).is_ok());
        // Otherwise the compiler may leave out what is not used.
        black_box(&mut room);
        if is_there { Ok(()) } else { Err(ConfigError::NoMemory { path: self.source.clone(), needs }) }
    }

    /// A lower estimate. Sums and products saturate, since widths are not bounded.
    pub(crate) fn bytes(&self, rows: usize, inputs: usize, answers: usize) -> u128 {
        let (parameters, activations) = self.numbers(rows, inputs, answers);
        let states = self.optimizer.state().len() as u128;
        let numbers = parameters.saturating_mul(3 + states).saturating_add(activations);
        numbers.saturating_mul(self.bytes_of_number())
    }

    fn bytes_of_number(&self) -> u128 {
        if self.training.dtype == Dtype::F32 { 4 } else { 8 }
    }

    /// The parameters, and the activations of a batch.
    fn numbers(&self, rows: usize, inputs: usize, answers: usize) -> (u128, u128) {
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
        (parameters, times(activations, batch))
    }
}
