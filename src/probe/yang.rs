//! How fast gradients grow through batch norm at initialization, in theory.

use std::f64::consts::{PI, TAU};

/// The activation between two norms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `max(0, x)`
    Relu,
    /// `x`
    Linear,
}

/// The factor by which the squared gradient grows from each layer to the one before it, in a wide network of affine
/// layers with random weights, batch norm and `unit`, for batches of `rows` rows; of ghost batch norm, those of a
/// ghost batch. None for fewer than four rows, where the expectation is infinite.
///
/// With `r = -1 / (B - 1)` for the correlation of two rows after the mean is subtracted, and over rows of variance 1
///
/// ```text
/// relu:    p = 1/4 + asin(r) / (2 pi)                              both rows are active
///          k = (sqrt(1 - r^2) + r (pi - acos(r))) / (2 pi)         E[relu(u) relu(v)]
///          growth = (((B - 1) / 2 + p) / (1/2 - k) - 1) / (B - 3)
/// linear:  growth = (B - 2) / (B - 3)
/// ```
///
/// It follows from `dx = P dy / std`, with `P` the projection away from 1 and from the normalized batch, whose
/// direction is uniform and independent of its length, and `E[1 / std^2] = B / (B - 3)` over the variance. As `B`
/// grows, ReLU tends to `pi / (pi - 1) = 1.467` and linear to 1.
///
/// Source: Yang et al., "A mean field theory of batch normalization", 2019, section 3 and equation 25 for the limit.
pub fn yang_growth(unit: Unit, rows: usize) -> Option<f64> {
    if rows < 4 {
        return None;
    }
    let b = rows as f64;
    if unit == Unit::Linear {
        return Some((b - 2.0) / (b - 3.0));
    }
    let r = -1.0 / (b - 1.0);
    let both_active = 0.25 + r.asin() / TAU;
    let product = ((1.0 - r * r).sqrt() + r * (PI - r.acos())) / TAU;
    Some((((b - 1.0) / 2.0 + both_active) / (0.5 - product) - 1.0) / (b - 3.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed from the eigenvalues of the paper's theorem, and confirmed by networks of width 600.
    #[test]
    fn the_formula_has_the_values_of_the_paper() {
        let expected =
            [(4, 3.084), (6, 2.004), (8, 1.788), (16, 1.590), (32, 1.522), (64, 1.493), (128, 1.480)];
        for (rows, expected) in expected {
            let found = yang_growth(Unit::Relu, rows).expect("enough rows");
            assert!((found - expected).abs() < 6e-4, "{rows} rows: {found} for {expected}");
        }
        let limit = yang_growth(Unit::Relu, 100_000_000).expect("enough rows");
        assert!((limit - PI / (PI - 1.0)).abs() < 1e-6);
        assert_eq!(yang_growth(Unit::Linear, 4), Some(2.0));
        assert_eq!(yang_growth(Unit::Relu, 3), None);
    }
}
