//! Metrics of the saved weights on validation and test rows, with the baselines.

use crate::experiment::statistics::Estimate;
use crate::experiment::{HoldoutSet, MetricSummary, RunSummary, Subject, Summary};
use crate::metrics::{CONFIDENCE, Measure};
use crate::nn::{Norm, Task};
use crate::report::text::evaluation::metric::{is_share, measure_and_interval, metric_value};
use crate::report::text::layout::{Align, WIDEST, aligned_within};
use crate::report::text::number::{NO_NUMBER, mean_and_spread};
use crate::text::shortened;

/// A table for the validation rows and one for the test rows, if there are any: each norm (with a
/// grid, at its best point) and the baselines. Means, standard deviations and intervals over the seeds,
/// or the metrics of a single run with intervals over the rows.
pub(crate) fn final_metrics(summary: &Summary) -> String {
    let parts = [(HoldoutSet::ValidationRows, "validation rows"), (HoldoutSet::TestRows, "test rows")];
    let tables = parts.map(|(rows, name)| part(summary, rows, name));
    tables.into_iter().filter(|table| !table.is_empty()).collect::<Vec<_>>().join("\n")
}

fn part(summary: &Summary, rows: HoldoutSet, name: &str) -> String {
    let columns = columns(summary, rows);
    let Some(first) = columns.first() else { return String::new() };
    let metrics: Vec<&str> = first.metrics.iter().map(|found| found.metric.as_str()).collect();
    match &summary.runs[..] {
        [run] => {
            let table = by_metric(run, rows, &columns, &metrics);
            format!("saved weights on the {name}\n\n{table}")
        }
        _ => {
            let n_runs = first.metrics.iter().map(|found| found.values.n).max().unwrap_or(0);
            let mean = match n_runs {
                0 | 1 => "one seed".to_owned(),
                _ => format!(
                    "mean over {n_runs} seeds ±standard deviation\n({} % interval of the mean)",
                    100.0 * CONFIDENCE
                ),
            };
            let table = by_contender(&columns, &metrics);
            format!("saved weights on the {name}, {mean}\n\n{table}")
        }
    }
}

/// A line for each metric, with the interval of the network.
fn by_metric(run: &RunSummary, rows: HoldoutSet, columns: &[Column<'_>], metrics: &[&str]) -> String {
    let mut head = vec!["metric".to_owned()];
    for column in columns {
        head.push(column.head.clone());
        if column.of == Subject::Network {
            head.push(format!("{} % interval", 100.0 * CONFIDENCE));
        }
    }
    let line = |metric: &&str| {
        let mut line = vec![shortened(metric)];
        for column in columns {
            line.push(column.mean(metric));
            if column.of == Subject::Network {
                line.push(interval(run, rows, metric));
            }
        }
        line
    };
    let table: Vec<Vec<String>> = std::iter::once(head).chain(metrics.iter().map(line)).collect();
    aligned_within(WIDEST, 1, &vec![Align::Left; table[0].len()], &table)
}

/// A line for each contender, and below it one for the intervals where seeds differ.
fn by_contender(columns: &[Column<'_>], metrics: &[&str]) -> String {
    let line = |head: &str, cell: &dyn Fn(&str) -> String| -> Vec<String> {
        std::iter::once(head.to_owned()).chain(metrics.iter().map(|metric| cell(metric))).collect()
    };
    let mut table = vec![line("", &|metric| shortened(metric))];
    for column in columns {
        table.push(line(&column.head, &|metric| column.mean(metric)));
        if metrics.iter().any(|metric| column.differs(metric)) {
            table.push(line("", &|metric| column.interval(metric).unwrap_or_else(|| NO_NUMBER.to_owned())));
        }
    }
    aligned_within(WIDEST, 1, &vec![Align::Left; table[0].len()], &table)
}

/// A network or a baseline.
struct Column<'a> {
    of: Subject,
    head: String,
    metrics: Vec<&'a MetricSummary>,
}

/// The norms, then the baselines that were assessed with the first one.
fn columns(summary: &Summary, rows: HoldoutSet) -> Vec<Column<'_>> {
    let point = |norm: Norm| {
        let first = || summary.groups.iter().find(|group| group.norm == norm);
        summary.best_group(norm).or_else(first).and_then(|group| group.point.as_ref())
    };
    let baseline = match summary.task {
        Task::Classification => "class frequencies",
        Task::Regression => "mean",
    };
    let networks = summary.norms.iter().map(|&norm| (Subject::Network, norm, norm.name()));
    let first = summary.norms.first();
    let baselines = first.into_iter().flat_map(|&norm| {
        [(Subject::LinearModel, norm, "linear model"), (Subject::Constant, norm, baseline)]
    });
    let column = |(of, norm, head): (Subject, Norm, &str)| {
        let is_here = |found: &&MetricSummary| {
            let is_norm = found.norm.is_none_or(|other| other == norm);
            found.of == of && is_norm && found.rows == rows && found.point.as_ref() == point(norm)
        };
        let metrics: Vec<_> = summary.final_metrics.iter().filter(is_here).collect();
        (!metrics.is_empty()).then(|| Column { of, head: head.to_owned(), metrics })
    };
    networks.chain(baselines).filter_map(column).collect()
}

