//! Weights and their updates: how fast they turn, and what that tends to.

use ndarray::Array2;

use crate::kernel::real::Real;
use crate::kernel::{sum_of_squares, with_simd};
use crate::nn::{LayerSpec, Network, WeightForm};
use crate::optim::OptimizerSpec;
use crate::probe::LayerBlock;

/// Copies the weights of all affine layers to `copies`, which is empty the first time.
pub(crate) fn copy_weights<F: Real>(
    network: &Network<F>,
    blocks: &[LayerBlock],
    copies: &mut Vec<Array2<F>>,
) {
    if copies.is_empty() {
        copies.extend(blocks.iter().map(|block| weight(network, block).clone()));
    } else {
        copies.iter_mut().zip(blocks).for_each(|(copy, block)| copy.assign(weight(network, block)));
    }
}

/// The weights of a block, `(inputs, units)`; their directions if they are normalized.
pub(crate) fn weight<'a, F: Real>(network: &'a Network<F>, block: &LayerBlock) -> &'a Array2<F> {
    &network.layers()[block.affine].params()[0].value
}

/// Numbers that are added to separate sums, so that additions need not wait for each other.
const LANES: usize = 32;

/// `|after - before| / |before|`; NaN if both are 0.
pub(crate) fn update_ratio<F: Real>(before: &Array2<F>, after: &Array2<F>) -> f64 {
    let [before, after] =
        [before, after].map(|array| array.as_slice().expect("weights are in row-major layout"));
    let squares = with_simd(
        #[inline(always)]
        || {
            let mut squares = [0.0; LANES];
            for (before, after) in before.chunks(LANES).zip(after.chunks(LANES)) {
                for ((square, &before), &after) in squares.iter_mut().zip(before).zip(after) {
                    let step = Real::to_f64(after - before);
                    *square += step * step;
                }
            }
            squares
        },
    );
    (squares.iter().sum::<f64>() / sum_of_squares(before)).sqrt()
}

/// The median over units of `rate / |w|^2`, with `w` the weights into a unit.
///
/// A unit whose weights are scale invariant turns like one with weights of length 1 at this rate (van Laarhoven, "L2
/// regularization versus batch and weight normalization", 2017).
pub(crate) fn effective_rate<F: Real>(weights: &Array2<F>, rate: f64) -> f64 {
    let mut squares = vec![0.0; weights.ncols()];
    let numbers = weights.as_slice().expect("weights are in row-major layout");
    with_simd(
        #[inline(always)]
        || {
            for row in numbers.chunks_exact(weights.ncols()) {
                for (square, &weight) in squares.iter_mut().zip(row) {
                    let weight = Real::to_f64(weight);
                    *square += weight * weight;
                }
            }
        },
    );
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Of more numbers than are added at once, and a rest.
    fn weights(salt: usize) -> Array2<f32> {
        Array2::from_shape_fn((7, 13), |(row, column)| {
            ((row * 31 + column * 17 + salt * 7) % 23) as f32 - 11.0
        })
    }

    #[test]
    fn the_update_ratio_is_the_length_of_the_step_over_that_of_the_weights() {
        let length = |array: &Array2<f32>| array.mapv(|x| f64::from(x).powi(2)).sum().sqrt();
        let (before, after) = (weights(1), weights(2));
        let expected = length(&(&after - &before)) / length(&before);
        assert!((update_ratio(&before, &after) - expected).abs() < 1e-14 * expected);
        assert_eq!(update_ratio(&before, &before), 0.0);
    }

    #[test]
    fn the_effective_rate_is_that_of_the_median_unit() {
        let weights = weights(3);
        let mut squares: Vec<f64> =
            weights.columns().into_iter().map(|unit| unit.mapv(|x| f64::from(x).powi(2)).sum()).collect();
        squares.sort_by(f64::total_cmp);
        assert_eq!(effective_rate(&weights, 0.5), 0.5 / squares[6]);
    }
}
