//! Numbers rounded for people.

use crate::experiment::statistics::{Estimate, NoInterval, OpenInterval, PairedComparison, PairedForm};
use crate::metrics::Interval;

/// A missing number.
pub(crate) const NO_NUMBER: &str = "-";

/// Four significant digits, such as `0.05123`, `12.30` or `1.230e-5`.
pub(crate) fn four_digits(value: f64) -> String {
    Format::of(value, None).write(value)
}

/// Two values in four significant digits, or in as many decimals as make them differ.
pub(crate) fn distinct_digits(one: f64, other: f64) -> [String; 2] {
    let four = [one, other].map(four_digits);
    if four[0] != four[1] || one == other {
        return four;
    }
    let with = |decimals: usize| [one, other].map(|value| format!("{value:.decimals$}"));
    (4..=17)
        .map(with)
        .find(|[one, other]| one != other)
        .unwrap_or_else(|| [one, other].map(|value| format!("{value:e}")))
}

/// A value with this number of decimals, without a sign if it is rounded to zero.
pub(crate) fn with_decimals(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if is_zero(digits) => digits.to_owned(),
        _ => text,
    }
}

/// The mean with up to four significant digits, but no more than two digits of the standard deviation
/// allow, such as `0.0512 ±0.0041`.
pub(crate) fn mean_and_spread(estimate: &Estimate) -> String {
    let Some(mean) = estimate.mean else { return NO_NUMBER.to_owned() };
    let Some(spread) = estimate.standard_deviation else { return four_digits(mean) };
    let format = Format::of(mean, Some(spread));
    format!("{} ±{}", format.write(mean), format.write_spread(spread))
}

/// Four decimals, such as `0.9722 ±0.0031`.
pub(crate) fn accuracy_and_spread(estimate: &Estimate) -> String {
    match (estimate.mean, estimate.standard_deviation) {
        (Some(mean), Some(spread)) => format!("{mean:.4} ±{spread:.4}"),
        (Some(mean), None) => format!("{mean:.4}"),
        (None, _) => NO_NUMBER.to_owned(),
    }
}

/// The mean of a paired comparison with its simultaneous interval, if there is one, such as
/// `0.56 times (0.48 to 0.65)` or `-0.0123 (-0.0200 to -0.0046)`.
pub(crate) fn compared(comparison: &PairedComparison) -> String {
    mean_with(comparison, comparison.simultaneous_interval)
}

/// The mean of a paired comparison with this interval of it, or with the words that all differences
/// are equal, of which there is none.
pub(crate) fn mean_with(comparison: &PairedComparison, interval: Option<Interval>) -> String {
    let Some(mean) = comparison.mean else { return NO_NUMBER.to_owned() };
    let is_equal = comparison.no_interval == Some(NoInterval::EqualDifferences);
    let equal = if is_equal { " (all equal)" } else { "" };
    match (comparison.form, interval) {
        (PairedForm::Ratio, None) => format!("{} times{equal}", four_digits(mean)),
        (PairedForm::Ratio, Some(_)) => {
            let (mean, interval) = ratio_and_interval(mean, interval);
            format!("{mean} times {interval}")
        }
        (_, Some(interval)) => signed_with_interval(mean, interval),
        (_, None) => format!("{}{equal}", signed(mean)),
    }
}

/// The median of a paired comparison with its signed-rank interval, in the form of [`compared`]; none without one.
pub(crate) fn median(comparison: &PairedComparison) -> Option<String> {
    let median = comparison.median?;
    let OpenInterval { low, high } = comparison.median_interval?;
    let end = |end: Option<f64>, open: &str| {
        let shown = if comparison.form == PairedForm::Ratio { four_digits } else { signed };
        end.map_or_else(|| open.to_owned(), shown)
    };
    let (low, high) = (end(low, "no bound"), end(high, "no bound"));
    Some(match comparison.form {
        PairedForm::Ratio => format!("{} times ({low} to {high})", four_digits(median)),
        _ => format!("{} ({low} to {high})", signed(median)),
    })
}

/// In how many pairs the first is better, and in how many both are equal, if any are: such as `12 of 40, 20 equal`.
/// None without a pair.
pub(crate) fn wins(comparison: &PairedComparison) -> Option<String> {
    let (n, ties) = (comparison.n_pairs, comparison.ties);
    // Ties count half.
    let won = comparison.wins? * n as f64 - 0.5 * ties as f64;
    let equal = if ties == 0 { String::new() } else { format!(", {ties} equal") };
    Some(format!("{won:.0} of {n}{equal}"))
}

/// A difference with its sign.
pub(crate) fn signed(difference: f64) -> String {
    Format::of(difference, None).write_signed(difference)
}

/// A p value, such as `0.0312` or `1.9e-6`.
pub(crate) fn p_value(p: f64) -> String {
    match p {
        1.0.. => "1".to_owned(),
        0.1..1.0 => format!("{p:.2}"),
        0.001..0.1 => format!("{p:.4}"),
        _ => format!("{p:.1e}"),
    }
}