impl Column<'_> {
    /// The mean of a metric, with its standard deviation if there are several seeds.
    fn mean(&self, metric: &str) -> String {
        let Some(values) = self.values(metric) else { return NO_NUMBER.to_owned() };
        match (values.mean, values.standard_deviation) {
            (Some(mean), Some(spread)) if is_share(metric) => {
                format!("{} ±{spread:.4}", metric_value(metric, mean))
            }
            (Some(mean), None) => metric_value(metric, mean),
            _ => mean_and_spread(values),
        }
    }

    /// The interval of the mean over seeds.
    fn interval(&self, metric: &str) -> Option<String> {
        let values = self.values(metric)?;
        let measure = Measure { value: values.mean, interval: Some(values.interval?), missing: None };
        Some(measure_and_interval(metric, measure).1)
    }

    /// Whether a metric differs between seeds.
    fn differs(&self, metric: &str) -> bool {
        let spread = self.values(metric).and_then(|values| values.standard_deviation);
        spread.is_some_and(|spread| 0.0 < spread)
    }

    fn values(&self, metric: &str) -> Option<&Estimate> {
        self.metrics.iter().find(|found| found.metric == metric).map(|found| &found.values)
    }
}

/// The interval of a metric of the network, for a single run.
fn interval(run: &RunSummary, rows: HoldoutSet, metric: &str) -> String {
    let mut assessments = run.assessments.iter();
    let found = assessments.find(|found| found.of == Subject::Network && found.rows == rows);
    let named = found.and_then(|found| found.metrics.iter().find(|named| named.metric == metric));
    named.map_or_else(|| NO_NUMBER.to_owned(), |named| measure_and_interval(metric, named.measure).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::synthetic::{at_point, run, twins};
    use crate::experiment::{Assessment, NamedMeasure, RunRecord};
    use crate::metrics::Interval;

    fn assessment(of: Subject, rows: HoldoutSet, metrics: &[(&str, f64)]) -> Assessment {
        let named = |&(metric, value): &(&str, f64)| {
            let interval = Some(Interval { low: 0.9 * value, high: 1.1 * value });
            NamedMeasure {
                metric: metric.to_owned(),
                measure: Measure { value: Some(value), interval, missing: None },
            }
        };
        Assessment { of, rows, n_rows: 100, metrics: metrics.iter().map(named).collect() }
    }

    /// The same run with metrics that follow from the seed, and baselines for the first norm.
    fn assessed(mut run: RunRecord, rows: HoldoutSet) -> RunRecord {
        let loss = 0.1 * run.id.seed as f64;
        let metrics = |loss: f64| [("accuracy", 1.0 - loss), ("log_loss", 3.0 * loss)];
        run.assessments.push(assessment(Subject::Network, rows, &metrics(loss)));
        if run.id.norm == Norm::BatchNorm {
            run.assessments.push(assessment(Subject::LinearModel, rows, &metrics(1.5 * loss)));
            run.assessments.push(assessment(Subject::Constant, rows, &metrics(0.5)));
        }
        run
    }

    fn shown(runs: &[RunRecord]) -> String {
        final_metrics(&Summary::of(runs))
    }

    #[test]
    fn norms_and_baselines_are_lines_of_means_and_intervals() {
        let runs = twins(3).into_iter().map(|run| assessed(run, HoldoutSet::ValidationRows));
        insta::assert_snapshot!(shown(&runs.collect::<Vec<_>>()));
    }

    #[test]
    fn a_single_run_has_intervals_and_each_part_a_table() {
        let single = assessed(run(Norm::BatchNorm, 1, &[2.0, 0.5]), HoldoutSet::ValidationRows);
        insta::assert_snapshot!(shown(&[assessed(single, HoldoutSet::TestRows)]));
    }

    #[test]
    fn with_a_grid_each_norm_is_shown_at_its_best_point() {
        let at = |seed, loss, index| {
            let run = at_point(run(Norm::BatchNorm, seed, &[2.0, loss]), index, &format!("l2={index}"));
            assessed(run, HoldoutSet::TestRows)
        };
        insta::assert_snapshot!(shown(&[at(1, 0.9, 1), at(2, 0.3, 2)]));
    }

    #[test]
    fn without_validation_and_test_rows_there_is_no_table() {
        assert_eq!(shown(&twins(2)), "");
    }
}
