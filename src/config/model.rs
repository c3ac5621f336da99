//! `[model]`: the short form of the layer list.

use serde::{Deserialize, Serialize};

use crate::nn::{
    AffineSpec, Init, LayerSpec, LeakyReluSpec, Loss, Norm, Task, batch_norm, dropout, mean_only, relu,
    sigmoid, tanh,
};

/// A stack of equal blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ModelSpec {
    /// Widths of the hidden layers.
    pub(crate) hidden: Vec<usize>,
    pub(crate) norm: Norm,
    pub(crate) activation: Activation,
    /// Share of the units dropped after each activation; 0 for no dropout layers.
    pub(crate) dropout: f64,
    /// Of every affine layer; none for the default, which depends on what follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) init: Option<Init>,
    /// None for the default, which depends on the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) loss: Option<Loss>,
}

impl Default for ModelSpec {
    fn default() -> Self {
        Self {
            hidden: Vec::new(),
            norm: Norm::BatchNorm,
            activation: Activation::Relu,
            dropout: 0.0,
            init: None,
            loss: None,
        }
    }
}

/// The activation layers, by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Activation {
    Relu,
    Sigmoid,
    Tanh,
    LeakyRelu,
}

impl ModelSpec {
    /// What stands at the end.
    pub(crate) fn loss(&self, task: Task) -> Loss {
        self.loss.unwrap_or(Loss::for_task(task))
    }

    /// Affine, norm, activation and dropout for each hidden width, then affine and loss.
    pub(crate) fn layers(&self, task: Task) -> Vec<LayerSpec> {
        let affine = |units| LayerSpec::from(AffineSpec { units, init: self.init, ..AffineSpec::default() });
        let mut layers = Vec::with_capacity(4 * self.hidden.len() + 2);
        for &units in &self.hidden {
            layers.push(affine(Some(units)));
            match self.norm {
                Norm::BatchNorm => layers.push(batch_norm()),
                Norm::MeanOnly => layers.push(mean_only()),
                Norm::None => {}
            }
            layers.push(match self.activation {
                Activation::Relu => relu(),
                Activation::Sigmoid => sigmoid(),
                Activation::Tanh => tanh(),
                Activation::LeakyRelu => LeakyReluSpec::default().into(),
            });
            if self.dropout > 0.0 {
                layers.push(dropout(self.dropout));
            }
        }
        layers.push(affine(None));
        layers.push(self.loss(task).layer());
        layers
    }
}
