//! How well a model predicts rows that it was not trained on, row by row: what prediction sets and intervals with a
//! promised coverage are made of, and thresholds chosen on.

use serde::{Deserialize, Serialize};

use crate::data::Encoding;

/// Rows that a model file keeps at most; a sample of this size if there are more.
pub const MAX_CALIBRATION_ROWS: usize = 2000;

/// The scores of the validation rows of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Whether the epoch of the weights was chosen on the same rows, so that their scores are slightly too good.
    pub chose_epoch: bool,
    /// The scores.
    pub scores: CalibrationScores,
}

/// A number for each row, upwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalibrationScores {
    /// For each class, of its rows: the predicted probability of the class.
    Classes(Vec<Vec<f64>>),
    /// For each target: the absolute difference of the true value and the predicted one.
    Values(Vec<Vec<f64>>),
}

impl CalibrationScores {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.iter().map(Vec::len).sum(),
            Self::Values(targets) => targets.first().map_or(0, Vec::len),
        }
    }

    /// Checks that they belong to a model of `encoding`: the file may come from anywhere.
    pub(crate) fn check(&self, encoding: &Encoding) -> Result<(), &'static str> {
        let (lists, expected, most) = match self {
            Self::Classes(classes) => (classes, encoding.classes().len(), 1.0),
            Self::Values(targets) => (targets, encoding.values().len(), f64::INFINITY),
        };
        let in_range = |score: &f64| score.is_finite() && 0.0 <= *score && *score <= most;
        if lists.len() != expected || expected == 0 {
            return Err("calibration scores of other classes or targets");
        }
        if self.rows() > MAX_CALIBRATION_ROWS {
            return Err("more calibration scores than a model keeps");
        }
        if matches!(self, Self::Values(targets) if targets.iter().any(|scores| scores.len() != self.rows())) {
            return Err("targets with different numbers of calibration scores");
        }
        match lists.iter().all(|scores| scores.is_sorted() && scores.iter().all(in_range)) {
            true => Ok(()),
            false => Err("calibration scores that are not sorted, or out of range"),
        }
    }
}
