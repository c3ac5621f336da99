//! One network under several choices of batch-norm statistics.

use super::super::number::{NO_NUMBER, four_digits};
use super::super::plain_text::plain;
use super::super::rows::{Align, WIDEST, aligned_within};
use super::number;
use crate::evaluate::{Evaluation, Statistics, UnderStatistics};
use crate::metrics::{Interval, Measure, Metrics};

/// A row for each metric and a column for each choice, with what they are and what the differences
/// say; empty with a single choice.
pub(super) fn by_statistics(evaluation: &Evaluation) -> String {
    if evaluation.choices.len() < 2 {
        return about(evaluation);
    }
    let names = evaluation.choices.iter().map(|choice| choice.statistics.name().to_owned());
    let heading = ["statistics".to_owned()].into_iter().chain(names).chain(["difference".to_owned()]);
    let mut rows = vec![heading.collect::<Vec<_>>()];
    for (name, values) in values(evaluation) {
        let cell =
            |value: &Option<f64>| value.map_or_else(|| NO_NUMBER.to_owned(), |value| number(&name, value));
        let mut row = vec![plain(&name)];
        row.extend(values.iter().map(cell));
        row.push(cell(&spread(&values)));
        rows.push(row);
    }
    let mut columns = vec![Align::Right; rows[0].len()];
    columns[0] = Align::Left;
    let table = aligned_within(WIDEST, 1, &columns, &rows);
    let verdict = verdict(evaluation);
    let about = about(evaluation);
    if verdict.is_empty() { format!("{table}\n{about}") } else { format!("{table}\n{about}\n{verdict}") }
}

/// Each metric under all choices.
fn values(evaluation: &Evaluation) -> Vec<(String, Vec<Option<f64>>)> {
    let measures: Vec<Vec<(String, Measure)>> =
        evaluation.choices.iter().map(|choice| choice.metrics.measures(&evaluation.names)).collect();
    let metric = |(index, (name, _)): (usize, &(String, Measure))| {
        (name.clone(), measures.iter().map(|measures| measures[index].1.value).collect())
    };
    measures[0].iter().enumerate().map(metric).collect()
}

/// The largest difference; none if a value is missing.
fn spread(values: &[Option<f64>]) -> Option<f64> {
    let values: Vec<f64> = values.iter().copied().collect::<Option<_>>()?;
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (!values.is_empty()).then_some(high - low)
}

/// What the choices are; nothing for running statistics alone, which prediction uses too.
fn about(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    for UnderStatistics { statistics, .. } in &evaluation.choices {
        let about = match (statistics, evaluation.batch_rows) {
            (Statistics::Running, _) if evaluation.choices.len() == 1 => continue,
            (Statistics::Running, _) => "those stored with the weights, which `predict` uses too".to_owned(),
            (Statistics::Recomputed, _) => {
                "mean and variance of each batch norm's input over these rows,\n            \
                 layer by layer, with weights, gamma and beta as they are"
                    .to_owned()
            }
            (Statistics::Batch, Some((each, last))) => {
                let last = if each == last { String::new() } else { format!(" (the last has {last})") };
                format!(
                    "each batch of {each} rows{last} by its own, in the order of the\n            file, \
                     as in training: what a row gets depends on its neighbours"
                )
            }
            (Statistics::Batch, None) => continue,
        };
        text.push_str(&format!("{:<12}{about}\n", format!("{statistics}:")));
    }
    text
}

/// What the differences say.
fn verdict(evaluation: &Evaluation) -> String {
    if !evaluation.has_statistics {
        return "this network normalises nothing, so the choice changes nothing\n".to_owned();
    }
    let running = loss(evaluation, Statistics::Running);
    let Some((name, Measure { value: Some(running), interval: Some(interval), .. })) = running else {
        return String::new();
    };
    let Interval { low, high } = interval;
    let far = |statistics| {
        let (_, measure) = loss(evaluation, statistics)?;
        measure.value.filter(|value| !(low..=high).contains(value))
    };
    let differs = |other: f64, of: &str| {
        let (running, other) = (four_digits(running), four_digits(other));
        format!(
            "{name} is {running} by the running statistics and {other} by those of {of},\noutside its interval: "
        )
    };
    if let Some(recomputed) = far(Statistics::Recomputed) {
        return differs(recomputed, "these rows")
            + "either training was too short for the running statistics\n\
               to follow (more steps, or a larger running_update), or these rows are not like\n\
               the training rows\n";
    }
    if let Some(batch) = far(Statistics::Batch) {
        let why = match loss(evaluation, Statistics::Recomputed) {
            Some(_) => "the noise of small batches, which training sees and\nprediction does not\n",
            None => "add `recomputed` to --stats to see whether that is\nthe noise of small batches\n",
        };
        return differs(batch, "each batch") + why;
    }
    format!("{name} stays within its interval under each choice: it hardly matters here\n")
}

/// The metric that the choices are compared by.
fn loss(evaluation: &Evaluation, statistics: Statistics) -> Option<(String, Measure)> {
    let choice = evaluation.choices.iter().find(|choice| choice.statistics == statistics)?;
    let wanted = match choice.metrics {
        Metrics::Classes(_) => "log_loss",
        Metrics::Values(_) => "rmse",
    };
    let measures = choice.metrics.measures(&evaluation.names).into_iter();
    let mut named = measures.filter(|(name, _)| name.rsplit('.').next() == Some(wanted));
    named.next().map(|(name, measure)| (plain(&name), measure))
}
