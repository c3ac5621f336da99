//! Means over seeds.
//!
//! For `n` numbers with mean `m`, the spread is the sample standard deviation
//! `s = sqrt(sum((x - m)^2) / (n - 1))`. The interval of the mean is `m -+ t s / sqrt(n)` on a scale
//! without ends, where `t` is the quantile of Student's t distribution with `n - 1` degrees of freedom:
//! the logarithm for what is positive, the logit for shares, `ln(1 - v)` for R2. So it stays where the
//! mean can be, and where the mean is far from the ends it is the usual one (NIST/SEMATECH e-Handbook of
//! Statistical Methods, 1.3.5.2). These are the scales of the intervals over rows, too.

use serde::{Deserialize, Serialize};

use crate::metrics::{Interval, IntervalScale, by_influence};

/// Mean and spread of some numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// How many numbers there are.
    pub n: usize,
    /// How many more there should be: missing or not finite, and left out.
    pub n_missing: usize,
    /// None without any number, or where it overflows.
    pub mean: Option<f64>,
    /// Of what is positive, such as losses, which are compared as ratios; none of anything else, and in files of older
    /// versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geometric_mean: Option<f64>,
    /// The sample standard deviation; none with fewer than two numbers, or where it overflows.
    pub standard_deviation: Option<f64>,
    /// Of the mean over all seeds; none with fewer than two numbers, and where they do not differ.
    pub interval: Option<Interval>,
}

impl Estimate {
    /// Mean, spread and interval of `values` without those that are `None` or not finite, for numbers of
    /// either sign.
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> Self {
        Self::on(IntervalScale::Plain { unit: 1.0 }, values)
    }

    /// Like [`of`](Self::of), with the interval on `scale`.
    pub(crate) fn on(scale: IntervalScale, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let mut n_missing = 0;
        let mut numbers = Vec::new();
        for value in values {
            match value.filter(|value| value.is_finite()) {
                Some(value) => numbers.push(value),
                None => n_missing += 1,
            }
        }
        let mean = mean(&numbers);
        let standard_deviation = mean.and_then(|mean| standard_deviation(&numbers, mean));
        let interval = mean.zip(standard_deviation).and_then(|(mean, standard_deviation)| {
            let n = numbers.len();
            // The influence of a number on the mean is its distance from it, divided by `n`.
            let squares = standard_deviation.powi(2) * (n - 1) as f64 / (n * n) as f64;
            by_influence(mean, squares, n as u64, scale).interval
        });
        let is_log = matches!(scale, IntervalScale::Log);
        let geometric_mean = self::mean(&numbers.iter().map(|number| number.ln()).collect::<Vec<_>>());
        let geometric_mean = match numbers.contains(&0.0) {
            true => Some(0.0),
            false => geometric_mean.map(f64::exp),
        };
        let geometric_mean = geometric_mean.filter(|_| is_log);
        Self { n: numbers.len(), n_missing, mean, geometric_mean, standard_deviation, interval }
    }
}

/// The median where `None` means "later than all others", as for a step that was not reached
/// while it was watched. None where the median is such a value, or without values.
pub fn censored_median(values: impl IntoIterator<Item = Option<u64>>) -> Option<f64> {
    let mut values: Vec<Option<u64>> = values.into_iter().collect();
    values.sort_by_key(|value| value.unwrap_or(u64::MAX));
    let upper = (*values.get(values.len() / 2)?)? as f64;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = values[values.len() / 2 - 1]? as f64;
    Some((lower + upper) / 2.0)
}

pub(super) fn mean(numbers: &[f64]) -> Option<f64> {
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    mean.is_finite().then_some(mean)
}

