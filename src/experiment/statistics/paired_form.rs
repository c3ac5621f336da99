//! Ratio or difference: how the two numbers of a pair are compared.

use serde::{Deserialize, Serialize};

use crate::experiment::statistics::{OpenInterval, Reading};

/// How two numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairedForm {
    /// First divided by second: for losses, less than 1 is better.
    Ratio,
    /// First minus second, of shares from 0 to 1: more than 0 is better.
    ShareDifference,
    /// First minus second, at most 1 each: more than 0 is better.
    Difference,
    /// First minus second: less than 0 is better.
    CostDifference,
}

impl PairedForm {
    /// What is compared: a logarithm of a ratio, or a difference. Infinite with a lost run, NaN with two; none
    /// where a number is missing.
    pub(super) fn difference(self, pair: (Reading, Reading)) -> Option<f64> {
        let worst = if self.is_better(1.0) { f64::NEG_INFINITY } else { f64::INFINITY };
        match pair {
            (Reading::Missing, _) | (_, Reading::Missing) => None,
            (Reading::Lost, Reading::Lost) => Some(f64::NAN),
            (Reading::Lost, Reading::Value(_)) => Some(worst),
            (Reading::Value(_), Reading::Lost) => Some(-worst),
            (Reading::Value(first), Reading::Value(second)) => match self {
                Self::Ratio if first == second => Some(0.0),
                Self::Ratio => Some(first.ln() - second.ln()),
                Self::ShareDifference | Self::Difference | Self::CostDifference => Some(first - second),
            },
        }
    }

    /// Whether a difference other than 0 is in favor of the first network.
    pub(super) fn is_better(self, difference: f64) -> bool {
        match self {
            Self::Ratio | Self::CostDifference => difference < 0.0,
            Self::ShareDifference | Self::Difference => 0.0 < difference,
        }
    }

    /// From a difference to what is shown.
    pub(crate) fn back(self, difference: f64) -> f64 {
        if self == Self::Ratio { difference.exp() } else { difference }
    }

    /// From what is shown to a difference.
    pub(crate) fn forth(self, shown: f64) -> f64 {
        if self == Self::Ratio { shown.ln() } else { shown }
    }

    /// Cut to what is possible, open where infinite.
    pub(super) fn open_interval(self, low: f64, high: f64) -> OpenInterval {
        let end = |difference: f64| {
            let shown = match self {
                Self::ShareDifference => difference.clamp(-1.0, 1.0),
                Self::Ratio | Self::Difference | Self::CostDifference => self.back(difference),
            };
            Some(shown).filter(|shown| difference.is_finite() && shown.is_finite())
        };
        OpenInterval { low: end(low), high: end(high) }
    }
}
