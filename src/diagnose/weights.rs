//! Weights and their updates: how fast they turn, and what that tends to.

use ndarray::Array2;

use crate::kernel::real::Real;
use crate::kernel::sum_of_squares;
use crate::nn::{LayerSpec, Network, WeightForm};
use crate::optim::OptimizerSpec;
use crate::probe::LayerBlock;

/// Copies of the weights of all affine layers.
pub(crate) fn weights_of<F: Real>(network: &Network<F>, blocks: &[LayerBlock]) -> Vec<Array2<F>> {
    blocks.iter().map(|block| weight(network, block).clone()).collect()
}

/// The weights of a block, `(inputs, units)`; their directions if they are normalized.
pub(crate) fn weight<'a, F: Real>(network: &'a Network<F>, block: &LayerBlock) -> &'a Array2<F> {
    &network.layers()[block.affine].params()[0].value
}

/// `|after - before| / |before|`; NaN if both are 0.
pub(crate) fn update_ratio<F: Real>(before: &Array2<F>, after: &Array2<F>) -> f64 {
    let step = after - before;
    let squares =
        |array: &Array2<F>| sum_of_squares(array.as_slice().expect("weights are in row-major layout"));
    (squares(&step) / squares(before)).sqrt()
}

/// The median over units of `rate / |w|^2`, with `w` the weights into a unit.
///
/// A unit whose weights are scale invariant turns like one with weights of length 1 at this rate (van Laarhoven, "L2
/// regularization versus batch and weight normalization", 2017).
pub(crate) fn effective_rate<F: Real>(weights: &Array2<F>, rate: f64) -> f64 {
    let mut squares = vec![0.0; weights.ncols()];
    for row in weights.rows() {
        squares.iter_mut().zip(row).for_each(|(square, &weight)| *square += Real::to_f64(weight).powi(2));
    }
    let middle = squares.len() / 2;
    squares.select_nth_unstable_by(middle, f64::total_cmp);
    rate / squares[middle]
}

/// The ratio of update to weight that scale-invariant weights tend to, `sqrt(2 rate l2 / (1 + momentum))`; none
/// without coupled decay, or if the optimizer is not gradient descent.
///
/// Decay shortens the weights and each step, which is at right angles to them, lengthens them; where both are equal
/// the length stays. Source: Wan et al., "Spherical motion dynamics", 2020.
pub(crate) fn equilibrium(optimizer: &OptimizerSpec, rate: f64) -> Option<f64> {
    let momentum = optimizer.momentum()?;
    (optimizer.l2() > 0.0).then(|| (2.0 * rate * optimizer.l2() / (1.0 + momentum)).sqrt())
}

/// Whether the output of a block does not change if the weights into one of its units are multiplied by a positive
/// number: its norm divides by the deviation of that unit over the batch, or the weights are normalized. That holds up
/// to `eps`; a bias that the norm does not cancel breaks it.
pub(crate) fn is_scale_invariant(layers: &[LayerSpec], block: &LayerBlock) -> bool {
    let is_normalized =
        matches!(&layers[block.affine], LayerSpec::Affine(affine) if affine.weights != WeightForm::Plain);
    let next = layers.get(block.affine + 1);
    let divides = matches!(next, Some(LayerSpec::BatchNorm(_) | LayerSpec::GhostBatchNorm(_)));
    is_normalized || divides
}
