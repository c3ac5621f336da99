//! Measures of the results of runs.

use serde::Deserialize;

use crate::config::Plan;
use crate::experiment::RunRecord;
use crate::nn::Norm;
use crate::train::{EpochRecord, Metric, Outcome};

/// A number of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunValue {
    /// After the last epoch; of a run that diverged, the one before that.
    FinalTrainAccuracy,
    FinalValidAccuracy,
    /// The highest after any epoch.
    BestValidAccuracy,
    FinalTrainLoss,
}

impl RunValue {
    pub(crate) fn is_accuracy(self) -> bool {
        self != Self::FinalTrainLoss
    }

    fn of(self, run: &RunRecord) -> f64 {
        let last =
            |metric: Metric| run.epochs.last().and_then(|epoch| epoch.metric(metric)).unwrap_or(f64::NAN);
        match self {
            Self::FinalTrainAccuracy => last(Metric::TrainAccuracy),
            Self::FinalValidAccuracy => last(Metric::ValidAccuracy),
            Self::FinalTrainLoss => last(Metric::TrainEvalLoss),
            Self::BestValidAccuracy => {
                let all = run.epochs.iter().filter_map(|epoch| epoch.metric(Metric::ValidAccuracy));
                all.fold(f64::NAN, f64::max)
            }
        }
    }
}

/// A network of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrainedArm {
    pub(crate) norm: Norm,
    /// Its point of the grid, from 1.
    pub(crate) point: Option<usize>,
}

impl TrainedArm {
    fn run<'r>(self, runs: &[&'r RunRecord]) -> Option<&'r RunRecord> {
        let is_it = |run: &&&RunRecord| {
            run.id.norm == self.norm && run.id.point.as_ref().map(|(point, _)| *point) == self.point
        };
        runs.iter().find(is_it).copied()
    }

    /// The value of its run among those of a seed.
    pub(crate) fn value(self, value: RunValue, runs: &[&RunRecord]) -> f64 {
        self.run(runs).map_or(f64::NAN, |run| value.of(run))
    }
}

fn of_norm<'a>(norm: Norm, runs: &'a [&RunRecord]) -> impl Iterator<Item = &'a RunRecord> {
    runs.iter().copied().filter(move |run| run.id.norm == norm)
}

pub(crate) fn spread(value: RunValue, norm: Norm, runs: &[&RunRecord]) -> f64 {
    let values = || of_norm(norm, runs).map(|run| value.of(run));
    values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min)
}

/// The values of the only axis of the grid.
pub(crate) fn grid_values(plan: &Plan) -> Vec<f64> {
    let axes = plan.compare.as_ref().map_or(&[][..], |compare| compare.grid.as_slice());
    let values = axes.first().map_or(&[][..], |axis| axis.values.as_slice());
    let number =
        |value: &toml::Value| value.as_float().or_else(|| value.as_integer().map(|number| number as f64));
    values.iter().map(|value| number(value).unwrap_or(f64::NAN)).collect()
}

/// The largest of `values`, one for each point, at which the run of `norm` finished below this training loss; NaN if
/// there is none.
pub(crate) fn largest_usable(values: &[f64], below: f64, norm: Norm, runs: &[&RunRecord]) -> f64 {
    let is_usable =
        |run: &&RunRecord| run.outcome == Outcome::Finished && RunValue::FinalTrainLoss.of(run) < below;
    let usable = of_norm(norm, runs).filter(is_usable);
    let value = |run: &RunRecord| run.id.point.as_ref().and_then(|(point, _)| values.get(point - 1).copied());
    usable.filter_map(value).fold(f64::NAN, f64::max)
}

pub(crate) fn points_with(value: RunValue, at_least: f64, norm: Norm, runs: &[&RunRecord]) -> f64 {
    of_norm(norm, runs).filter(|run| value.of(run) >= at_least).count() as f64
}

/// NaN if one of the runs has fewer epochs.
pub(crate) fn largest_gap(one: TrainedArm, other: TrainedArm, runs: &[&RunRecord]) -> f64 {
    let (Some(one), Some(other)) = (one.run(runs), other.run(runs)) else { return f64::NAN };
    if one.epochs.len() != other.epochs.len() {
        return f64::NAN;
    }
    // In training mode: running statistics follow weights whose lengths differ.
    let loss = |epoch: &EpochRecord| epoch.train_loss;
    let both = one.epochs.iter().zip(&other.epochs).filter_map(|(one, other)| loss(one).zip(loss(other)));
    both.map(|(one, other)| (one - other).abs()).fold(0.0, f64::max)
}
