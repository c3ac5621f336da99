//! The formulas of the intervals; the [module](super) says which is used where.

use crate::metrics::measure::{Interval, Measure, UndefinedReason};
use crate::metrics::student_t::student_t_quantile;

/// The confidence of every interval.
pub const CONFIDENCE: f64 = 0.95;

/// The quantile `(1 + CONFIDENCE) / 2` of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Sums over the weights of some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sums {
    pub(crate) rows: u64,
    pub(crate) weight: f64,
    pub(crate) squares: f64, // of the weights
}

impl Sums {
    /// Adds a row.
    pub(crate) fn add(&mut self, weight: f64) {
        *self += Self { rows: 1, weight, squares: weight * weight };
    }

    /// The effective number of rows (Kish): `(sum w)^2 / sum w^2`.
    fn effective_rows(&self) -> f64 {
        self.weight * self.weight / self.squares
    }
}

impl std::ops::AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.weight += other.weight;
        self.squares += other.squares;
    }
}

/// The share `part / whole`, with Wilson's interval.
pub(crate) fn share(part: f64, whole: Sums) -> Measure {
    if whole.weight <= 0.0 {
        return Measure::undefined(UndefinedReason::NoRows);
    }
    let p = part / whole.weight;
    Measure::new(p, Ok(wilson(p, whole.effective_rows())))
}

/// Wilson's score interval of a share `p` of `n` rows.
fn wilson(p: f64, n: f64) -> Interval {
    let shrink = 1.0 / (1.0 + Z * Z / n);
    let center = shrink * (p + Z * Z / (2.0 * n));
    let half = shrink * Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).max(0.0).sqrt();
    // Despite rounding, the interval is in `0..=1` and holds the value.
    Interval { low: (center - half).clamp(0.0, p), high: (center + half).clamp(p, 1.0) }
}

/// The mean of shares of different rows: distances to the bounds add up like standard errors.
pub(crate) fn mean_of_shares(shares: &[Measure]) -> Measure {
    let known = || shares.iter().filter_map(|share| share.value.zip(share.interval));
    let n = known().count() as f64;
    if n == 0.0 {
        return Measure::undefined(UndefinedReason::NoRows);
    }
    let mean = known().map(|(value, _)| value).sum::<f64>() / n;
    let below: f64 = known().map(|(value, interval)| (value - interval.low).powi(2)).sum();
    let above: f64 = known().map(|(value, interval)| (interval.high - value).powi(2)).sum();
    let interval = Interval { low: mean - below.sqrt() / n, high: mean + above.sqrt() / n };
    Measure::new(mean, Ok(interval))
}

/// The unbounded scale on which an interval is symmetric.
#[derive(Clone, Copy, Debug)]
pub(crate) enum IntervalScale {
    /// `log(v)`, for `0 < v`.
    Log,
    /// `log(v / (1 - v))`, for `0 < v < 1`.
    Logit,
    /// `log(1 - v)`, for `v < 1`.
    LogOfRest,
    /// That of Wilson's interval, for `0 < v < 1`: as of a share of the number of rows that gives this standard error. Near 0,
    /// where the error is larger than the value, a logit would reach nearly to 1.
    Share,
    /// `v` itself, a difference of numbers of about this size: what rounding leaves of it is not a spread.
    Plain {
        /// 1 for differences of shares and losses in nats.
        unit: f64,
    },
}

/// The scale of the metric called `name`, such as `accuracy` or `price.rmse`.
pub(crate) fn scale_of(name: &str) -> IntervalScale {
    match name.rsplit('.').next() {
        Some("log_loss" | "rmse" | "mae") => IntervalScale::Log,
        Some("r2") => IntervalScale::LogOfRest,
        _ => IntervalScale::Logit,
    }
}

/// Wilson's interval of the share `part` of `whole` things; none of nothing.
pub(crate) fn share_of(part: usize, whole: usize) -> Option<Interval> {
    (0 < whole).then(|| wilson(part as f64 / whole as f64, whole as f64))
}

