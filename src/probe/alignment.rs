//! Whether the rows of a batch agree about the gradient.

use crate::kernel::real::Real;
use crate::probe::Probe;

/// For the weights of each affine layer `sum |sum over rows of g| / sum of sum over rows of |g|`, with `g` a row's
/// share in the gradient of a weight, after a [`Probe::pass`]: 1 if all rows pull each weight the same way, near 0 if
/// they cancel. NaN without a gradient.
///
/// The share of a row in the gradient of `W` is `x' dy` of that row, so the sums are `|X' dY|` and `|X|' |dY|`. For
/// normalized weights, `W` is the product.
///
/// Source: after Bjorck et al., "Understanding batch normalization", 2018, table 1, where the ratio is the inverse.
pub fn gradient_alignment<F: Real>(probe: &Probe<F>) -> Vec<f64> {
    let ratio = |affine: usize| {
        let x = probe.input(affine).mapv(Real::to_f64);
        let dy = probe.output_gradient(affine).mapv(Real::to_f64);
        let total = x.t().dot(&dy).mapv(f64::abs).sum();
        total / x.mapv(f64::abs).t().dot(&dy.mapv(f64::abs)).sum()
    };
    probe.blocks().iter().map(|block| ratio(block.affine)).collect()
}