/// A difference with its sign and its interval.
pub(crate) fn signed_with_interval(difference: f64, Interval { low, high }: Interval) -> String {
    let half = 0.5 * (high - low);
    // A difference near 0 is written like its interval.
    let format = Format::of(difference.abs().max(half), Some(half));
    let [difference, low, high] = [difference, low, high].map(|value| format.write_signed(value));
    format!("{difference} ({low} to {high})")
}

/// A ratio with its interval, if there is one. The digits of a wide interval are those of its ends, which can be
/// magnitudes apart.
pub(crate) fn ratio_and_interval(ratio: f64, interval: Option<Interval>) -> (String, String) {
    match interval {
        Some(Interval { low, high }) if 100.0 * low < high => {
            (four_digits(ratio), format!("({} to {})", four_digits(low), four_digits(high)))
        }
        _ => value_and_interval(ratio, interval),
    }
}

/// A value with its interval, if there is one, in digits that suit the interval: such as `0.512` and
/// `(0.498 to 0.527)`.
pub(crate) fn value_and_interval(value: f64, interval: Option<Interval>) -> (String, String) {
    let Some(Interval { low, high }) = interval else { return (four_digits(value), NO_NUMBER.to_owned()) };
    let format = Format::of(value, Some(0.5 * (high - low)));
    (format.write(value), format!("({} to {})", format.write(low), format.write(high)))
}

/// A duration, such as `12 ms`, `1.2 s` or `2 min 05 s`.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 0.0995 {
        return format!("{:.0} ms", 1e3 * seconds);
    }
    if seconds < 59.95 {
        return format!("{seconds:.1} s");
    }
    // Saturates for huge numbers.
    let whole = seconds.round() as u64;
    match whole / 3600 {
        0 => format!("{} min {:02} s", whole / 60, whole % 60),
        hours => format!("{hours} h {:02} min", whole / 60 % 60),
    }
}

/// How many decimals, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Plain { decimals: usize },
    Scientific { decimals: usize },
}

impl Format {
    fn of(value: f64, spread: Option<f64>) -> Self {
        let exponent = exponent(value, 3);
        let from_spread = spread.filter(|&spread| 0.0 < spread).map(|spread| 1 - self::exponent(spread, 1));
        let decimals = from_spread.map_or(3 - exponent, |from_spread| from_spread.min(3 - exponent));
        if (-3..6).contains(&exponent) || value == 0.0 {
            Self::Plain { decimals: decimals.max(0) as usize }
        } else {
            Self::Scientific { decimals: (decimals + exponent).clamp(0, 3) as usize }
        }
    }

    fn write(self, value: f64) -> String {
        match self {
            Self::Plain { decimals } => format!("{value:.decimals$}"),
            Self::Scientific { decimals } => format!("{value:.decimals$e}"),
        }
    }

    fn write_spread(self, spread: f64) -> String {
        match self {
            Self::Plain { decimals } => format!("{spread:.decimals$}"),
            Self::Scientific { .. } => format!("{spread:.1e}"),
        }
    }

    fn write_signed(self, value: f64) -> String {
        let text = self.write(value);
        // No sign for a number that is rounded to zero.
        match text.strip_prefix('-') {
            Some(digits) if is_zero(digits) => digits.to_owned(),
            Some(_) => text,
            None if is_zero(&text) => text,
            None => format!("+{text}"),
        }
    }
}

fn is_zero(digits: &str) -> bool {
    digits.chars().all(|character| matches!(character, '0' | '.'))
}

