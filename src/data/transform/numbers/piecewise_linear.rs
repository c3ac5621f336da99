//! A number as intervals: the piecewise-linear encoding.

use serde::{Deserialize, Serialize};

use crate::data::transform::numbers::quantile::quantile;
use crate::data::transform::numbers::{are_rising, inverse_width};
use crate::kernel::real::Real;

/// The piecewise-linear encoding of Gorishniy, Rubachev and Babenko, "On embeddings for numerical features in tabular
/// deep learning", 2022, section 3.2.1, with quantiles as edges `b_0 < b_1 < ... < b_T`:
///
/// ```text
/// y_t = clamp((x - b_(t-1)) / (b_t - b_(t-1)), 0, 1)     for t = 1 .. T
/// ```
///
/// Interval `t` is 0 for numbers below it, 1 for numbers above it, and rises linearly in it, so that an affine layer
/// becomes a piecewise linear function of `x`. Between the first and the last edge this is the encoding of the paper;
/// outside, where that goes on linearly, it stays at 0 or 1, so that a number far from those of the training rows
/// cannot become a huge input.
///
/// Edges are the quantiles of the training rows at levels `0, 1/T, ..., 1`; equal ones are one edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PiecewiseLinear {
    /// `b_t`, rising.
    pub edges: Vec<f64>,
}

impl PiecewiseLinear {
    /// Fits up to `intervals` intervals on numbers in rising order, of which at least two differ.
    pub(crate) fn fit(sorted: &[f64], intervals: usize) -> Self {
        let level = |edge: usize| edge as f64 / intervals as f64;
        let mut edges: Vec<f64> = (0..=intervals).map(|edge| quantile(sorted, level(edge))).collect();
        edges.dedup();
        Self { edges }
    }

    /// The number of intervals.
    pub(crate) fn count(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    /// Writes the inputs of `x` to the start of `y`; all are NaN for NaN.
    #[inline]
    pub(crate) fn write<F: Real>(&self, x: f64, y: &mut [F]) {
        for (y, (edge, factor)) in y.iter_mut().zip(self.ramps()) {
            *y = F::from_f64(((x - edge) * factor).clamp(0.0, 1.0));
        }
    }

    /// Where each interval begins, and the inverse of its width.
    pub(crate) fn ramps(&self) -> impl Iterator<Item = (f64, f64)> {
        self.edges.windows(2).map(|pair| (pair[0], inverse_width(pair[0], pair[1])))
    }

    /// Whether the numbers are as they must be.
    pub(crate) fn is_valid(&self) -> bool {
        are_rising(&self.edges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(fitted: &PiecewiseLinear, x: f64) -> Vec<f64> {
        let mut y = vec![f64::NAN; fitted.count()];
        fitted.write(x, &mut y);
        y
    }

    /// Edges by `numpy.quantile`, inputs by equation 1 of the paper.
    #[test]
    fn inputs_are_those_of_the_paper() {
        let mut numbers: Vec<f64> = (1..=1000_u32).map(|n| f64::from(n * n % 1009) / 100.0).collect();
        numbers.sort_unstable_by(f64::total_cmp);
        let fitted = PiecewiseLinear::fit(&numbers, 8);
        assert_eq!(
            fitted.edges,
            [0.01, 1.23, 2.5075, 3.81, 5.064_999_999_999_999_5, 6.35, 7.645, 8.96, 10.08]
        );
        for (x, full, share) in [
            (0.01, 0, 0.0),
            (1.0, 0, 0.8114754098360656),
            (2.345, 1, 0.8727984344422703),
            (5.0, 3, 0.9482071713147414),
            (10.08, 7, 1.0),
        ] {
            for (interval, y) in encoded(&fitted, x).into_iter().enumerate() {
                let expected = if interval < full {
                    1.0
                } else if interval == full {
                    share
                } else {
                    0.0
                };
                assert!((y - expected).abs() < 1e-15, "{x}, interval {interval}: {y}");
            }
        }
    }

    #[test]
    fn inputs_stay_between_0_and_1_outside_of_the_training_range() {
        let fitted = PiecewiseLinear::fit(&[0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 3.0], 4);
        // Equal quantiles are one edge.
        assert_eq!(fitted.edges, [0.0, 1.0, 3.0]);
        assert_eq!(encoded(&fitted, -1e30), [0.0, 0.0]);
        assert_eq!(encoded(&fitted, 1e30), [1.0, 1.0]);
        assert!(encoded(&fitted, f64::NAN).iter().all(|y| y.is_nan()));
    }
}
