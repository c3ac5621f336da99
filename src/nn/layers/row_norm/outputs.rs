//! Norms of each row before the loss, over too few outputs to learn anything.

use crate::nn::{LayerSpec, output_layer};

/// A norm of each row before the loss whose output hardly depends on its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FewOutputs {
    /// The norm.
    pub(crate) norm: &'static str,
    /// How many outputs it normalizes together.
    pub(crate) outputs: usize,
}

/// The first such norm of a network for `answers` classes or values.
///
/// Less its mean, one number is 0, and two are opposite; divided by their root mean square, two opposite numbers are -1
/// and 1, and so is one number that was not centered. All that is left of the weights is a sign, without a gradient.
pub(crate) fn few_outputs(layers: &[LayerSpec], answers: usize) -> Option<FewOutputs> {
    let all = layers.last()?.loss()?.outputs(answers);
    let norms = layers[output_layer(layers)? + 1..].iter();
    let few = |layer: &LayerSpec| {
        let (outputs, is_centered) = match layer {
            LayerSpec::LayerNorm(_) => (all, true),
            LayerSpec::GroupNorm(norm) => (all / norm.groups(all), true),
            LayerSpec::RmsNorm(_) => (all, false),
            _ => return None,
        };
        let is_few = outputs <= if is_centered { 2 } else { 1 };
        is_few.then(|| FewOutputs { norm: layer.kind(), outputs })
    };
    norms.filter_map(few).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{
        affine, batch_norm, group_norm, layer_norm, logistic_loss, output_affine, rms_norm, softmax_loss,
        squared_loss,
    };

    #[test]
    fn a_sign_is_all_that_few_outputs_leave() {
        let few = |norm: LayerSpec, loss: LayerSpec, answers| {
            let layers = [affine(2), layer_norm(), output_affine(), norm, loss];
            few_outputs(&layers, answers).map(|few| few.outputs)
        };
        assert_eq!(few(layer_norm(), softmax_loss(), 3), None);
        assert_eq!(few(layer_norm(), softmax_loss(), 2), Some(2));
        assert_eq!(few(layer_norm(), logistic_loss(), 2), Some(1));
        assert_eq!(few(rms_norm(), softmax_loss(), 2), None);
        assert_eq!(few(rms_norm(), squared_loss(), 1), Some(1));
        // Two groups of two, then one of five.
        assert_eq!(few(group_norm(), softmax_loss(), 4), Some(2));
        assert_eq!(few(group_norm(), softmax_loss(), 5), None);
        assert_eq!(few(batch_norm(), logistic_loss(), 2), None);
    }
}
