//! From records to runs and groups.

use crate::config::{ComparedMeasure, Plan};
use crate::experiment::assessment::NamedMeasure;
use crate::experiment::run_id::RunRecord;
use crate::experiment::statistics::{CONFIDENCE, Estimate};
use crate::experiment::study::split_records;
use crate::experiment::summary::comparison::ComparisonSettings;
use crate::experiment::summary::expected_best::expected_best;
use crate::experiment::summary::final_metrics::final_metrics;
use crate::experiment::summary::pairs::{Measured, Run, comparisons};
use crate::experiment::summary::sequential::{Stopping, endings};
use crate::experiment::summary::types::{
    EnsembleSummary, GroupSummary, MeasuredOn, MetricSummary, Point, RunSummary, Scores, Summary, distinct,
};
use crate::experiment::tuning::tuning;
use crate::metrics::{IntervalScale, scale_of, share_of};
use crate::nn::Task;
use crate::train::{Metric, Outcome};

impl Summary {
    /// Summarises `runs`, compared as by default; norms and points keep the order in which they first appear.
    pub fn of(runs: &[RunRecord]) -> Self {
        Self::with(runs, &ComparisonSettings::default())
    }

    /// Summarises `runs`, compared as in `settings`.
    pub fn with(runs: &[RunRecord], settings: &ComparisonSettings) -> Self {
        summary(runs, settings)
    }

    /// Summarises the runs of a study of `plan`: those that are compared, how they were tuned, and how the adding of
    /// seeds ended.
    pub fn of_study(plan: &Plan, records: &[RunRecord]) -> Self {
        let (tuned, compared) = split_records(plan, records);
        let settings = plan.compare.as_ref().map(ComparisonSettings::of).unwrap_or_default();
        let rule = plan.compare.as_ref().and_then(|compare| compare.seeds.until.clone());
        let stopping = rule.filter(|_| !compared.is_empty()).map(|rule| Stopping {
            rule,
            n_seeds: distinct(compared.iter().map(|run| run.id.seed)).len(),
            pairs: endings(compared, &settings),
        });
        Self { tuning: tuning(plan, tuned), stopping, ..summary(compared, &settings) }
    }

    /// The same with the geometric means of losses, which files of older versions do not have.
    #[must_use]
    pub(crate) fn with_geometric_means(mut self) -> Self {
        let (runs, on, task) = (&self.runs, self.measured_on, self.task);
        let losses = || ComparedMeasure::of_task(task).filter(|measure| measure.is_loss());
        for group in &mut self.groups {
            let is_missing = |measure| {
                let found = group.measure(measure);
                found.mean.is_some() && found.geometric_mean.is_none()
            };
            if !losses().any(is_missing) {
                continue;
            }
            let completed = runs.iter().filter(|run| run.norm == group.norm && run.point == group.point);
            let completed: Vec<&RunSummary> = completed.filter(|run| run.is_complete()).collect();
            for measure in losses() {
                let estimate = group.measure_mut(measure);
                if estimate.geometric_mean.is_none() {
                    let values = completed.iter().map(|run| run.measure(measure, on));
                    estimate.geometric_mean = Estimate::on(IntervalScale::Log, values).geometric_mean;
                }
            }
        }
        self
    }

    /// The same with the networks of an ensemble together.
    #[must_use]
    pub fn with_ensemble(self, ensemble: Option<EnsembleSummary>) -> Self {
        let assessments = ensemble.iter().flat_map(|ensemble| &ensemble.assessments);
        let metrics = assessments.flat_map(|found| found.metrics.iter().map(move |named| (found, named)));
        let metrics = metrics.map(|(found, NamedMeasure { metric, measure })| MetricSummary {
            of: found.of,
            norm: None,
            point: None,
            rows: found.rows,
            metric: metric.clone(),
            values: Estimate::on(scale_of(metric), [measure.value]),
        });
        let final_metrics = self.final_metrics.into_iter().chain(metrics).collect();
        Self { final_metrics, ensemble, ..self }
    }
}

fn summary(records: &[RunRecord], settings: &ComparisonSettings) -> Summary {
    let measured = measured(records);
    let Measured { task, on: measured_on } = measured;
    let runs: Vec<RunSummary> = records.iter().map(|record| run(record, measured)).collect();
    let norms = distinct(records.iter().map(|record| record.id.norm));
    let points = distinct(runs.iter().map(|run| &run.point));
    let mut groups = Vec::new();
    for &norm in &norms {
        for &point in &points {
            let members: Vec<&RunSummary> =
                runs.iter().filter(|run| run.norm == norm && run.point == *point).collect();
            if let Some(first) = members.first() {
                groups.push(group(first, &members, task, measured_on));
            }
        }
    }
    let pairable: Vec<Run<'_>> = records.iter().zip(&runs).collect();
    let (comparisons, positions) = comparisons(&pairable, &norms, measured, settings);
    Summary {
        format_version: Summary::FORMAT_VERSION,
        task,
        measured_on,
        confidence: CONFIDENCE,
        primary: settings.primary,
        expected_best: expected_best(&runs, &norms, &points, measured_on, settings.primary),
        norms,
        tuning: None,
        stopping: None,
        final_metrics: final_metrics(&runs),
        ensemble: None,
        findings: Vec::new(),
        groups,
        comparisons,
        positions,
        runs,
    }
}

/// What is measured in `records`.
pub(crate) fn measured(records: &[RunRecord]) -> Measured {
    Measured { task: task(records), on: measured_on(records) }
}

/// The task of the first score; the default without any score.
pub(crate) fn task(records: &[RunRecord]) -> Task {
    let mut epochs = records.iter().flat_map(|record| &record.epochs);
    epochs.next().map_or(Task::default(), |epoch| epoch.train.quality.task())
}

