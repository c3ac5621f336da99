//! Axes: positions of values, and the values that are labelled.

/// Values are drawn apart if they differ by more than this share of them, which is far more than rounding.
const NEARLY_EQUAL: f64 = 1e-5;

/// The lowest R2 that fits in a panel; an accuracy is never below 0.
pub(crate) const LOWEST_SCORE: f64 = -0.5;

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AxisScale {
    Linear,
    /// Decimal logarithm; values that are not positive are at the lower end.
    Log,
}

/// A range of values, its ticks and its scale. Positions are `0..=1` from the lower to the upper
/// end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    scale: AxisScale,
    low: f64,
    high: f64,
    /// Labelled values, upwards.
    pub(crate) ticks: Vec<Tick>,
    /// Positions of fainter lines between the ticks.
    pub(crate) minor: Vec<f64>,
}

/// A labelled value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) position: f64,
    pub(crate) label: String,
}

/// A value between two ticks, and what to write there.
type Labelled = (f64, String);

impl Axis {
    /// From the least to the largest finite value, those not positive aside on a log scale, with
    /// the share `margin` of the length added at both ends. A single value, or none, gets a range
    /// around it.
    pub(crate) fn around(
        scale: AxisScale,
        values: impl IntoIterator<Item = f64>,
        margin: f64,
        max_ticks: usize,
    ) -> Self {
        let is_shown = |value: &f64| value.is_finite() && (scale == AxisScale::Linear || 0.0 < *value);
        let coordinates = values.into_iter().filter(is_shown).map(|value| scale.coordinate(value));
        let (low, high) = coordinates.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), coordinate| {
            (low.min(coordinate), high.max(coordinate))
        });
        let (low, high) = if low <= high { (low, high) } else { (0.0, 0.0) };
        let length = high - low;
        // Values this near to each other are equal to the eye, and as labels too long.
        let nearest = match scale {
            AxisScale::Linear => (NEARLY_EQUAL * low.abs().max(high.abs())).max(1e-12),
            AxisScale::Log => NEARLY_EQUAL,
        };
        let (low, high) = match length <= nearest {
            true => (low - 0.1 * low.abs().max(0.5), high + 0.1 * high.abs().max(0.5)),
            false => (low - margin * length, high + margin * length),
        };
        Self::new(scale, low, high, max_ticks)
    }

    /// Whole numbers from `low` to `high`; ticks at whole numbers only.
    pub(crate) fn whole(low: u64, high: u64, max_ticks: usize) -> Self {
        let (low, high) = (low as f64, high.max(low.saturating_add(1)) as f64);
        let step = nice_step((high - low) / max_ticks.max(1) as f64).max(1.0);
        Self::with_ticks(AxisScale::Linear, low, high, multiples(low, high, step), Vec::new())
    }

    /// A row for each label, the first one at the top.
    pub(crate) fn rows(labels: impl ExactSizeIterator<Item = String>) -> Self {
        let n_rows = labels.len();
        let (low, high) = (0.6 - n_rows.max(1) as f64, 0.6);
        let ticks = labels.enumerate().map(|(row, label)| (Self::row(row), label)).collect();
        Self::with_ticks(AxisScale::Linear, low, high, ticks, Vec::new())
    }

    /// The value of a row of [`rows`](Self::rows).
    pub(crate) fn row(index: usize) -> f64 {
        -(index as f64)
    }

    /// Between two coordinates.
    fn new(scale: AxisScale, low: f64, high: f64, max_ticks: usize) -> Self {
        match scale {
            AxisScale::Linear => {
                let ticks = multiples(low, high, nice_step((high - low) / max_ticks.max(1) as f64));
                Self::with_ticks(scale, low, high, ticks, Vec::new())
            }
            AxisScale::Log => {
                let minor = if high - low < 5.0 { mantissas(low, high, EVERY_MANTISSA) } else { Vec::new() };
                Self::with_ticks(scale, low, high, log_ticks(low, high, max_ticks), minor)
            }
        }
    }

    fn with_ticks(scale: AxisScale, low: f64, high: f64, ticks: Vec<Labelled>, minor: Vec<Labelled>) -> Self {
        let mut axis = Self { scale, low, high, ticks: Vec::new(), minor: Vec::new() };
        let tick = |(value, label)| Tick { position: axis.position(value), label };
        let ticks = ticks.into_iter().map(tick).collect();
        let minor = minor.into_iter().map(|(value, _)| axis.position(value)).collect();
        axis.ticks = ticks;
        axis.minor = minor;
        axis
    }

    /// The value at a position.
    pub(crate) fn value_at(&self, position: f64) -> f64 {
        let coordinate = self.low + position * (self.high - self.low);
        if self.scale == AxisScale::Log { 10f64.powf(coordinate) } else { coordinate }
    }

    /// The position of `value`; values outside the range are at the ends.
    pub(crate) fn position(&self, value: f64) -> f64 {
        ((self.scale.coordinate(value) - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

impl AxisScale {
    /// Log where every value is positive and the largest at least ten times the least.
    pub(crate) fn fitting(values: impl IntoIterator<Item = f64>) -> Self {
        let mut range = (f64::INFINITY, 0.0f64);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            range = (range.0.min(value), range.1.max(value));
        }
        if 0.0 < range.0 && 10.0 <= range.1 / range.0 { Self::Log } else { Self::Linear }
    }

    fn coordinate(self, value: f64) -> f64 {
        match self {
            // The length of a range, margins included, must not overflow.
            Self::Linear => value.clamp(-0.25 * f64::MAX, 0.25 * f64::MAX),
            Self::Log => value.max(f64::MIN_POSITIVE).log10(),
        }
    }
}

/// The first digits that ticks of a log scale may have, the densest set first.
const MANTISSAS: [&[u32]; 3] = [&[1, 2, 5], &[1, 3], &[1]];
/// All of them, for fine lines and short axes.
const EVERY_MANTISSA: &[u32] = &[1, 2, 3, 4, 5, 6, 7, 8, 9];

/// The densest set of ticks that is not too dense; between the exponents `low` and `high`.
fn log_ticks(low: f64, high: f64, max_ticks: usize) -> Vec<Labelled> {
    if mantissas(low, high, MANTISSAS[0]).len() < 3 {
        let fine = mantissas(low, high, EVERY_MANTISSA);
        // Not those of which nearly all are at one end.
        let is_covered = fine.last().is_some_and(|(value, _)| low + 0.7 * (high - low) < value.log10());
        if is_covered && (3..=max_ticks).contains(&fine.len()) {
            return fine;
        }
        let (low, high) = (10f64.powf(low), 10f64.powf(high));
        return multiples(low, high, nice_step((high - low) / max_ticks.max(1) as f64));
    }
    for set in MANTISSAS {
        let ticks = mantissas(low, high, set);
        if ticks.len() <= max_ticks {
            return ticks;
        }
    }
    let step = nice_step((high - low) / max_ticks.max(1) as f64).max(1.0) as i32;
    let exponents = (low.ceil() as i32..=high.floor() as i32).filter(|exponent| exponent % step == 0);
    exponents.filter_map(|exponent| power_of_ten(1, exponent)).collect()
}

fn mantissas(low: f64, high: f64, digits: &[u32]) -> Vec<Labelled> {
    let exponents = low.floor() as i32..=high.ceil() as i32;
    let values = exponents.flat_map(|exponent| digits.iter().map(move |&digit| (digit, exponent)));
    values
        .filter_map(|(digit, exponent)| power_of_ten(digit, exponent))
        .filter(|(value, _)| (low - 1e-9..=high + 1e-9).contains(&value.log10()))
        .collect()
}

/// `digit * 10^exponent`, exactly as it is written.
fn power_of_ten(digit: u32, exponent: i32) -> Option<Labelled> {
    let scientific = format!("{digit}e{exponent}");
    let value: f64 = scientific.parse().ok().filter(|value: &f64| value.is_normal())?;
    let label = if (-4..6).contains(&exponent) { value.to_string() } else { scientific };
    Some((value, label))
}

/// The smallest of 1, 2 and 5 times a power of ten that is at least `step`.
fn nice_step(step: f64) -> f64 {
    let magnitude = 10f64.powf(step.max(f64::MIN_POSITIVE).log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| step <= factor * magnitude * (1.0 + 1e-9));
    factor.unwrap_or(10.0) * magnitude
}

/// The multiples of `step` in a range.
fn multiples(low: f64, high: f64, step: f64) -> Vec<Labelled> {
    let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
    let exponent = step.log10().floor();
    let decimals = (-exponent).max(0.0) as usize;
    let mut ticks = Vec::new();
    let mut count = first;
    // A range has a handful of multiples of a step that was made for it.
    while count <= last && ticks.len() < 100 {
        // The sum takes the sign from a zero.
        let value = count * step + 0.0;
        let is_plain = decimals <= 5 && value.abs() < 1e6 || value == 0.0;
        let label = if is_plain { format!("{value:.decimals$}") } else { scientific(value, exponent) };
        ticks.push((value, label));
        count += 1.0;
    }
    ticks
}

/// Without the digits that a product leaves behind the last one that counts, which is that of `10^exponent`. Values near
/// to 1 are written as they are.
fn scientific(value: f64, exponent: f64) -> String {
    let digits = (value.abs().log10().floor() - exponent).clamp(0.0, 15.0) as usize;
    let rounded: f64 = format!("{value:.digits$e}").parse().unwrap_or(value);
    if (1e-2..1e3).contains(&rounded.abs()) { rounded.to_string() } else { format!("{rounded:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| &*tick.label).collect()
    }

    #[test]
    fn linear_ticks_are_round_numbers() {
        let axis = Axis::around(AxisScale::Linear, [0.31, 0.97], 0.0, 5);
        assert_eq!(labels(&axis), ["0.4", "0.6", "0.8"]);
        assert!((axis.ticks[0].position - 0.09 / 0.66).abs() < 1e-12);
        let axis = Axis::around(AxisScale::Linear, [-1.0, 1.0], 0.0, 5);
        assert_eq!(labels(&axis), ["-1.0", "-0.5", "0.0", "0.5", "1.0"]);
        let axis = Axis::around(AxisScale::Linear, [0.0, 3e7], 0.0, 3);
        assert_eq!(labels(&axis), ["0", "1e7", "2e7", "3e7"]);
    }

    #[test]
    fn log_ticks_thin_out_as_the_range_grows() {
        let ticks = |low: f64, high: f64| {
            let axis = Axis::around(AxisScale::Log, [low, high], 0.0, 7);
            axis.ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(ticks(0.31, 0.36), "0.31 0.32 0.33 0.34 0.35 0.36");
        assert_eq!(ticks(0.15, 0.62), "0.2 0.3 0.4 0.5 0.6");
        assert_eq!(ticks(0.49, 2.4), "0.5 1 2");
        assert_eq!(ticks(0.65, 1.7), "0.8 1.0 1.2 1.4 1.6");
        assert_eq!(ticks(0.05, 2.4), "0.05 0.1 0.2 0.5 1 2");
        assert_eq!(ticks(0.001, 0.9), "0.001 0.003 0.01 0.03 0.1 0.3");
        assert_eq!(ticks(1e-5, 2.0), "1e-5 0.0001 0.001 0.01 0.1 1");
        assert_eq!(ticks(1e-20, 1.0), "1e-20 1e-15 1e-10 1e-5 1");
        assert_eq!(ticks(f64::MIN_POSITIVE, f64::MAX), "1e-300 1e-200 1e-100 1 1e100 1e200 1e300");
    }

    /// Down to where values are equal to the eye, and from there on.
    #[test]
    fn no_two_ticks_have_the_same_label() {
        for scale in [AxisScale::Linear, AxisScale::Log] {
            for value in [1e-300, 2.3e-7, 0.07, 0.5, 1.0, 2.3012, 1234.5, 3e8, 1e300] {
                for power in 0..18 {
                    let other = value * (1.0 + 3.0 * 10f64.powi(-power));
                    for max_ticks in [4, 7, 8] {
                        let axis = Axis::around(scale, [value, other], 0.04, max_ticks);
                        let labels = labels(&axis);
                        let distinct: std::collections::BTreeSet<_> = labels.iter().collect();
                        assert_eq!(distinct.len(), labels.len(), "{scale:?} {value:e} {other:e} {labels:?}");
                        assert!(!labels.is_empty(), "{scale:?} {value:e} {other:e}");
                        assert!(labels.iter().all(|label| label.len() <= 15), "{labels:?}");
                        // A label is what its tick is at.
                        for tick in &axis.ticks {
                            let position = axis.position(tick.label.parse().expect("a number"));
                            assert!((position - tick.position).abs() < 0.01, "{scale:?} {tick:?} {axis:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn epochs_have_whole_ticks() {
        assert_eq!(labels(&Axis::whole(0, 1, 8)), ["0", "1"]);
        assert_eq!(labels(&Axis::whole(0, 20, 8)), ["0", "5", "10", "15", "20"]);
        assert_eq!(labels(&Axis::whole(0, 0, 8)), ["0", "1"]);
        assert_eq!(labels(&Axis::whole(0, 4321, 5)), ["0", "1000", "2000", "3000", "4000"]);
    }

    #[test]
    fn a_single_value_is_in_the_middle_of_the_axis() {
        for scale in [AxisScale::Linear, AxisScale::Log] {
            for value in [0.25, 1e-300, 1e300] {
                let axis = Axis::around(scale, [value, value], 0.0, 5);
                assert!((axis.position(value) - 0.5).abs() < 0.1, "{scale:?} {value} {axis:?}");
            }
            let axis = Axis::around(scale, [f64::NAN, f64::INFINITY], 0.0, 5);
            assert!(!axis.ticks.is_empty());
            assert!((0.0..=1.0).contains(&axis.position(7.0)));
        }
        let axis = Axis::around(AxisScale::Linear, [-f64::MAX, f64::MAX], 0.1, 5);
        assert_eq!(axis.position(0.0), 0.5);
    }

    #[test]
    fn values_outside_the_range_are_at_the_ends() {
        let axis = Axis::around(AxisScale::Log, [0.1, 10.0], 0.0, 5);
        assert!((axis.position(1.0) - 0.5).abs() < 1e-12);
        assert_eq!((axis.position(0.0), axis.position(-1.0), axis.position(1e9)), (0.0, 0.0, 1.0));
    }

    #[test]
    fn a_log_scale_needs_a_decade_of_positive_values() {
        assert_eq!(AxisScale::fitting([0.1, 1.0]), AxisScale::Log);
        assert_eq!(AxisScale::fitting([0.1, 0.99]), AxisScale::Linear);
        assert_eq!(AxisScale::fitting([0.0, 1.0]), AxisScale::Linear);
        assert_eq!(AxisScale::fitting([f64::NAN, 1.0, f64::INFINITY]), AxisScale::Linear);
        assert_eq!(AxisScale::fitting([]), AxisScale::Linear);
    }
}
