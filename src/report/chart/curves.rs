//! Curves over the epochs: mean and range over seeds, and incomplete runs.

use crate::experiment::{RunRecord, Summary};
use crate::nn::Norm;
use crate::report::labels::Labels;
use crate::report::text::summary::grid_point::PointColumns;
use crate::train::Metric;
use crate::train::{EpochRecord, Outcome};

/// The runs of one norm that a picture shows: with a grid, those at the norm's best point (see
/// [`Summary::best_group`]).
#[derive(Clone, Debug)]
pub(crate) struct NormRuns<'a> {
    pub(crate) norm: Norm,
    /// The point in short; none without a grid.
    pub(crate) point: Option<String>,
    /// Runs that did all epochs, or stopped early.
    pub(crate) complete: Vec<&'a RunRecord>,
    /// Runs that are lost or were interrupted.
    pub(crate) lost: Vec<&'a RunRecord>,
}

/// A point of a curve over several runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CurvePoint {
    pub(crate) epoch: u64,
    pub(crate) mean: f64,
    /// Minimum over the runs.
    pub(crate) low: f64,
    /// Maximum over the runs.
    pub(crate) high: f64,
}

/// The runs that a picture shows, for each norm in the order of the config.
pub(crate) fn norm_runs<'a>(summary: &Summary, runs: &'a [RunRecord]) -> Vec<NormRuns<'a>> {
    let points = PointColumns::of_summary(summary);
    let norms = summary.norms.iter().filter_map(|&norm| {
        let first = || summary.groups.iter().find(|group| group.norm == norm);
        let point = summary.best_group(norm).or_else(first)?.point.clone();
        let of_group =
            runs.iter().zip(&summary.runs).filter(|(_, run)| run.norm == norm && run.point == point);
        let (complete, lost): (Vec<_>, Vec<_>) = of_group.partition(|(_, run)| run.is_complete());
        let records = |runs: Vec<(&'a RunRecord, _)>| runs.into_iter().map(|(record, _)| record).collect();
        let point = point.as_ref().and_then(|point| points.label_with(norm, point));
        Some(NormRuns { norm, point, complete: records(complete), lost: records(lost) })
    });
    norms.collect()
}

impl NormRuns<'_> {
    /// Such as `batch_norm` or, with a grid, `batch_norm at optimizer.learning_rate=0.1`; if runs are lost, with the number
    /// of seeds that the curve is of, and of lost runs.
    pub(crate) fn label(&self, labels: &Labels) -> String {
        let point = self.point.as_ref().map(|point| format!(" at {point}"));
        let n_runs = self.complete.len() + self.lost.len();
        let count = |is: fn(&Outcome) -> bool| self.lost.iter().filter(|run| is(&run.outcome)).count();
        let n_diverged = count(|outcome| matches!(outcome, Outcome::Diverged { .. }));
        let n_interrupted = count(|outcome| matches!(outcome, Outcome::Interrupted { .. }));
        let kind = match self.lost.len() {
            n if n == n_diverged => "diverged",
            n if n == n_interrupted => "interrupted",
            _ if n_interrupted == 0 => "lost",
            _ => "lost or interrupted",
        };
        let lost = match self.lost.len() {
            0 => String::new(),
            1 if n_runs == 1 => format!(" ({kind})"),
            n if n == n_runs => format!(" (all {n} {kind}, each until it ended)"),
            n => format!(" ({} of {n_runs} seeds; {n} {kind})", n_runs - n),
        };
        format!("{}{}{lost}", labels.norm(self.norm), point.unwrap_or_default())
    }

    /// Mean and range of `metric` over the complete runs, epoch by epoch. A run that stopped early
    /// keeps its last value, because its network no longer changes. Without a complete run, the
    /// incomplete ones are used, each until it ended.
    pub(crate) fn curve(&self, metric: Metric) -> Vec<CurvePoint> {
        match self.complete.is_empty() {
            true => curve(&self.lost, metric, false),
            false => curve(&self.complete, metric, true),
        }
    }

    /// The curves of the lost runs, one by one.
    pub(crate) fn lost_curves(&self, metric: Metric) -> Vec<Vec<(u64, f64)>> {
        let value = |epoch: &EpochRecord| Some((epoch.epoch, finite(epoch.metric(metric))?));
        let curves = self.lost.iter().map(|run| run.epochs.iter().filter_map(value).collect());
        curves.filter(|curve: &Vec<_>| !curve.is_empty()).collect()
    }
}

