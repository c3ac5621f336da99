//! A number by its rank among those of the training rows.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::data::transform::numbers::quantile::quantile;
use crate::data::transform::numbers::{are_rising, inverse_width};

/// The most knots: the percentiles from 0 to 100.
const MOST_KNOTS: usize = 101;

/// Maps a number to the quantile of the standard normal distribution at its rank among the training rows.
///
/// There are `K = min(101, training rows)` levels `p_k = k / (K - 1)`. Knot `k` is at the quantile of the training
/// rows at `p_k`; equal quantiles are one knot, whose level is the mean of theirs. With `Phi` the distribution
/// function of the standard normal distribution,
///
/// ```text
/// z_k = Phi^-1(clamp(p_k, 1 / (2 K), 1 - 1 / (2 K)))
/// y = z_k + (z_(k+1) - z_k) (x - x_k) / (x_(k+1) - x_k)     for x_k <= x <= x_(k+1)
/// ```
///
/// and `y` is that of the nearest knot outside of all knots: it never falls, and its size is at most 2.58 (the
/// normal quantile at level `1 - 1 / 202`).
///
/// At the inner knots this is scikit-learn's `QuantileTransformer(n_quantiles=101, output_distribution="normal")`.
/// Between them that is linear in the level instead of in `y`; and it maps the smallest and the largest number to -5.2
/// and 5.2 however few rows there are, which would make outliers of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NormalQuantiles {
    /// `x_k`, rising.
    pub knots: Vec<f64>,
    /// `z_k`, rising.
    pub normal: Vec<f64>,
}

impl NormalQuantiles {
    /// Fits the knots on numbers in rising order, of which at least two differ.
    pub(crate) fn fit(sorted: &[f64]) -> Self {
        let count = sorted.len().min(MOST_KNOTS);
        let level = |knot: usize| knot as f64 / (count - 1) as f64;
        let quantiles: Vec<f64> = (0..count).map(|knot| quantile(sorted, level(knot))).collect();
        let end = 0.5 / count as f64;
        let distribution = Normal::standard();
        let (mut knots, mut normal) = (Vec::new(), Vec::new());
        let mut first = 0;
        for same in quantiles.chunk_by(|left, right| left == right) {
            let last = first + same.len() - 1;
            let mean = (level(first) + level(last)) / 2.0;
            knots.push(same[0]);
            normal.push(distribution.inverse_cdf(mean.clamp(end, 1.0 - end)));
            first = last + 1;
        }
        Self { knots, normal }
    }

    /// The normal quantile of `x`; NaN for NaN.
    #[inline]
    pub fn apply(&self, x: f64) -> f64 {
        let Self { knots, normal } = self;
        let above = knots.partition_point(|knot| *knot <= x);
        if x.is_nan() {
            x
        } else if above == 0 {
            normal[0]
        } else if above == knots.len() {
            normal[above - 1]
        } else {
            let below = above - 1;
            let share = (x - knots[below]) * inverse_width(knots[below], knots[above]);
            normal[below] + (normal[above] - normal[below]) * share
        }
    }

    /// The ramps that add up to the rise from `z_0`: where each begins, the inverse of its width, and its height.
    pub(crate) fn ramps(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        let heights = self.normal.windows(2).map(|pair| pair[1] - pair[0]);
        let ramp = |(pair, height): (&[f64], f64)| (pair[0], inverse_width(pair[0], pair[1]), height);
        self.knots.windows(2).zip(heights).map(ramp)
    }

    /// Whether the numbers are as they must be.
    pub(crate) fn is_valid(&self) -> bool {
        self.knots.len() == self.normal.len() && are_rising(&self.knots) && are_rising(&self.normal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(mut numbers: Vec<f64>) -> NormalQuantiles {
        numbers.sort_unstable_by(f64::total_cmp);
        NormalQuantiles::fit(&numbers)
    }

    #[track_caller]
    fn assert_near(fitted: &NormalQuantiles, x: &[f64], expected: &[f64]) {
        for (&x, expected) in x.iter().zip(expected) {
            let found = fitted.apply(x);
            assert!((found - expected).abs() < 1e-12, "{x}: {found} {expected}");
        }
    }

    /// `QuantileTransformer(n_quantiles=12, output_distribution="normal")` of scikit-learn 1.9.1. One number is there
    /// three times.
    #[test]
    fn few_rows_have_the_normal_quantiles_of_scikit_learn() {
        let fitted = fit(vec![3.0, 1.0, 4.0, 1.5, 9.0, 2.6, 5.0, 3.5, 8.0, 9.7, 3.0, 3.0]);
        let x = [1.5, 2.6, 3.0, 3.5, 4.0, 5.0, 8.0, 9.0];
        let expected = [
            -1.335177736118937,
            -0.9084578685373851,
            -0.3487556955170447,
            0.11418529432142824,
            0.3487556955170447,
            0.6045853465832371,
            0.9084578685373853,
            1.3351777361189376,
        ];
        assert_near(&fitted, &x, &expected);
        // The ends are at 1/24 and 23/24 instead, by scipy.stats.norm.ppf.
        let end = 1.731664396122245;
        assert_near(&fitted, &[-1e30, 1.0, 9.7, 1e30], &[-end, -end, end, end]);
    }

    /// The same with 101 quantiles of 1000 numbers, at some of them.
    #[test]
    fn many_rows_have_the_normal_quantiles_of_scikit_learn() {
        let fitted = fit((1..=1000_u32).map(|n| f64::from(n * n % 1009) / 100.0).collect());
        let x = [0.0699, 0.998_000_000_000_000_1, 3.7689, 5.064_999_999_999_999_5, 7.645, 10.0301];
        let expected = [
            -2.3263478740408408,
            -1.2815515655446004,
            -0.33185334643681663,
            0.0,
            0.6744897501960817,
            2.3263478740408408,
        ];
        for (x, expected) in x.iter().zip(expected) {
            let found = fitted.apply(*x);
            // Between knots 0.01 apart, the last digit of a knot is 1e-14 of the result.
            assert!((found - expected).abs() < 1e-12, "{x}: {found} {expected}");
        }
        assert!((fitted.apply(1e9) - 2.579268135444998).abs() < 1e-12);
    }

    #[test]
    fn the_encoding_never_falls_and_ramps_add_up_to_it() {
        let fitted = fit([vec![0.0; 300], (0..200).map(|n| f64::from(n).powi(3)).collect()].concat());
        assert!(fitted.is_valid());
        let mut before = f64::NEG_INFINITY;
        for step in -100..9000 {
            let x = f64::from(step) * 1000.0;
            let y = fitted.apply(x);
            assert!(y >= before && y.abs() < 2.58, "{x}: {y}");
            before = y;
            let ramps =
                fitted.ramps().map(|(begin, factor, height)| ((x - begin) * factor).clamp(0.0, 1.0) * height);
            assert!((fitted.normal[0] + ramps.sum::<f64>() - y).abs() < 1e-12, "{x}");
        }
        assert!(fitted.apply(f64::NAN).is_nan());
    }
}
