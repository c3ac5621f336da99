//! From records to runs and groups.

use crate::experiment::RunRecord;
use crate::experiment::statistics::{CONFIDENCE, Estimate, PairedDifference};
use crate::experiment::summary::final_metrics::final_metrics;
use crate::experiment::summary::pairs::{Run, comparisons};
use crate::experiment::summary::{Differences, GroupSummary, MeasuredOn, Point, RunSummary, Scores, Summary};
use crate::nn::Task;
use crate::train::Metric;
use crate::train::Outcome;

pub(crate) fn summary(records: &[RunRecord]) -> Summary {
    let (task, measured_on) = (task(records), measured_on(records));
    let runs: Vec<RunSummary> = records.iter().map(|record| run(record, measured_on)).collect();
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
    let comparisons = comparisons(&pairable, &norms, task, measured_on);
    Summary {
        format_version: Summary::FORMAT_VERSION,
        task,
        measured_on,
        confidence: CONFIDENCE,
        norms,
        final_metrics: final_metrics(&runs),
        groups,
        comparisons,
        runs,
    }
}

/// Each value once, in the order of first appearance.
pub(crate) fn distinct<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}

impl RunSummary {
    /// Whether the run's numbers are those of a trained network: it did all epochs or stopped
    /// early.
    pub fn is_complete(&self) -> bool {
        match self.outcome {
            Outcome::Finished | Outcome::StoppedEarly { .. } => true,
            Outcome::Diverged { .. } | Outcome::Interrupted { .. } => false,
        }
    }
}

impl GroupSummary {
    /// Accuracy or R2 after the last epoch.
    pub fn final_quality(&self) -> Estimate {
        self.final_accuracy.or(self.final_r2).unwrap_or_else(|| Estimate::of([]))
    }

    /// The highest accuracy or R2 of any epoch.
    pub fn best_quality(&self) -> Estimate {
        self.best_accuracy.or(self.best_r2).unwrap_or_else(|| Estimate::of([]))
    }

    /// Accuracy or R2 on the test rows under the kept weights.
    pub fn test_quality(&self) -> Estimate {
        self.test_accuracy.or(self.test_r2).unwrap_or_else(|| Estimate::of([]))
    }
}

impl Differences {
    /// That of accuracy or R2 after the last epoch.
    pub fn final_quality(&self) -> PairedDifference {
        self.final_accuracy.or(self.final_r2).unwrap_or_else(|| PairedDifference::of([]))
    }

    /// That of the highest accuracy or R2 of any epoch.
    pub fn best_quality(&self) -> PairedDifference {
        self.best_accuracy.or(self.best_r2).unwrap_or_else(|| PairedDifference::of([]))
    }
}

impl MeasuredOn {
    /// The loss of these rows.
    pub fn loss(self) -> Metric {
        match self {
            Self::ValidationRows => Metric::ValidLoss,
            Self::TrainingRows => Metric::TrainEvalLoss,
        }
    }

    /// The accuracy or R2 on these rows.
    pub fn quality(self, task: Task) -> Metric {
        match self {
            Self::ValidationRows => Metric::valid_quality(task),
            Self::TrainingRows => Metric::train_quality(task),
        }
    }
}

impl Scores {
    /// The value of `metric`; none where it was not measured or is not finite.
    pub fn get(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::TrainLoss => self.train_loss,
            Metric::TrainEvalLoss => self.train_eval_loss,
            Metric::TrainAccuracy => self.train_accuracy,
            Metric::TrainR2 => self.train_r2,
            Metric::ValidLoss => self.valid_loss,
            Metric::ValidAccuracy => self.valid_accuracy,
            Metric::ValidR2 => self.valid_r2,
        }
    }

    fn of(value: impl Fn(Metric) -> Option<f64>) -> Self {
        let finite = |metric| value(metric).filter(|value| value.is_finite());
        Self {
            train_loss: finite(Metric::TrainLoss),
            train_eval_loss: finite(Metric::TrainEvalLoss),
            train_accuracy: finite(Metric::TrainAccuracy),
            train_r2: finite(Metric::TrainR2),
            valid_loss: finite(Metric::ValidLoss),
            valid_accuracy: finite(Metric::ValidAccuracy),
            valid_r2: finite(Metric::ValidR2),
        }
    }
}

