//! A metric on some rows: its value and interval, or the reason why there is none.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A metric on some rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// None if the metric is undefined for the rows; `missing` says why. Always finite.
    pub value: Option<f64>,
    /// None if it cannot be computed; `missing` says why. Contains the value.
    pub interval: Option<Interval>,
    /// Why there is no value, or no interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<UndefinedReason>,
}

/// A confidence interval at the level of [`CONFIDENCE`](super::CONFIDENCE).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Why a value or an interval is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndefinedReason {
    /// There are no rows, or all have weight 0.
    NoRows,
    /// All rows are of one class.
    OneClass,
    /// All rows have the same true value.
    ConstantTruth,
    /// The value is not a finite number.
    NotFinite,
    /// A single row has no spread.
    OneRow,
    /// No row differs from the others, as when all are right, so the spread cannot be estimated.
    NoSpread,
}

impl fmt::Display for UndefinedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRows => "there are no such rows",
            Self::OneClass => "all rows are of one class",
            Self::ConstantTruth => "all rows have the same true value",
            Self::NotFinite => "it is too large for a number",
            Self::OneRow => "a single row has no spread",
            Self::NoSpread => "the rows show no spread",
        })
    }
}

impl Measure {
    /// No value.
    pub(crate) fn undefined(missing: UndefinedReason) -> Self {
        Self { value: None, interval: None, missing: Some(missing) }
    }

    /// A value and its interval, or why there is none; undefined if the value is not finite.
    pub(crate) fn new(value: f64, interval: Result<Interval, UndefinedReason>) -> Self {
        if !value.is_finite() {
            return Self::undefined(UndefinedReason::NotFinite);
        }
        Self { value: Some(value), interval: interval.ok(), missing: interval.err() }
    }
}
