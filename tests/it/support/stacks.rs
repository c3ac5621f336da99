//! Layer lists.

use bntrain::nn::{LayerSpec, affine, output_affine, softmax_loss};

/// Hidden blocks of `units` units, each an affine layer and what `block` gives, then the output layer
/// and the loss.
pub(crate) fn stack(units: &[usize], block: &[LayerSpec]) -> Vec<LayerSpec> {
    let hidden = units.iter().flat_map(|&units| std::iter::once(affine(units)).chain(block.iter().cloned()));
    hidden.chain([output_affine(), softmax_loss()]).collect()
}
