//! The order of a training pass, decided when a network is built.
//!
//! Each layer writes its output to an array of its index in the [`Workspace`](crate::nn::Workspace), and
//! the gradient with respect to its output is in an array of the same index. A ReLU costs a pass over
//! memory that its neighbours can spare it:
//!
//! - the layer before it writes `max(0, y)` in place of `y`, to the array of the ReLU;
//! - the layer after it writes `dx` times the derivative of the ReLU, to the array of the layer before the
//!   ReLU.
//!
//! Such a layer is [`Fused`] with the ReLU, which then has no step in that direction.

/// Which ReLU next to it a layer applies itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fused {
    /// In the forward pass, the one after the layer.
    pub(crate) relu_after: bool,
    /// In the backward pass, the one before the layer.
    pub(crate) relu_before: bool,
}

/// A layer's part of the forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ForwardStep {
    pub(crate) layer: usize,
    /// The array that it reads; `None` for the input of the network.
    pub(crate) x: Option<usize>,
    /// The array that it writes.
    pub(crate) y: usize,
}

/// A layer's part of the backward pass. It reads `dy` from the array with the same index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BackwardStep {
    pub(crate) layer: usize,
    pub(crate) x: Option<usize>,
    pub(crate) y: usize,
    /// The array that it writes `dx` to; `None` for the gradient of the network's input.
    pub(crate) dx: Option<usize>,
}

/// Both directions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passes {
    pub(crate) forward: Vec<ForwardStep>,
    pub(crate) backward: Vec<BackwardStep>,
}

impl Passes {
    /// The steps of layers that are fused like this.
    pub(crate) fn new(layers: &[Fused]) -> Self {
        let mut passes = Self::default();
        let applies_next = |layer: usize| layers.get(layer).is_some_and(|fused| fused.relu_after);
        let output = |layer: usize| layer + usize::from(applies_next(layer));
        for (layer, fused) in layers.iter().enumerate() {
            let before = layer.checked_sub(1);
            let (x, y) = (before.map(output), output(layer));
            if !before.is_some_and(applies_next) {
                passes.forward.push(ForwardStep { layer, x, y });
            }
            let dx = if fused.relu_before { layer.checked_sub(2) } else { before };
            if !layers.get(layer + 1).is_some_and(|next| next.relu_before) {
                passes.backward.push(BackwardStep { layer, x, y, dx });
            }
        }
        passes.backward.reverse();
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Fused = Fused { relu_after: false, relu_before: false };

    #[test]
    fn layers_that_are_not_fused_are_a_chain() {
        let passes = Passes::new(&[PLAIN; 2]);
        let forward = |layer, x, y| ForwardStep { layer, x, y };
        assert_eq!(passes.forward, [forward(0, None, 0), forward(1, Some(0), 1)]);
        let backward = |layer, x, y, dx| BackwardStep { layer, x, y, dx };
        assert_eq!(passes.backward, [backward(1, Some(0), 1, Some(0)), backward(0, None, 0, None)]);
    }

    #[test]
    fn a_relu_fused_on_both_sides_has_no_step() {
        let before = Fused { relu_after: true, ..PLAIN };
        let after = Fused { relu_before: true, ..PLAIN };
        let passes = Passes::new(&[before, PLAIN, after]);
        let forward = |layer, x, y| ForwardStep { layer, x, y };
        assert_eq!(passes.forward, [forward(0, None, 1), forward(2, Some(1), 2)]);
        let backward = |layer, x, y, dx| BackwardStep { layer, x, y, dx };
        assert_eq!(passes.backward, [backward(2, Some(1), 2, Some(0)), backward(0, None, 1, None)]);
    }

    /// It never sees the array that the layer before did not write.
    #[test]
    fn a_relu_fused_in_the_forward_pass_only_gets_its_output_for_its_input() {
        let passes = Passes::new(&[Fused { relu_after: true, ..PLAIN }, PLAIN, PLAIN]);
        assert_eq!(passes.backward[1], BackwardStep { layer: 1, x: Some(1), y: 1, dx: Some(0) });
    }
}
