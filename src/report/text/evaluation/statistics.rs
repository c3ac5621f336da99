//! A network with several choices of batch-norm statistics.

use crate::eval::{Evaluation, Statistics, UnderStatistics};
use crate::metrics::{CONFIDENCE, Interval, Measure};
use crate::report::text::evaluation::metric::metric_value;
use crate::report::text::layout::{Align, WIDEST, aligned_within};
use crate::report::text::number::{NO_NUMBER, four_digits, signed_with_interval};
use crate::text::shortened;

/// A row for each metric and a column for each choice, with an explanation of the choices and of their
/// differences. With a single choice, only the explanation, if it needs one.
pub(crate) fn by_statistics(evaluation: &Evaluation) -> String {
    if evaluation.choices.len() < 2 {
        return about(evaluation);
    }
    let names = evaluation.choices.iter().map(|choice| choice.statistics.name().to_owned());
    let heading = ["statistics".to_owned()].into_iter().chain(names).chain(["difference".to_owned()]);
    let mut rows = vec![heading.collect::<Vec<_>>()];
    for (name, values) in values(evaluation) {
        let cell = |value: &Option<f64>| {
            value.map_or_else(|| NO_NUMBER.to_owned(), |value| metric_value(&name, value))
        };
        let mut row = vec![shortened(&name)];
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

/// Each metric with all choices.
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

/// Explains the choices; empty for running statistics alone, the usual choice.
fn about(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    for UnderStatistics { statistics, .. } in &evaluation.choices {
        let about = match (statistics, evaluation.batch_rows) {
            (Statistics::Running, _) if evaluation.choices.len() == 1 => continue,
            (Statistics::Running, _) => "running mean and variance of the model, as in `predict`".to_owned(),
            (Statistics::Recomputed, _) => "mean and variance over these rows, layer by layer;\n            \
                 weights, gamma and beta unchanged"
                .to_owned(),
            (Statistics::Batch, Some((each, last))) => {
                let last = if each == last { String::new() } else { format!(" (the last has {last})") };
                format!(
                    "mean and variance of each batch of {each} rows{last},\n            \
                     in file order, as in training: predictions depend on nearby rows"
                )
            }
            (Statistics::Batch, None) => continue,
        };
        text.push_str(&format!("{:<12}{about}\n", format!("{statistics}:")));
    }
    text
}

/// A difference below this fraction of the error does not matter, even if it is significant: with
/// enough rows every difference is.
const NEGLIGIBLE: f64 = 0.01;

/// The error with the first choice: the log loss, or 1 - R2.
fn error_of_first(evaluation: &Evaluation) -> f64 {
    let value = evaluation.measure(evaluation.compared).and_then(|measure| measure.value).unwrap_or(0.0);
    if evaluation.compared == "r2" { 1.0 - value } else { value }
}

/// The difference between each choice and the first one, and what it means.
fn verdict(evaluation: &Evaluation) -> String {
    if !evaluation.has_statistics {
        return "the network has no batch norm, so the statistics make no difference\n".to_owned();
    }
    let first = evaluation.choices[0].statistics;
    let others: Vec<(Statistics, Measure)> = evaluation
        .choices
        .iter()
        .filter_map(|choice| Some((choice.statistics, choice.difference?)))
        .collect();
    let interval = format!("{} % interval", 100.0 * CONFIDENCE);
    let mut text = format!("{} on the same rows, difference ({interval}):\n", evaluation.compared);
    for (other, difference) in &others {
        text.push_str(&format!("  {other} - {first}: {}\n", shown(*difference)));
    }
    let differs = |statistics| {
        let found = others.iter().find(|(other, _)| *other == statistics);
        let interval = found.and_then(|(_, difference)| difference.interval);
        interval.is_some_and(|Interval { low, high }| low > 0.0 || high < 0.0)
    };
    let none = !others.iter().any(|(other, _)| differs(*other));
    let is_small = |(_, difference): &(Statistics, Measure)| {
        difference.value.is_some_and(|value| value.abs() < NEGLIGIBLE * error_of_first(evaluation))
    };
    text + if none {
        "no significant difference on these rows\n"
    } else if others.iter().all(is_small) {
        "the difference is less than 1 % of the error, too small to matter\n"
    } else if first != Statistics::Running {
        ""
    } else if differs(Statistics::Recomputed) {
        "the running statistics do not match these rows: training was too short for them\n\
         to converge (train longer, or use a larger running_update), dropout before a\n\
         batch norm layer distorted them, or these rows differ from the training rows\n"
    } else if others.iter().any(|(other, _)| *other == Statistics::Recomputed) {
        "running and recomputed statistics agree, batch statistics do not: small batches\n\
         are noisy, or neighbouring rows of the file are similar\n"
    } else {
        "add `recomputed` to --stats to see whether the batch size is the reason\n"
    }
}

/// Such as `-0.0123 (-0.0200 to -0.0046)`.
fn shown(difference: Measure) -> String {
    match (difference.value, difference.interval) {
        (Some(value), Some(interval)) => signed_with_interval(value, interval),
        (Some(0.0), None) => "0".to_owned(),
        (Some(value), None) => four_digits(value),
        (None, _) => NO_NUMBER.to_owned(),
    }
}
