//! `bntrain tune`: which of some settings of a single network is best.

use serde::{Deserialize, Serialize};

use crate::config::{Plan, SearchPlan};
use crate::data::Fold;
use crate::experiment::run_id::RunRecord;
use crate::experiment::summary::collect::{is_lost, measured};
use crate::experiment::summary::time_to_bound::metric_of;
use crate::experiment::{Job, RunId};
use crate::nn::norm_of;
use crate::train::Outcome;

/// What came of one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TriedPoint {
    /// From 0, which is the config as it is.
    pub index: usize,
    /// Its settings.
    pub settings: String,
    /// Over the parts of the cross-validation; none if a run is lost.
    pub mean: Option<f64>,
    /// The least of them.
    pub low: Option<f64>,
    /// The largest of them.
    pub high: Option<f64>,
}

/// A run for each point and each part of the cross-validation, point by point.
pub fn search_jobs(search: &SearchPlan) -> Vec<Job> {
    let folds: Vec<Option<Fold>> = match search.folds {
        None => vec![None],
        Some(of) => (1..=of).map(|index| Some(Fold { index, of })).collect(),
    };
    let mut jobs = Vec::new();
    for (index, point) in search.points.iter().enumerate() {
        for &fold in &folds {
            let mut plan = point.plan.clone();
            plan.training.fold = fold.or(plan.training.fold);
            let id = RunId {
                norm: norm_of(&plan.layers),
                point: Some((index, point.label.clone())),
                seed: plan.training.seed,
            };
            jobs.push(Job { id, plan, baselines: false });
        }
    }
    jobs
}

/// The run that measures `plan` on test rows, with the split of the config.
pub fn final_job(plan: &Plan) -> Job {
    let id = RunId { norm: norm_of(&plan.layers), point: None, seed: plan.training.seed };
    Job { id, plan: plan.clone(), baselines: false }
}

/// The points of which every run has ended, the best first: by the mean of the measure over the parts of the
/// cross-validation. A point at which a run is lost comes last.
pub fn ranked(search: &SearchPlan, records: &[RunRecord]) -> Vec<TriedPoint> {
    let runs_each = search.folds.unwrap_or(1);
    let metric = metric_of(measured(records), search.measure);
    let value = |run: &RunRecord| {
        let mut curve = run.epochs.iter().filter_map(|epoch| epoch.metric(metric));
        let value = match (search.measure.is_best(), search.measure.is_loss()) {
            (false, _) => curve.next_back(),
            (true, true) => curve.filter(|value| value.is_finite()).reduce(f64::min),
            (true, false) => curve.filter(|value| value.is_finite()).reduce(f64::max),
        };
        value.filter(|value| value.is_finite() && !is_lost(run))
    };
    let has_ended = |run: &&RunRecord| !matches!(run.outcome, Outcome::Interrupted { .. });
    let mut tried: Vec<TriedPoint> = Vec::new();
    for (index, point) in search.points.iter().enumerate() {
        let of_point = |run: &&RunRecord| run.id.point.as_ref().is_some_and(|(found, _)| *found == index);
        let runs: Vec<&RunRecord> = records.iter().filter(of_point).filter(has_ended).collect();
        if runs.len() < runs_each {
            continue;
        }
        let values: Option<Vec<f64>> = runs.into_iter().map(value).collect();
        let values = values.unwrap_or_default();
        tried.push(TriedPoint {
            index,
            settings: point.label.clone(),
            mean: (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64),
            low: values.iter().copied().reduce(f64::min),
            high: values.iter().copied().reduce(f64::max),
        });
    }
    let worst = if search.measure.is_loss() { f64::INFINITY } else { f64::NEG_INFINITY };
    // Sorting is stable: of equals, the one that was tried first.
    tried.sort_by(|left, right| {
        let [left, right] = [left, right].map(|point| point.mean.unwrap_or(worst));
        if search.measure.is_loss() { left.total_cmp(&right) } else { right.total_cmp(&left) }
    });
    tried
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load_search;
    use crate::experiment::synthetic::{at_point, diverged, run};
    use crate::nn::Norm;

    fn search(more: &str) -> SearchPlan {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("c.toml");
        let config =
            "[data]\npath = 'd.csv'\nlabel = 'y'\n[model]\nhidden = [4]\n[optimizer]\ntype = 'sgd'\n";
        std::fs::write(&path, format!("{config}[tune]\npoints = 4\n{more}")).expect("it can be written");
        load_search(&path, &[]).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn the_values_of_the_config_are_not_tried_again() {
        let list = search("folds = 2\nkeys = { 'model.hidden' = [[4], [5], [6]] }\n");
        assert_eq!(list.n_asked, 4);
        let hidden: Vec<&str> = list.points[1..].iter().map(|point| &*point.label).collect();
        assert_eq!(hidden.len(), 2, "{hidden:?}");
        assert!(!hidden.contains(&"model.hidden=[4]"), "{hidden:?}");
        // Those that are asked for, as long as there are others.
        assert_eq!(search("keys = { 'model.hidden' = [[4], [5], [6], [7], [8]] }\n").points.len(), 5);
    }

    /// The runs of a point whose last losses these are; in the epoch before it is a quarter.
    fn runs<const FOLDS: usize>(point: usize, losses: [f64; FOLDS]) -> [RunRecord; FOLDS] {
        losses.map(|loss| at_point(run(Norm::None, 0, &[3.0, 0.25, loss]), point, ""))
    }

    #[test]
    fn points_are_ordered_by_their_means_over_the_parts() {
        let search = search("folds = 2\nmeasure = 'final_loss'\n");
        let mut lost = runs(1, [0.125, 0.125]);
        lost[1] = diverged(lost[1].clone());
        let mut interrupted = runs(4, [0.125, 0.125]);
        interrupted[0].outcome = Outcome::Interrupted { step: 3 };
        let records = [runs(0, [0.75, 1.25]), lost, runs(2, [0.5, 0.75]), runs(3, [1.5, 0.5]), interrupted];
        let found: Vec<_> = ranked(&search, &records.concat())
            .into_iter()
            .map(|point| (point.index, point.mean, point.low, point.high))
            .collect();
        let expected = [
            (2, Some(0.625), Some(0.5), Some(0.75)),
            // Of equals, the one that was tried first.
            (0, Some(1.0), Some(0.75), Some(1.25)),
            (3, Some(1.0), Some(0.5), Some(1.5)),
            (1, None, None, None),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_best_of_all_epochs_is_the_least_loss_or_the_largest_accuracy() {
        let records = [runs(0, [0.5]), runs(1, [0.125])].concat();
        for (measure, expected) in [
            ("best_loss", [(1, 0.125), (0, 0.25)]),
            ("final_loss", [(1, 0.125), (0, 0.5)]),
            ("best_accuracy", [(1, 1.0 / 1.125), (0, 1.0 / 1.25)]),
            ("final_accuracy", [(1, 1.0 / 1.125), (0, 1.0 / 1.5)]),
        ] {
            let mut search = search(&format!("measure = '{measure}'\n"));
            search.folds = None;
            let found = ranked(&search, &records);
            let found: Vec<_> = found.iter().map(|point| (point.index, point.mean)).collect();
            assert_eq!(found, expected.map(|(index, mean)| (index, Some(mean))), "{measure}");
        }
    }
}
