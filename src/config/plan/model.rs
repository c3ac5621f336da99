//! `[model]`: the short form of the layer list.

use crate::config::plan::spec::MAX_LAYERS;
use crate::nn::{ActivationKind, AffineSpec, Init, LayerSpec, Loss, Norm, Task, WeightForm, dropout};
use crate::settings::{Allowed, range, settings};

settings! {
    /// The short form of the layer list, in its place: for each hidden width an affine layer, the norm, the
    /// activation and dropout; then the last affine layer and the loss.
    pub struct ModelSpec {
        /// Widths of the hidden layers.
        hidden: Vec<usize>, is(Allowed::List { of: &UNITS, min: 0, max: MAX_LAYERS / LAYERS_PER_WIDTH });
        /// The norm after each hidden affine layer, with its defaults.
        norm: Norm = Norm::BatchNorm;
        /// Whether the norm is before or after the activation.
        position: NormPosition = NormPosition::Before;
        /// The activation after each hidden affine layer.
        activation: ActivationKind = ActivationKind::Relu;
        /// Dropout rate after each activation; 0 for no dropout layers.
        dropout: f64 = 0.0, range(0.0..1.0);
        /// Initial weights of every affine layer.
        init: Option<Init>, absent("by layer, see `affine`");
        /// The last layer, with its defaults.
        loss: Option<Loss>, absent("`\"softmax_loss\"` for classes, `\"squared_loss\"` for values");
    }
}

settings! {
    /// Where a norm is.
    pub enum NormPosition {
        /// Between the affine layer and the activation, as in the paper of batch norm.
        Before = "before";
        /// After the activation.
        After = "after";
    }
}

const UNITS: Allowed = Allowed::Integer(range!(1..));

/// Affine, norm, activation and dropout.
const LAYERS_PER_WIDTH: usize = 4;

impl ModelSpec {
    /// The loss, by default the one for `task`.
    pub(crate) fn loss(&self, task: Task) -> Loss {
        self.loss.unwrap_or(Loss::for_task(task))
    }

    /// Affine, norm, activation and dropout for each hidden width, then affine and loss.
    pub(crate) fn layers(&self, task: Task) -> Vec<LayerSpec> {
        let affine = |units, weights| {
            LayerSpec::from(AffineSpec { units, init: self.init, weights, ..AffineSpec::default() })
        };
        let mut layers = Vec::with_capacity(4 * self.hidden.len() + 2);
        for &units in &self.hidden {
            layers.push(affine(Some(units), self.norm.weights()));
            let [norm, activation] = [self.norm.layer(), Some(self.activation.layer())];
            layers.extend(match self.position {
                NormPosition::Before => [norm, activation].into_iter().flatten(),
                NormPosition::After => [activation, norm].into_iter().flatten(),
            });
            if self.dropout > 0.0 {
                layers.push(dropout(self.dropout));
            }
        }
        layers.push(affine(None, WeightForm::Plain));
        layers.push(self.loss(task).layer());
        layers
    }
}
