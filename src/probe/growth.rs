//! How the gradient grows from layer to layer.

use std::ops::Range;

use crate::kernel::real::Real;
use crate::probe::Probe;

/// The squared length of the gradient of each affine layer's weights, after a [`Probe::pass`].
pub fn weight_gradient_norms<F: Real>(probe: &Probe<F>) -> Vec<f64> {
    let squares = |affine: usize| {
        let gradient = &probe.network().layers()[affine].params()[0].grad;
        gradient.iter().map(|&value| Real::to_f64(value).powi(2)).sum()
    };
    probe.blocks().iter().map(|block| squares(block.affine)).collect()
}

/// The factor by which `squared_norms`, from the input to the output, grow from each layer to the one before it:
/// the slope of their logarithm over the layers, fitted by least squares. None with fewer than two layers, or if a
/// number is not positive and finite.
pub fn growth_per_layer(squared_norms: &[f64]) -> Option<f64> {
    let n = squared_norms.len() as f64;
    if n < 2.0 || !squared_norms.iter().all(|norm| norm.is_normal() && *norm > 0.0) {
        return None;
    }
    let logs = || squared_norms.iter().map(|norm| norm.ln());
    let mean = logs().sum::<f64>() / n;
    let middle = (n - 1.0) / 2.0;
    let layers = || (0..squared_norms.len()).map(|layer| layer as f64 - middle);
    let covariance = layers().zip(logs()).map(|(layer, log)| layer * (log - mean)).sum::<f64>();
    Some((-covariance / layers().map(|layer| layer * layer).sum::<f64>()).exp())
}

/// Of `hidden` hidden layers, counted from 0, those over which to fit a growth: the first layer has other inputs,
/// and in a deep network the first and last few are still near their ends. Of 24 they are the 5th to the 22nd.
pub fn middle_layers(hidden: usize) -> Range<usize> {
    let start = (hidden / 5).clamp(1, 4);
    start.min(hidden)..hidden - (hidden / 12).min(2)
}

/// The deepest network that trains, in layers, if squared gradients grow by `growth` per layer: `16 / ln(growth)`.
/// None if they do not grow.
///
/// Source: Yang et al., "A mean field theory of batch normalization", 2019, section 5: where they become untrainable,
/// the gradients of first and last layer differ by about `e^16`.
pub fn deepest_trainable(growth: f64) -> Option<f64> {
    (growth > 1.0).then(|| 16.0 / growth.ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_towards_the_input() {
        let growth = growth_per_layer(&[8.0, 4.0, 2.0]).expect("three layers");
        assert!((growth - 2.0).abs() < 1e-14);
        assert_eq!(growth_per_layer(&[1.0]), None);
        assert_eq!(growth_per_layer(&[1.0, 0.0]), None);
        assert_eq!(deepest_trainable(0.9), None);
    }

    #[test]
    fn the_middle_leaves_out_the_ends() {
        assert_eq!(middle_layers(24), 4..22);
        assert_eq!(middle_layers(5), 1..5);
        assert_eq!(middle_layers(1), 1..1);
        assert_eq!(middle_layers(0), 0..0);
    }
}