/// That of the first number; without any, all tasks are alike.
fn task(records: &[RunRecord]) -> Task {
    let mut epochs = records.iter().flat_map(|record| &record.epochs);
    epochs.next().map_or(Task::default(), |epoch| epoch.train.quality.task())
}

fn measured_on(records: &[RunRecord]) -> MeasuredOn {
    let mut epochs = records.iter().flat_map(|record| &record.epochs);
    match epochs.any(|epoch| epoch.valid.is_some()) {
        true => MeasuredOn::ValidationRows,
        false => MeasuredOn::TrainingRows,
    }
}

fn run(record: &RunRecord, measured_on: MeasuredOn) -> RunSummary {
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
        last_epoch: last.map_or(0, |epoch| epoch.epoch),
        last_step: last.map_or(0, |epoch| epoch.step),
        best_epoch: best_epoch.map(|(epoch, _)| epoch),
        kept_epoch: record.kept_epoch,
        final_scores: Scores::of(|metric| last?.metric(metric)),
        best_scores: Scores::of(best_value),
        test_loss: record.test.and_then(|test| finite(test.loss)),
        test_accuracy: record.test.and_then(|test| finite(test.accuracy()?)),
        test_r2: record.test.and_then(|test| finite(test.r2()?)),
        assessments: record.assessments.clone(),
        parameters: record.parameters,
        seconds: record.seconds,
        train_seconds: last.map_or(0.0, |epoch| epoch.train_seconds),
        eval_seconds: last.map_or(0.0, |epoch| epoch.eval_seconds),
        result_hash: record.result_hash.clone(),
    }
}

fn group(first: &RunSummary, members: &[&RunSummary], task: Task, measured_on: MeasuredOn) -> GroupSummary {
    let completed: Vec<&RunSummary> = members.iter().copied().filter(|run| run.is_complete()).collect();
    let count =
        |predicate: fn(&Outcome) -> bool| members.iter().filter(|run| predicate(&run.outcome)).count();
    let over_runs =
        |value: &dyn Fn(&RunSummary) -> Option<f64>| Estimate::of(completed.iter().map(|run| value(run)));
    let (loss, quality) = (measured_on.loss(), measured_on.quality(task));
    let of_task =
        |wanted: Task, value: &dyn Fn(&RunSummary) -> Option<f64>| (task == wanted).then(|| over_runs(value));
    let (classes, values) = (Task::Classification, Task::Regression);
    GroupSummary {
        norm: first.norm,
        point: first.point.clone(),
        n_runs: members.len(),
        n_completed: completed.len(),
        n_diverged: count(|outcome| matches!(outcome, Outcome::Diverged { .. })),
        n_interrupted: count(|outcome| matches!(outcome, Outcome::Interrupted { .. })),
        final_loss: over_runs(&|run| run.final_scores.get(loss)),
        best_loss: over_runs(&|run| run.best_scores.get(loss)),
        final_accuracy: of_task(classes, &|run| run.final_scores.get(quality)),
        final_r2: of_task(values, &|run| run.final_scores.get(quality)),
        best_accuracy: of_task(classes, &|run| run.best_scores.get(quality)),
        best_r2: of_task(values, &|run| run.best_scores.get(quality)),
        final_train_eval_loss: over_runs(&|run| run.final_scores.train_eval_loss),
        test_loss: over_runs(&|run| run.test_loss),
        test_accuracy: of_task(classes, &|run| run.test_accuracy),
        test_r2: of_task(values, &|run| run.test_r2),
        seconds: over_runs(&|run| Some(run.seconds)),
        train_seconds: over_runs(&|run| Some(run.train_seconds)),
        parameters: first.parameters,
    }
}
