//! Whether a claim holds, from the values of its measure over seeds.

use serde::Serialize;

use crate::experiment::statistics::Estimate;
use crate::metrics::Interval;

/// Whether a claim holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClaimVerdict {
    /// The interval is within the bounds.
    Holds,
    /// The interval is outside of them.
    DoesNotHold,
    /// The interval is on both sides of a bound, a seed has no value, or there is one seed only.
    CannotTell,
}

impl ClaimVerdict {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::CannotTell => "cannot tell",
        }
    }
}

/// What was measured, by seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct OverSeeds {
    /// In the order of the seeds; none where the measure has no value.
    pub(crate) values: Vec<Option<f64>>,
    /// The mean; the geometric one of ratios and errors.
    pub(crate) mean: Option<f64>,
    /// The 95 % interval of the mean over seeds; the mean itself where the values do not differ.
    pub(crate) interval: Option<Interval>,
}

impl OverSeeds {
    /// From the values by seed. Positive ones are averaged as logarithms, an error of 0 as the smallest number.
    pub(crate) fn of(values: Vec<f64>, is_positive: bool) -> Self {
        let values: Vec<Option<f64>> =
            values.into_iter().map(|value| Some(value).filter(|value| value.is_finite())).collect();
        let to = |value: f64| if is_positive { value.max(f64::MIN_POSITIVE).ln() } else { value };
        let from = |value: f64| if is_positive { value.exp() } else { value };
        let estimate = Estimate::of(values.iter().map(|value| value.map(to)));
        let point = estimate.mean.map(|mean| Interval { low: mean, high: mean });
        let interval = estimate
            .interval
            .or(point)
            .map(|found| Interval { low: from(found.low), high: from(found.high) });
        Self { values, mean: estimate.mean.map(from), interval }
    }

    /// The same with an interval that does not leave what the measure can be.
    pub(crate) fn within(self, limits: Option<Interval>) -> Self {
        let clamped = self.interval.zip(limits).map(|(found, limits)| Interval {
            low: found.low.max(limits.low),
            high: found.high.min(limits.high),
        });
        Self { interval: clamped.or(self.interval), ..self }
    }

    /// Whether it is within these bounds.
    pub(crate) fn verdict(&self, at_least: Option<f64>, at_most: Option<f64>) -> ClaimVerdict {
        // One seed says nothing about others.
        let known =
            self.interval.filter(|_| self.values.iter().all(Option::is_some) && 1 < self.values.len());
        let Some(Interval { low, high }) = known else {
            return ClaimVerdict::CannotTell;
        };
        let (lower, upper) = (at_least.unwrap_or(f64::NEG_INFINITY), at_most.unwrap_or(f64::INFINITY));
        if low >= lower && high <= upper {
            ClaimVerdict::Holds
        } else if high < lower || low > upper {
            ClaimVerdict::DoesNotHold
        } else {
            ClaimVerdict::CannotTell
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_decides() {
        let verdict = |values: &[f64], at_least, at_most| {
            OverSeeds::of(values.to_vec(), false).verdict(at_least, at_most)
        };
        assert_eq!(verdict(&[2.0, 2.1, 2.2], Some(1.0), None), ClaimVerdict::Holds);
        assert_eq!(verdict(&[2.0, 2.1, 2.2], Some(3.0), None), ClaimVerdict::DoesNotHold);
        assert_eq!(verdict(&[2.0, 2.1, 2.2], Some(2.1), None), ClaimVerdict::CannotTell);
        assert_eq!(verdict(&[2.0, 2.1, 2.2], Some(1.0), Some(1.5)), ClaimVerdict::DoesNotHold);
        // Values that do not differ, and one alone.
        assert_eq!(verdict(&[2.0, 2.0], Some(2.0), Some(2.0)), ClaimVerdict::Holds);
        assert_eq!(verdict(&[1.0], Some(2.0), None), ClaimVerdict::CannotTell);
        assert_eq!(verdict(&[3.0, f64::NAN], Some(2.0), None), ClaimVerdict::CannotTell);
        assert_eq!(verdict(&[], Some(2.0), None), ClaimVerdict::CannotTell);
    }

    #[test]
    fn an_interval_stays_where_the_measure_can_be() {
        let measured = OverSeeds::of(vec![0.9, 1.0, 1.0], false);
        assert!(measured.interval.expect("an interval").high > 1.0);
        let measured = measured.within(Some(Interval { low: 0.0, high: 1.0 }));
        assert_eq!(measured.interval.expect("an interval").high, 1.0);
    }

    #[test]
    fn ratios_have_a_geometric_mean() {
        let measured = OverSeeds::of(vec![0.5, 8.0], true);
        assert!((measured.mean.expect("a mean") - 2.0).abs() < 1e-14);
        let interval = measured.interval.expect("an interval");
        assert!((interval.low * interval.high - 4.0).abs() < 1e-12 && interval.low > 0.0);
    }
}