pub(crate) fn measured_on(records: &[RunRecord]) -> MeasuredOn {
    let mut epochs = records.iter().flat_map(|record| &record.epochs);
    match epochs.any(|epoch| epoch.valid.is_some()) {
        true => MeasuredOn::ValidationRows,
        false => MeasuredOn::TrainingRows,
    }
}

pub(crate) fn run(record: &RunRecord, Measured { task, on: measured_on }: Measured) -> RunSummary {
    let last = record.epochs.last();
    let best_value = |metric: Metric| {
        let values = record.epochs.iter().filter_map(|epoch| epoch.metric(metric));
        let values = values.filter(|value| value.is_finite());
        if metric.is_gain() { values.reduce(f64::max) } else { values.reduce(f64::min) }
    };
    let loss = measured_on.loss();
    let best_epoch = record
        .epochs
        .iter()
        .filter_map(|epoch| Some((epoch.epoch, epoch.metric(loss).filter(|loss| loss.is_finite())?)))
        .min_by(|left, right| left.1.total_cmp(&right.1));
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    RunSummary {
        norm: record.id.norm,
        point: record.id.point.clone().map(|(index, settings)| Point { index, settings }),
        seed: record.id.seed,
        outcome: record.outcome.clone(),
        is_lost: is_lost(record),
        constant_loss: record.constant_loss,
        last_epoch: last.map_or(0, |epoch| epoch.epoch),
        last_step: last.map_or(0, |epoch| epoch.step),
        best_epoch: best_epoch.map(|(epoch, _)| epoch),
        kept_epoch: record.kept_epoch,
        final_scores: scores(task, |metric| last?.metric(metric)),
        best_scores: scores(task, best_value),
        train_loss: record.train.and_then(|train| finite(train.loss)),
        train_quality: record.train.and_then(|train| finite(train.quality.value())),
        test_loss: record.test.and_then(|test| finite(test.loss)),
        test_quality: record.test.and_then(|test| finite(test.quality.value())),
        assessments: record.assessments.clone(),
        parameters: record.parameters,
        seconds: record.seconds,
        train_seconds: last.map_or(0.0, |epoch| epoch.train_seconds),
        eval_seconds: last.map_or(0.0, |epoch| epoch.eval_seconds),
        result_hash: record.result_hash.clone(),
    }
}

/// Whether a run diverged, or ended worse than a constant prediction. The training rows decide: a network that
/// overfits may have a larger loss on others although it has learnt something.
pub(crate) fn is_lost(record: &RunRecord) -> bool {
    let ended_worse = || {
        let last = record.epochs.last()?;
        let is_as_good = last.train.loss <= record.constant_loss?;
        // A loss that is NaN is not as good, either.
        Some(!is_as_good)
    };
    match record.outcome {
        Outcome::Diverged { .. } => true,
        Outcome::Interrupted { .. } => false,
        Outcome::Finished | Outcome::StoppedEarly { .. } => ended_worse().unwrap_or(false),
    }
}

/// The finite ones of the values of all metrics of `task`.
fn scores(task: Task, value: impl Fn(Metric) -> Option<f64>) -> Scores {
    let finite = |metric| value(metric).filter(|value| value.is_finite());
    Scores {
        train_loss: finite(Metric::TrainLoss),
        train_eval_loss: finite(Metric::TrainEvalLoss),
        train_quality: finite(Metric::train_quality(task)),
        valid_loss: finite(Metric::ValidLoss),
        valid_quality: finite(Metric::valid_quality(task)),
    }
}

fn group(first: &RunSummary, members: &[&RunSummary], task: Task, measured_on: MeasuredOn) -> GroupSummary {
    let completed: Vec<&RunSummary> = members.iter().copied().filter(|run| run.is_complete()).collect();
    let count = |predicate: fn(&RunSummary) -> bool| members.iter().filter(|run| predicate(run)).count();
    let over_runs = |scale, value: &dyn Fn(&RunSummary) -> Option<f64>| {
        Estimate::on(scale, completed.iter().map(|run| value(run)))
    };
    let positive = |value: &dyn Fn(&RunSummary) -> Option<f64>| over_runs(IntervalScale::Log, value);
    let quality = |value: &dyn Fn(&RunSummary) -> Option<f64>| {
        let scale = match task {
            Task::Classification => IntervalScale::Logit,
            Task::Regression => IntervalScale::LogOfRest,
        };
        over_runs(scale, value)
    };
    let n_lost = count(|run| run.is_lost);
    let n_interrupted = count(|run| matches!(run.outcome, Outcome::Interrupted { .. }));
    GroupSummary {
        norm: first.norm,
        point: first.point.clone(),
        n_runs: members.len(),
        n_completed: completed.len(),
        n_lost,
        lost_share: share_of(n_lost, members.len() - n_interrupted),
        n_diverged: count(|run| matches!(run.outcome, Outcome::Diverged { .. })),
        n_interrupted,
        final_loss: positive(&|run| run.final_scores.loss(measured_on)),
        best_loss: positive(&|run| run.best_scores.loss(measured_on)),
        final_quality: quality(&|run| run.final_scores.quality(measured_on)),
        best_quality: quality(&|run| run.best_scores.quality(measured_on)),
        final_train_eval_loss: positive(&|run| run.final_scores.train_eval_loss),
        test_loss: positive(&|run| run.test_loss),
        test_quality: quality(&|run| run.test_quality),
        seconds: positive(&|run| Some(run.seconds)),
        train_seconds: positive(&|run| Some(run.train_seconds)),
        parameters: first.parameters,
    }
}