/// The decimal exponent of `value` after rounding to `decimals` digits after the first one.
fn exponent(value: f64, decimals: usize) -> i32 {
    let text = format!("{value:.decimals$e}");
    text.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::statistics::Reading;

    fn estimate(mean: f64, spread: f64) -> Estimate {
        Estimate {
            n: 5,
            n_missing: 0,
            mean: Some(mean),
            geometric_mean: None,
            standard_deviation: Some(spread),
            interval: None,
        }
    }

    #[test]
    fn values_that_differ_look_different() {
        assert_eq!(distinct_digits(1.2, 1.098_612), ["1.200", "1.099"]);
        assert_eq!(distinct_digits(1.098_312, 1.098_302), ["1.09831", "1.09830"]);
        assert_eq!(distinct_digits(0.5, 0.5), ["0.5000", "0.5000"]);
        assert_eq!(distinct_digits(1e-30, 1.000_01e-30), ["1e-30", "1.00001e-30"]);
    }

    #[test]
    fn what_is_rounded_to_zero_has_no_sign() {
        let values = [-0.001, -0.0, -0.006, 0.25].map(|value| with_decimals(value, 2));
        assert_eq!(values, ["0.00", "0.00", "-0.01", "0.25"]);
    }

    #[test]
    fn four_significant_digits() {
        let cases = [
            (0.0, "0.000"),
            (0.051_234, "0.05123"),
            (0.5, "0.5000"),
            (9.999_96, "10.00"),
            (12.3, "12.30"),
            (12_345.6, "12346"),
            (1_234_567.0, "1.235e6"),
            (0.000_999_97, "0.001000"),
            (0.000_012_3, "1.230e-5"),
            (-2.345_678, "-2.346"),
            (1e300, "1.000e300"),
            (f64::MIN_POSITIVE, "2.225e-308"),
        ];
        for (value, expected) in cases {
            assert_eq!(four_digits(value), expected);
        }
    }

    #[test]
    fn the_spread_limits_the_digits_of_the_mean() {
        let cases = [
            (0.051_234, 0.004_1, "0.0512 ±0.0041"),
            (0.051_234, 0.000_041, "0.05123 ±0.00004"),
            (0.051_234, 0.000_001, "0.05123 ±0.00000"),
            (0.051_234, 0.0, "0.05123 ±0.00000"),
            (2.303, 0.41, "2.30 ±0.41"),
            (0.01, 5.0, "0.0 ±5.0"),
            (1234.0, 456.0, "1234 ±456"),
            (1.234e-5, 4.1e-7, "1.234e-5 ±4.1e-7"),
            (1.234e-5, 4.1e-6, "1.23e-5 ±4.1e-6"),
            (1.234e9, 4.1e12, "1e9 ±4.1e12"),
        ];
        for (mean, spread, expected) in cases {
            assert_eq!(mean_and_spread(&estimate(mean, spread)), expected);
        }
        assert_eq!(mean_and_spread(&Estimate::of([None])), "-");
        assert_eq!(mean_and_spread(&Estimate::of([Some(0.5)])), "0.5000");
    }

    #[test]
    fn accuracies_have_four_decimals() {
        assert_eq!(accuracy_and_spread(&estimate(0.972_24, 0.003_1)), "0.9722 ±0.0031");
        assert_eq!(accuracy_and_spread(&Estimate::of([Some(1.0)])), "1.0000");
        assert_eq!(accuracy_and_spread(&Estimate::of([])), "-");
    }

    #[test]
    fn differences_have_a_sign_and_the_digits_of_their_interval() {
        let of = |form, pairs: &[(f64, f64)]| {
            let pairs = pairs.iter().map(|&(first, second)| (Reading::Value(first), Reading::Value(second)));
            compared(&PairedComparison::of(form, pairs))
        };
        let two = |first, second| of(PairedForm::Difference, &[(first, 0.0), (second, 0.0)]);
        // t(0.975, 1) = 12.7062 times the half distance.
        assert_eq!(two(-0.0129, -0.0117), "-0.0123 (-0.0199 to -0.0047)");
        assert_eq!(two(0.5, 0.5), "+0.5000 (all equal)");
        assert_eq!(two(-1.0, 1.0), "0 (-13 to +13)");
        assert_eq!(of(PairedForm::Difference, &[(0.25, 0.5)]), "-0.2500");
        assert_eq!(of(PairedForm::Difference, &[(0.25, 0.25)]), "0.000");
        assert_eq!(of(PairedForm::Difference, &[]), "-");
        let ratios = [(0.5, 1.0), (0.25, 0.5), (0.3, 0.5)];
        assert_eq!(of(PairedForm::Ratio, &ratios), "0.53 times (0.41 to 0.69)");
        assert_eq!(of(PairedForm::Ratio, &[(1.0, 3.0)]), "0.3333 times");
    }

    #[test]
    fn p_values_have_as_many_digits_as_help() {
        let cases = [
            (1.0, "1"),
            (0.0625, "0.0625"),
            (0.5, "0.50"),
            (0.031_25, "0.0312"),
            (0.003_9, "0.0039"),
            (1.9e-6, "1.9e-6"),
        ];
        for (p, expected) in cases {
            assert_eq!(p_value(p), expected);
        }
    }

    #[test]
    fn intervals_limit_the_digits_of_their_value() {
        let shown = |value, low, high| value_and_interval(value, Some(Interval { low, high }));
        assert_eq!(shown(0.512_34, 0.498, 0.527), ("0.512".to_owned(), "(0.498 to 0.527)".to_owned()));
        assert_eq!(shown(48_123.4, 47_000.0, 49_500.0), ("48123".to_owned(), "(47000 to 49500)".to_owned()));
        assert_eq!(shown(1.5e-7, 1.4e-7, 1.6e-7), ("1.50e-7".to_owned(), "(1.40e-7 to 1.60e-7)".to_owned()));
        assert_eq!(value_and_interval(0.5, None), ("0.5000".to_owned(), "-".to_owned()));
    }

    #[test]
    fn durations_are_in_the_unit_that_fits() {
        let cases = [
            (0.0, "0 ms"),
            (0.0123, "12 ms"),
            (0.0996, "0.1 s"),
            (1.234, "1.2 s"),
            (59.94, "59.9 s"),
            (59.96, "1 min 00 s"),
            (125.4, "2 min 05 s"),
            (3_725.0, "1 h 02 min"),
            (f64::INFINITY, "5124095576030431 h 00 min"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(duration(seconds), expected);
        }
    }
}
