//! Says so where a linear model is no worse than the network.

use std::path::Path;

use crate::experiment::{HoldoutSet, MetricSummary, RunId, Subject, Summary};
use crate::nn::Task;
use crate::report::text::number::four_digits;
use crate::text::shortened;

/// One or two sentences if the linear model is no worse than every network of the run, by the mean over seeds of the log
/// loss, or for values of the RMSE of each target, on the test rows, or without any on the validation rows.
/// `of_ensemble` is a metric of an ensemble of the networks, which then counts as well, and `model_of` is where the
/// linear model of a run is.
pub fn linear_note(
    summary: &Summary,
    of_ensemble: impl Fn(HoldoutSet, &str) -> Option<f64>,
    model_of: impl Fn(&RunId) -> Option<String>,
) -> Option<String> {
    let of_rows = |rows| summary.final_metrics.iter().any(|found| found.rows == rows);
    let (rows, name) = match of_rows(HoldoutSet::TestRows) {
        true => (HoldoutSet::TestRows, "test rows"),
        false => (HoldoutSet::ValidationRows, "validation rows"),
    };
    let judged = |found: &&MetricSummary| {
        let is_judged = match summary.task {
            Task::Classification => found.metric == "log_loss",
            Task::Regression => found.metric == "rmse" || found.metric.ends_with(".rmse"),
        };
        found.rows == rows && is_judged
    };
    let mean = |found: &MetricSummary| found.values.mean.filter(|mean| mean.is_finite());
    let linear: Vec<&MetricSummary> = summary
        .final_metrics
        .iter()
        .filter(judged)
        .filter(|found| found.of == Subject::LinearModel)
        .collect();
    let first = linear.first()?;
    let mut best_network = f64::INFINITY;
    for found in summary.final_metrics.iter().filter(judged).filter(|found| found.of == Subject::Network) {
        let network = mean(found)?;
        let network = of_ensemble(rows, &found.metric).map_or(network, |ensemble| ensemble.min(network));
        let is_as_good = |linear: &&MetricSummary| {
            linear.metric != found.metric || mean(linear).is_some_and(|linear| linear <= network)
        };
        if !linear.iter().all(is_as_good) {
            return None;
        }
        if found.metric == first.metric {
            best_network = best_network.min(network);
        }
    }
    let run = summary.runs.iter().find(|run| {
        run.point == first.point && run.assessments.iter().any(|found| found.of == Subject::LinearModel)
    })?;
    let point = run.point.as_ref().map(|point| (point.index, point.settings.clone()));
    let path = model_of(&RunId { norm: run.norm, point, seed: run.seed })?;
    let quality = |mean: f64| format!("{} {}", shortened(&first.metric), four_digits(mean));
    Some(format!(
        "a linear model is no worse here ({} on the {name}, the network {}); to use it:\n  bntrain predict {} --data NEW.csv\n",
        quality(mean(first)?),
        four_digits(best_network),
        shortened(&Path::new(&path).to_string_lossy()),
    ))
}