/// The metric with the interval from the influences of its `n` rows, `squares` being the sum of their squares.
pub(crate) fn by_influence(value: f64, squares: f64, n: u64, scale: IntervalScale) -> Measure {
    let n = n as f64;
    let standard_error = (n / (n - 1.0) * squares).sqrt();
    // What the scale stretches an influence by, and the size of what it is an influence on.
    let (stretch, size) = match scale {
        IntervalScale::Log => (value, value),
        IntervalScale::Logit | IntervalScale::Share => (value * (1.0 - value), value * (1.0 - value)),
        IntervalScale::LogOfRest => (1.0 - value, 1.0 - value),
        IntervalScale::Plain { unit } => (1.0, unit),
    };
    if n < 2.0 {
        return Measure::new(value, Err(UndefinedReason::OneRow));
    }
    // If all influences cancel, what rounding leaves is not a spread.
    if stretch <= 0.0 || standard_error <= 1e-12 * size {
        return Measure::new(value, Err(UndefinedReason::NoSpread));
    }
    if let IntervalScale::Share = scale {
        return Measure::new(value, Ok(wilson(value, stretch / (standard_error * standard_error))));
    }
    let half = student_t_quantile((1.0 + CONFIDENCE) / 2.0, n - 1.0) * standard_error / stretch;
    let [low, high] = [(-half, (-half).exp()), (half, half.exp())].map(|(half, factor)| match scale {
        IntervalScale::Plain { .. } | IntervalScale::Share => value + half,
        IntervalScale::Log => value * factor,
        IntervalScale::Logit => value / (value + (1.0 - value) / factor),
        IntervalScale::LogOfRest => 1.0 - (1.0 - value) / factor,
    });
    if low.is_finite() && high.is_finite() {
        Measure::new(value, Ok(Interval { low, high }))
    } else {
        Measure::new(value, Err(UndefinedReason::NotFinite))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A few rows of a rare class that are far off: the standard error is five times the value.
    #[test]
    fn a_share_near_zero_has_an_interval_near_zero() {
        let found = by_influence(1e-4, 2.5e-7, 4000, IntervalScale::Share);
        let interval = found.interval.expect("a spread");
        assert!(interval.low < 1e-4 && 1e-3 < interval.high && interval.high < 0.02, "{interval:?}");
        // Far from 0 and 1 it is that of the standard error, nearly.
        let middle = by_influence(0.4, 1e-4, 4000, IntervalScale::Share).interval.expect("a spread");
        assert!((middle.low - 0.3804).abs() < 2e-4 && (middle.high - 0.4196).abs() < 2e-4, "{middle:?}");
    }

    /// Newcombe 1998, table I, method 3.
    #[test]
    fn wilson_is_that_of_the_printed_table() {
        for (right, n, low, high) in [
            (81.0, 263.0, 0.2553, 0.3662),
            (15.0, 148.0, 0.0624, 0.1605),
            (0.0, 20.0, 0.0, 0.1611),
            (1.0, 29.0, 0.0061, 0.1718),
        ] {
            let interval = wilson(right / n, n);
            assert!((interval.low - low).abs() < 5e-5 && (interval.high - high).abs() < 5e-5, "{interval:?}");
        }
        assert_eq!(wilson(1.0, 20.0).high, 1.0);
        assert_eq!(wilson(0.0, 20.0).low, 0.0);
    }

    const PLAIN: IntervalScale = IntervalScale::Plain { unit: 1.0 };

    #[test]
    fn rounding_is_not_a_spread_in_any_unit() {
        for unit in [1e-15, 1.0, 1e15] {
            let squares_of = |error: f64| (error * unit).powi(2);
            let of = |error| by_influence(0.1 * unit, squares_of(error), 9, IntervalScale::Plain { unit });
            assert!(of(1e-3).interval.is_some(), "{unit}");
            assert_eq!(of(1e-14).missing, Some(UndefinedReason::NoSpread), "{unit}");
        }
    }

    #[test]
    fn the_smallest_spread_is_relative_to_what_the_scale_measures() {
        let of = |value, error: f64, scale| by_influence(value, error.powi(2), 9, scale).interval.is_some();
        for (small, scale) in [
            (1e-6, IntervalScale::Log),
            (1e-6, IntervalScale::Logit),
            (1.0 - 1e-6, IntervalScale::Logit),
            (1.0 - 1e-6, IntervalScale::LogOfRest),
        ] {
            assert!(of(small, 1e-14, scale) && !of(small, 1e-20, scale), "{scale:?}");
        }
    }

    #[test]
    fn an_interval_is_symmetric_on_its_scale() {
        // The standard error is sqrt(3 / 2 * 0.0024), and 4.3027 the quantile of Student's t with two degrees of freedom.
        let half: f64 = 4.302_652_729_911_275 * 0.06;
        for (scale, value, low, high) in [
            (IntervalScale::Log, 2.0, 2.0 * (-half / 2.0).exp(), 2.0 * (half / 2.0).exp()),
            (IntervalScale::LogOfRest, -1.0, 1.0 - 2.0 * (half / 2.0).exp(), 1.0 - 2.0 * (-half / 2.0).exp()),
            (PLAIN, 3.0, 3.0 - half, 3.0 + half),
        ] {
            let found = by_influence(value, 0.0024, 3, scale).interval.expect("a spread");
            assert!(
                (found.low - low).abs() < 1e-9 && (found.high - high).abs() < 1e-9,
                "{scale:?} {found:?}"
            );
        }
        let found = by_influence(0.8, 0.0024, 3, IntervalScale::Logit).interval.expect("a spread");
        let logit = |p: f64| (p / (1.0 - p)).ln();
        for (end, sign) in [(found.low, -1.0), (found.high, 1.0)] {
            assert!((logit(end) - (logit(0.8) + sign * half / 0.16)).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn errors_are_on_a_scale_from_0_on() {
        for name in ["log_loss", "price.rmse", "a.b.mae"] {
            assert!(matches!(scale_of(name), IntervalScale::Log), "{name}");
        }
        assert!(matches!(scale_of("price.r2"), IntervalScale::LogOfRest));
        assert!(matches!(scale_of("accuracy"), IntervalScale::Logit));
    }

    #[test]
    fn an_interval_stays_on_its_scale() {
        let of_shares = [IntervalScale::Logit, IntervalScale::Share];
        for scale in [IntervalScale::Log, IntervalScale::LogOfRest, PLAIN].into_iter().chain(of_shares) {
            for squares in [1e-4, 1e2, 1e8] {
                let measure = by_influence(0.9, squares, 3, scale);
                let Some(Interval { low, high }) = measure.interval else {
                    assert_eq!(measure.missing, Some(UndefinedReason::NotFinite), "{scale:?} {squares}");
                    continue;
                };
                assert!(low < 0.9 && 0.9 < high, "{scale:?} {low} {high}");
                assert!(low.is_finite() && high.is_finite(), "{scale:?} {low} {high}");
                let ends = match scale {
                    IntervalScale::Log => (0.0, f64::INFINITY),
                    IntervalScale::Logit | IntervalScale::Share => (0.0, 1.0),
                    IntervalScale::LogOfRest => (f64::NEG_INFINITY, 1.0),
                    IntervalScale::Plain { .. } => (f64::NEG_INFINITY, f64::INFINITY),
                };
                assert!(ends.0 <= low && high <= ends.1, "{scale:?} {low} {high}");
            }
        }
    }
}
