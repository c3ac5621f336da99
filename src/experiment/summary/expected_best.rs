//! How good the best of some points of the grid is.

use crate::config::ComparedMeasure;
use crate::experiment::statistics::{Estimate, expected_best as of_values};
use crate::experiment::summary::comparison::ExpectedBest;
use crate::experiment::summary::types::{MeasuredOn, Point, RunSummary};
use crate::metrics::IntervalScale;
use crate::nn::Norm;

/// For each norm, by the number of points that are tried; empty without a grid.
pub(crate) fn expected_best(
    runs: &[RunSummary],
    norms: &[Norm],
    points: &[&Option<Point>],
    on: MeasuredOn,
    primary: ComparedMeasure,
) -> Vec<ExpectedBest> {
    if points.len() < 2 {
        return Vec::new();
    }
    // The best is the largest, so losses change their sign.
    let sign = if primary.is_loss() { -1.0 } else { 1.0 };
    let of_norm = |&norm: &Norm| {
        let value = |point: &&Option<Point>| {
            let here = || runs.iter().filter(|run| run.norm == norm && run.point == **point);
            // Of a loss the geometric mean, by which points are ranked.
            let scale =
                if primary.is_loss() { IntervalScale::Log } else { IntervalScale::Plain { unit: 1.0 } };
            let of_seeds = Estimate::on(scale, here().map(|run| run.measure(primary, on)));
            let mean = of_seeds.geometric_mean.or(of_seeds.mean);
            match here().all(RunSummary::is_complete) {
                true => sign * mean.unwrap_or(f64::NAN),
                false => f64::NEG_INFINITY,
            }
        };
        let values: Vec<f64> = points.iter().map(value).filter(|value| !value.is_nan()).collect();
        let best = |trials| Some(sign * of_values(&values, trials)?).filter(|best| best.is_finite());
        ExpectedBest { norm, by_trials: (1..=values.len()).map(best).collect() }
    };
    norms.iter().map(of_norm).collect()
}