pub(super) fn standard_deviation(numbers: &[f64], mean: f64) -> Option<f64> {
    if numbers.len() < 2 {
        return None;
    }
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    let standard_deviation = (squares / (numbers.len() - 1) as f64).sqrt();
    standard_deviation.is_finite().then_some(standard_deviation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    fn assert_close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-7 * expected.abs(), "{actual} is not {expected}");
    }

    #[test]
    fn five_numbers_worked_by_hand() {
        // Mean 3, squares 4 + 1 + 0 + 1 + 4 = 10, variance 10 / 4, t(0.975, 4) = 2.7764451.
        let estimate = Estimate::of(some(&[1.0, 2.0, 3.0, 4.0, 5.0]));
        assert_eq!((estimate.n, estimate.n_missing), (5, 0));
        assert_eq!(estimate.mean, Some(3.0));
        assert_close(estimate.standard_deviation.unwrap(), 1.581_138_83);
        let interval = estimate.interval.unwrap();
        assert_close(interval.low, 3.0 - 2.776_445_1 * std::f64::consts::FRAC_1_SQRT_2);
        assert_close(interval.high, 3.0 + 2.776_445_1 * std::f64::consts::FRAC_1_SQRT_2);
    }

    #[test]
    fn what_is_missing_or_not_finite_is_left_out_and_counted() {
        let values = [Some(1.0), None, Some(f64::NAN), Some(3.0), Some(f64::INFINITY)];
        let estimate = Estimate::of(values);
        assert_eq!((estimate.n, estimate.n_missing), (2, 3));
        assert_eq!(estimate.mean, Some(2.0));
        assert_close(estimate.standard_deviation.unwrap(), std::f64::consts::SQRT_2);
    }

    #[test]
    fn one_number_has_no_spread_and_none_no_mean() {
        let one = Estimate::of([Some(7.0)]);
        assert_eq!((one.mean, one.standard_deviation, one.interval), (Some(7.0), None, None));
        let none = Estimate::of([None]);
        assert_eq!((none.n, none.n_missing, none.mean, none.interval), (0, 1, None, None));
    }

    #[test]
    fn equal_numbers_say_nothing_of_the_spread() {
        let estimate = Estimate::of(some(&[0.25; 4]));
        assert_eq!((estimate.standard_deviation, estimate.interval), (Some(0.0), None));
    }

    #[test]
    fn the_interval_stays_where_the_mean_can_be() {
        let shares = some(&[0.7, 0.999, 0.999, 0.999]);
        let plain = Estimate::of(shares.clone()).interval.unwrap();
        assert!(plain.high > 1.0);
        let logit = Estimate::on(IntervalScale::Logit, shares).interval.unwrap();
        assert!(0.0 < logit.low && logit.high < 1.0, "{logit:?}");
        let losses = Estimate::on(IntervalScale::Log, some(&[0.1, 0.1, 2.0])).interval.unwrap();
        assert!(0.0 < losses.low && losses.low < losses.high, "{losses:?}");
        let r2 = Estimate::on(IntervalScale::LogOfRest, some(&[0.2, 0.9, 0.99])).interval.unwrap();
        assert!(r2.low < 0.0 && r2.high < 1.0, "{r2:?}");
        // Far from the ends they agree.
        let (plain, logit) = ([0.5, 0.501, 0.502], [0.5, 0.501, 0.502]);
        let plain = Estimate::of(some(&plain)).interval.unwrap();
        let logit = Estimate::on(IntervalScale::Logit, some(&logit)).interval.unwrap();
        assert!((plain.low - logit.low).abs() < 1e-7 && (plain.high - logit.high).abs() < 1e-7);
    }

    #[test]
    fn overflow_is_missing_instead_of_infinite() {
        let spread = Estimate::of(some(&[1e200, -1e200]));
        assert_eq!((spread.mean, spread.standard_deviation, spread.interval), (Some(0.0), None, None));
        assert_eq!(Estimate::of(some(&[1e308, 1e308])).mean, None);
    }

    #[test]
    fn the_median_knows_that_not_reached_is_later_than_any_step() {
        assert_eq!(censored_median([Some(30), Some(10), Some(20)]), Some(20.0));
        assert_eq!(censored_median([Some(30), None, Some(20)]), Some(30.0));
        assert_eq!(censored_median([None, None, Some(20)]), None);
        assert_eq!(censored_median([Some(10), Some(20), Some(40), None]), Some(30.0));
        assert_eq!(censored_median([Some(10), Some(20), None, None]), None);
        assert_eq!(censored_median([]), None);
    }
}
