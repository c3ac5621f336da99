//! The inputs of a number: scaled, by its rank, and as intervals.

pub(crate) mod normal_quantiles;
pub(crate) mod piecewise_linear;
mod quantile;

use serde::{Deserialize, Serialize};

use crate::data::transform::numbers::normal_quantiles::NormalQuantiles;
use crate::data::transform::numbers::piecewise_linear::PiecewiseLinear;
use crate::kernel::real::Real;

/// The inputs of a number, in this order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberInputs {
    /// Whether its scaled value is an input.
    pub scaled: bool,
    /// One input, the normal quantile of its rank.
    pub quantiles: Option<NormalQuantiles>,
    /// One input for each interval.
    pub intervals: Option<PiecewiseLinear>,
}

impl Default for NumberInputs {
    fn default() -> Self {
        Self { scaled: true, quantiles: None, intervals: None }
    }
}

impl NumberInputs {
    /// Whether the scaled value is the only input.
    pub(crate) fn are_scaled_only(&self) -> bool {
        *self == Self::default()
    }

    /// The number of inputs.
    pub(crate) fn count(&self) -> usize {
        usize::from(self.scaled)
            + usize::from(self.quantiles.is_some())
            + self.intervals.as_ref().map_or(0, PiecewiseLinear::count)
    }

    /// Their names, for a column of this name: `age`, `age (quantile)`, `age (interval 1)`.
    pub(crate) fn names(&self, column: &str) -> Vec<String> {
        let scaled = self.scaled.then(|| column.to_owned());
        let quantile = self.quantiles.as_ref().map(|_| format!("{column} (quantile)"));
        let intervals = 1..=self.intervals.as_ref().map_or(0, PiecewiseLinear::count);
        let intervals = intervals.map(|interval| format!("{column} (interval {interval})"));
        scaled.into_iter().chain(quantile).chain(intervals).collect()
    }

    /// Writes the inputs of `value`, whose scaled value is `scaled`, to the start of `x`; all are NaN for NaN.
    #[inline]
    pub(crate) fn write<F: Real>(&self, value: f64, scaled: f64, x: &mut [F]) {
        let mut input = 0;
        if self.scaled {
            x[input] = F::from_f64(scaled);
            input += 1;
        }
        if let Some(quantiles) = &self.quantiles {
            x[input] = F::from_f64(quantiles.apply(value));
            input += 1;
        }
        if let Some(intervals) = &self.intervals {
            intervals.write(value, &mut x[input..]);
        }
    }

    /// Checks the parts, which a model file may contain anything of.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.count() == 0 {
            return Err("a number has no input");
        }
        if !self.quantiles.as_ref().is_none_or(NormalQuantiles::is_valid) {
            return Err("the quantiles of a column are not rising numbers");
        }
        if !self.intervals.as_ref().is_none_or(PiecewiseLinear::is_valid) {
            return Err("the edges of the intervals of a column are not rising numbers");
        }
        Ok(())
    }
}

/// Whether there are at least two numbers, finite and each greater than the one before.
fn are_rising(numbers: &[f64]) -> bool {
    numbers.len() >= 2
        && numbers.iter().all(|number| number.is_finite())
        && numbers.is_sorted_by(|left, right| left < right)
}

/// The inverse of the distance between two rising numbers; finite for any.
fn inverse_width(low: f64, high: f64) -> f64 {
    1.0 / (high - low).max(f64::MIN_POSITIVE)
}