fn curve(runs: &[&RunRecord], metric: Metric, holds_last: bool) -> Vec<CurvePoint> {
    let last = |run: &RunRecord| run.epochs.last().map_or(0, |epoch| epoch.epoch);
    let last = runs.iter().map(|run| last(run)).max().unwrap_or(0);
    let mut next = vec![0; runs.len()];
    let mut points = Vec::new();
    for epoch in 0..=last {
        let mut values = Vec::with_capacity(runs.len());
        for (run, next) in runs.iter().zip(&mut next) {
            while run.epochs.get(*next + 1).is_some_and(|record| record.epoch <= epoch) {
                *next += 1;
            }
            let record = run.epochs.get(*next).filter(|record| record.epoch <= epoch);
            let record = record.filter(|record| holds_last || record.epoch == epoch);
            values.extend(record.and_then(|record| finite(record.metric(metric))));
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if mean.is_finite() {
            points.push(CurvePoint { epoch, mean, low, high });
        }
    }
    points
}

fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

/// About `most` points: neighbouring epochs are merged into the mean of their means and the range
/// of their ranges. The first and the last epoch are kept.
pub(crate) fn thinned(points: &[CurvePoint], most: usize) -> Vec<CurvePoint> {
    let size = points.len().div_ceil(most.max(1)).max(1);
    let together = |points: &[CurvePoint]| CurvePoint {
        epoch: points[points.len() / 2].epoch,
        mean: points.iter().map(|point| point.mean / points.len() as f64).sum(),
        low: points.iter().map(|point| point.low).fold(f64::INFINITY, f64::min),
        high: points.iter().map(|point| point.high).fold(f64::NEG_INFINITY, f64::max),
    };
    let mut thinned: Vec<CurvePoint> = points.chunks(size).map(together).collect();
    if let (Some(first), Some(last)) = (points.first(), points.last())
        && 1 < size
    {
        thinned.insert(0, *first);
        thinned.push(*last);
    }
    thinned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::synthetic::{diverged, grid, run};

    fn means(points: &[CurvePoint]) -> Vec<(u64, f64)> {
        points.iter().map(|point| (point.epoch, point.mean)).collect()
    }

    #[test]
    fn a_curve_is_mean_and_range_of_the_complete_runs() {
        let runs = [
            run(Norm::None, 1, &[2.0, 1.0]),
            run(Norm::None, 2, &[4.0, 2.0]),
            diverged(run(Norm::None, 3, &[9.0, 9.0])),
        ];
        let shown = norm_runs(&Summary::of(&runs), &runs);
        assert_eq!(shown[0].label(&Labels::default()), "none (2 of 3 seeds; 1 diverged)");
        let point = |epoch, mean, low, high| CurvePoint { epoch, mean, low, high };
        let expected = [point(0, 3.0, 2.0, 4.0), point(1, 1.5, 1.0, 2.0)];
        assert_eq!(shown[0].curve(Metric::ValidLoss), expected);
        assert_eq!(shown[0].lost_curves(Metric::ValidLoss), [vec![(0, 9.0), (1, 9.0)]]);
    }

    #[test]
    fn a_run_that_stopped_early_keeps_its_last_value() {
        let mut runs = [run(Norm::None, 1, &[4.0, 2.0]), run(Norm::None, 2, &[4.0, 4.0, 4.0, 6.0])];
        runs[0].outcome = Outcome::StoppedEarly { epoch: 1 };
        let shown = norm_runs(&Summary::of(&runs), &runs);
        let expected = [(0, 4.0), (1, 3.0), (2, 3.0), (3, 4.0)];
        assert_eq!(means(&shown[0].curve(Metric::ValidLoss)), expected);
    }

    #[test]
    fn diverged_runs_count_until_they_ended_if_all_diverged() {
        let runs = [
            diverged(run(Norm::None, 1, &[4.0, 2.0])),
            diverged(run(Norm::None, 2, &[4.0, 4.0, 8.0, f64::INFINITY])),
        ];
        let shown = norm_runs(&Summary::of(&runs), &runs);
        assert_eq!(means(&shown[0].curve(Metric::ValidLoss)), [(0, 4.0), (1, 3.0), (2, 8.0)]);
    }

    #[test]
    fn a_grid_is_shown_at_the_best_point_of_each_norm() {
        let runs = grid();
        let shown = norm_runs(&Summary::of(&runs), &runs);
        assert_eq!(shown[0].label(&Labels::default()), "batch_norm at optimizer.learning_rate=0.1");
        assert_eq!(shown[1].label(&Labels::default()), "none at optimizer.learning_rate=0.03");
        assert_eq!(shown[1].complete.len(), 3);
    }

    #[test]
    fn thinning_keeps_the_ends_and_the_range() {
        let losses: Vec<f64> = (0..1000).map(|epoch| f64::from(1000 - epoch)).collect();
        let runs = [run(Norm::None, 1, &losses)];
        let curve = norm_runs(&Summary::of(&runs), &runs)[0].curve(Metric::ValidLoss);
        let thin = thinned(&curve, 100);
        assert_eq!(thin.len(), 102);
        assert_eq!((thin[0].mean, thin[101].mean), (1000.0, 1.0));
        assert_eq!((thin[1].epoch, thin[1].low, thin[1].high), (5, 991.0, 1000.0));
        assert!((thin[1].mean - 995.5).abs() < 1e-9);
        assert_eq!(thinned(&curve[..7], 100), curve[..7]);
        assert_eq!(thinned(&[], 100), []);
    }
}
