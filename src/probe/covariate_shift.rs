//! How much a layer's gradient changes because the layers before it moved.

use crate::probe::Probe;
use crate::probe::parameters::{distance, dot, norm};

/// The gradient of a layer's weights before and after the earlier layers took a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CovariateShift {
    /// The distance of the two gradients.
    pub distance: f64,
    /// The cosine between them; NaN if one is 0.
    pub cosine: f64,
}

/// The internal covariate shift of each affine layer but the first, which has no layers before it.
///
/// The tensors of all earlier layers move by `-rate * gradient`, those of the layer and of the later ones stay; the
/// batch is the same.
///
/// Source: Santurkar et al., "How does batch normalization help optimization?", 2018, definition 2.1.
pub fn covariate_shift(probe: &mut Probe<f64>, rate: f64) -> Vec<CovariateShift> {
    let start = probe.position();
    probe.pass();
    let gradient = probe.gradient();
    let ranges = probe.block_ranges();
    let mut shift = |block: usize| {
        let earlier = ranges[block].start;
        let mut step = vec![0.0; gradient.len()];
        step[..earlier].copy_from_slice(&gradient[..earlier]);
        let (_, after) = probe.gradient_at(&start, -rate, &step);
        let weights = earlier..earlier + probe.weight_count(block);
        let (before, after) = (&gradient[weights.clone()], &after[weights]);
        let cosine = dot(before, after) / (norm(before) * norm(after));
        CovariateShift { distance: distance(before, after), cosine }
    };
    let shifts = (1..ranges.len()).map(&mut shift).collect();
    probe.move_to(&start);
    shifts
}

impl Probe<f64> {
    /// The numbers of the weights of a block's affine layer, which come first in it.
    fn weight_count(&self, block: usize) -> usize {
        self.network().layers()[self.blocks()[block].affine].params()[0].value.len()
    }
}
