//! Means over seeds, and differences between runs that share a seed.
//!
//! # Formulas
//!
//! For `n` numbers with mean `m`, the spread is the sample standard deviation
//! `s = sqrt(sum((x - m)^2) / (n - 1))`, and the interval of the mean at confidence `c` is
//! `m -+ t * s / sqrt(n)`, where `t` is the quantile `(1 + c) / 2` of Student's t distribution
//! with `n - 1` degrees of freedom (NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.2).
//! Runs of two networks that share a seed are paired: the interval is that of the mean of the
//! differences (the same handbook, 7.3.1.1), so what the seed does to both drops out.
//!
//! # What they do not say
//!
//! The intervals take the numbers for independent draws from something like a normal
//! distribution, which few seeds can neither show nor refute. They describe the spread over
//! seeds (initial weights, split, batches), not over data sets. Nothing is corrected for looking
//! at several measures at once. Missing numbers, such as those of a run that diverged, are left
//! out and counted: a mean over the rest speaks of the runs that got through, no others.

use serde::{Deserialize, Serialize};

use crate::metrics::student_t_quantile;
pub use crate::metrics::{CONFIDENCE, Interval};

/// Mean and spread of some numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// How many numbers there are.
    pub n: usize,
    /// How many more there should be: missing or not finite, and left out.
    pub n_missing: usize,
    /// None without any number, or where it overflows.
    pub mean: Option<f64>,
    /// The sample standard deviation; none with fewer than two numbers, or where it overflows.
    pub standard_deviation: Option<f64>,
    /// Of the mean, by Student's t; none where there is no standard deviation.
    pub interval: Option<Interval>,
}

/// The mean of differences within pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairedDifference {
    /// Pairs with both numbers.
    pub n_pairs: usize,
    /// Pairs in which a number is missing or not finite; left out.
    pub n_incomplete: usize,
    /// None without any pair, or where it overflows.
    pub mean: Option<f64>,
    /// The sample standard deviation of the differences; none with fewer than two pairs.
    pub standard_deviation: Option<f64>,
    /// Of the mean difference, by Student's t; none with fewer than two pairs.
    pub interval: Option<Interval>,
}

impl Estimate {
    /// Mean, spread and interval of `values`, without those that are `None` or not finite.
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> Self {
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
            let n = numbers.len() as f64;
            let half = student_t_quantile((1.0 + CONFIDENCE) / 2.0, n - 1.0) * standard_deviation / n.sqrt();
            let interval = Interval { low: mean - half, high: mean + half };
            (interval.low.is_finite() && interval.high.is_finite()).then_some(interval)
        });
        Self { n: numbers.len(), n_missing, mean, standard_deviation, interval }
    }
}

impl PairedDifference {
    /// First minus second number of each pair.
    pub fn of(pairs: impl IntoIterator<Item = (Option<f64>, Option<f64>)>) -> Self {
        let differences = pairs.into_iter().map(|(first, second)| Some(first? - second?));
        let Estimate { n, n_missing, mean, standard_deviation, interval } = Estimate::of(differences);
        Self { n_pairs: n, n_incomplete: n_missing, mean, standard_deviation, interval }
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

fn mean(numbers: &[f64]) -> Option<f64> {
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    mean.is_finite().then_some(mean)
}

fn standard_deviation(numbers: &[f64], mean: f64) -> Option<f64> {
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
    fn equal_numbers_have_an_interval_of_no_width() {
        let estimate = Estimate::of(some(&[0.25; 4]));
        assert_eq!(estimate.interval, Some(Interval { low: 0.25, high: 0.25 }));
    }

    #[test]
    fn overflow_is_missing_instead_of_infinite() {
        let spread = Estimate::of(some(&[1e200, -1e200]));
        assert_eq!((spread.mean, spread.standard_deviation, spread.interval), (Some(0.0), None, None));
        assert_eq!(Estimate::of(some(&[1e308, 1e308])).mean, None);
    }

    #[test]
    fn pairing_takes_out_what_both_share() {
        // Differences -1, -1, -1: the spread over seeds is large, that of the differences is 0.
        let pairs = [(1.0, 2.0), (11.0, 12.0), (101.0, 102.0)];
        let difference = PairedDifference::of(pairs.map(|(first, second)| (Some(first), Some(second))));
        assert_eq!((difference.n_pairs, difference.n_incomplete), (3, 0));
        assert_eq!(difference.mean, Some(-1.0));
        assert_eq!(difference.interval, Some(Interval { low: -1.0, high: -1.0 }));
    }

    #[test]
    fn a_pair_with_a_missing_number_is_not_counted() {
        let difference = PairedDifference::of([(Some(1.0), None), (None, None), (Some(5.0), Some(2.0))]);
        assert_eq!((difference.n_pairs, difference.n_incomplete), (1, 2));
        assert_eq!((difference.mean, difference.interval), (Some(3.0), None));
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
