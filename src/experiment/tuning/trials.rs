//! The runs of one norm at one point, and what their mean curve comes to.

use std::cmp::Ordering;

use crate::config::ComparedMeasure;
use crate::experiment::run_id::RunRecord;
use crate::experiment::summary::collect::{is_lost, measured_on, task};
use crate::experiment::summary::pairs::Measured;
use crate::experiment::summary::time_to_bound::metric_of;
use crate::train::Metric;

/// How points are judged.
#[derive(Clone, Copy)]
pub(crate) struct Judge {
    pub(crate) measure: ComparedMeasure,
    /// What the curves are of.
    metric: Metric,
}

/// One run.
pub(crate) struct Trial {
    is_lost: bool,
    /// After each epoch; empty if lost.
    curve: Vec<f64>,
}

/// What a point comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct PointScore {
    pub(crate) n_lost: usize,
    /// Over the runs that are not lost; none if all are.
    pub(crate) mean: Option<f64>,
}

impl Judge {
    /// By `measure`, one of validation rows, of `records`.
    pub(crate) fn new(measure: ComparedMeasure, records: &[RunRecord]) -> Self {
        let measured = Measured { task: task(records), on: measured_on(records) };
        Self { measure, metric: metric_of(measured, measure) }
    }

    pub(crate) fn trial(&self, record: &RunRecord) -> Trial {
        let curve: Option<Vec<f64>> = record
            .epochs
            .iter()
            .map(|epoch| epoch.metric(self.metric).filter(|value| value.is_finite()))
            .collect();
        match curve {
            Some(curve) if !is_lost(record) && !curve.is_empty() => Trial { is_lost: false, curve },
            _ => Trial { is_lost: true, curve: Vec::new() },
        }
    }

    /// The last value of the mean curve over `trials`, or its best. A run that stopped earlier than others keeps its
    /// last value.
    pub(crate) fn score(&self, trials: &[&Trial]) -> PointScore {
        let curves: Vec<&[f64]> =
            trials.iter().filter(|trial| !trial.is_lost).map(|trial| &*trial.curve).collect();
        let n_lost = trials.len() - curves.len();
        let longest = curves.iter().map(|curve| curve.len()).max().unwrap_or(0);
        let at = |epoch: usize| {
            let values = curves.iter().filter_map(|curve| curve.get(epoch).or(curve.last()));
            values.sum::<f64>() / curves.len() as f64
        };
        let mean = match (longest, self.measure.is_best()) {
            (0, _) => None,
            (longest, false) => Some(at(longest - 1)),
            (longest, true) if self.measure.is_loss() => (0..longest).map(at).reduce(f64::min),
            (longest, true) => (0..longest).map(at).reduce(f64::max),
        };
        PointScore { n_lost, mean }
    }

    /// `Less` where `left` is better: fewer runs are lost, then by the mean.
    pub(crate) fn compare(&self, left: PointScore, right: PointScore) -> Ordering {
        let worst = if self.measure.is_loss() { f64::INFINITY } else { f64::NEG_INFINITY };
        let [one, other] = [left, right].map(|score| score.mean.unwrap_or(worst));
        let by_mean = if self.measure.is_loss() { one.total_cmp(&other) } else { other.total_cmp(&one) };
        left.n_lost.cmp(&right.n_lost).then(by_mean)
    }

    /// The place of the best of `scores`, the first of equals; none if none has a mean.
    pub(crate) fn best(&self, scores: &[PointScore]) -> Option<usize> {
        let known = scores.iter().enumerate().filter(|(_, score)| score.mean.is_some());
        known.min_by(|left, right| self.compare(*left.1, *right.1)).map(|(place, _)| place)
    }
}
