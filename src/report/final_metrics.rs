//! The metrics of the kept weights on held-back rows, beside the baselines.

use super::Charset;
use super::evaluation::{is_share, measure_and_interval, metric_value};
use super::number::{NO_NUMBER, accuracy_and_spread, mean_and_spread};
use super::rows::{Align, WIDEST, aligned_within};
use crate::compare::statistics::Estimate;
use crate::compare::{Contender, HeldBack, MetricSummary, RunSummary, Summary};
use crate::metrics::CONFIDENCE;
use crate::nn::{Norm, Task};

/// A table for the validation rows and one for the test rows, as far as there are any: each norm,
/// with a grid at its best point, and the baselines. Of a single run with the intervals over rows.
pub(super) fn final_metrics(summary: &Summary, charset: Charset) -> String {
    let parts = [(HeldBack::ValidationRows, "validation rows"), (HeldBack::TestRows, "test rows")];
    let tables = parts.map(|(rows, name)| part(summary, rows, name, charset));
    tables.into_iter().filter(|table| !table.is_empty()).collect::<Vec<_>>().join("\n")
}

fn part(summary: &Summary, rows: HeldBack, name: &str, charset: Charset) -> String {
    let columns = columns(summary, rows);
    let Some(metrics) = columns.first().map(|column| &column.metrics) else { return String::new() };
    let names: Vec<&str> = metrics.iter().map(|summary| summary.metric.as_str()).collect();
    let single = if let [run] = &summary.runs[..] { Some(run) } else { None };

    let mut table = vec![vec!["metric".to_owned()]];
    table.extend(names.iter().map(|name| vec![super::plain(name)]));
    for column in &columns {
        let cell = |name: &&str| column.cell(name, charset);
        push(&mut table, std::iter::once(column.head.clone()).chain(names.iter().map(cell)));
        if let (Some(run), Contender::Network) = (single, column.of) {
            let head = format!("{} % interval", 100.0 * CONFIDENCE);
            let cells = names.iter().map(|name| interval(run, rows, name));
            push(&mut table, std::iter::once(head).chain(cells));
        }
    }
    let aligns = vec![Align::Left; table[0].len()];
    let spread = match columns.iter().any(|column| column.has_spread()) {
        true => format!("; mean {}standard deviation over seeds", charset.plus_minus()),
        false => String::new(),
    };
    format!("kept weights on the {name}{spread}\n\n{}", aligned_within(WIDEST, 1, &aligns, &table))
}

fn push(table: &mut [Vec<String>], cells: impl Iterator<Item = String>) {
    table.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
}

/// A contender.
struct Column<'a> {
    of: Contender,
    head: String,
    metrics: Vec<&'a MetricSummary>,
}

/// The norms, then the baselines beside the first one.
fn columns(summary: &Summary, rows: HeldBack) -> Vec<Column<'_>> {
    let point = |norm: Norm| {
        let first = || summary.groups.iter().find(|group| group.norm == norm);
        summary.best_group(norm).or_else(first).and_then(|group| group.point.as_ref())
    };
    let baseline = match summary.task {
        Task::Classification => "class shares",
        Task::Regression => "mean",
    };
    let networks = summary.norms.iter().map(|&norm| (Contender::Network, norm, norm.name()));
    let first = summary.norms.first();
    let baselines = first.into_iter().flat_map(|&norm| {
        [(Contender::LinearModel, norm, "linear model"), (Contender::SameForAll, norm, baseline)]
    });
    let column = |(of, norm, head): (Contender, Norm, &str)| {
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
    fn values(&self, metric: &str) -> Option<&Estimate> {
        self.metrics.iter().find(|found| found.metric == metric).map(|found| &found.values)
    }

    fn cell(&self, metric: &str, charset: Charset) -> String {
        match self.values(metric) {
            Some(Estimate { mean: Some(mean), standard_deviation: None, .. }) => metric_value(metric, *mean),
            Some(values) if is_share(metric) => accuracy_and_spread(values, charset),
            Some(values) => mean_and_spread(values, charset),
            None => NO_NUMBER.to_owned(),
        }
    }

    fn has_spread(&self) -> bool {
        self.metrics.iter().any(|found| found.values.standard_deviation.is_some())
    }
}

/// The interval of a metric of the network of a single run.
fn interval(run: &RunSummary, rows: HeldBack, metric: &str) -> String {
    let mut assessments = run.assessments.iter();
    let found = assessments.find(|found| found.of == Contender::Network && found.rows == rows);
    let named = found.and_then(|found| found.metrics.iter().find(|named| named.metric == metric));
    named.map_or_else(|| NO_NUMBER.to_owned(), |named| measure_and_interval(metric, named.measure).1)
}
