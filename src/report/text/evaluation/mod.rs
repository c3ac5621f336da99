//! How good a model is on some rows, as text.

pub(crate) mod classes;
pub(crate) mod statistics;
#[cfg(test)]
mod tests;

use crate::eval::Evaluation;
use crate::metrics::{CONFIDENCE, Classification, Measure, Metrics};
use crate::report::Charset;
use crate::report::text::evaluation::classes::{class_table, confusion};
use crate::report::text::evaluation::statistics::by_statistics;
use crate::report::text::layout::{Align, aligned};
use crate::report::text::number::{NO_NUMBER, four_digits, value_and_interval};
use crate::report::text::summary::joined;
use crate::text::shortened;

/// The metrics under the first choice of statistics with intervals and baseline, then all choices side
/// by side, then class by class: at most 80 columns wide unless names are long.
pub fn evaluation(evaluation: &Evaluation, charset: Charset) -> String {
    let first = &evaluation.choices[0];
    let sections = match &first.metrics {
        Metrics::Classes(metrics) => [
            overall(evaluation),
            by_statistics(evaluation),
            class_table(evaluation, metrics),
            confusion(evaluation, metrics),
        ],
        Metrics::Values(_) => [overall(evaluation), by_statistics(evaluation), String::new(), String::new()],
    };
    charset.restrict(joined(sections))
}

/// The metrics over all rows.
fn overall(evaluation: &Evaluation) -> String {
    let metrics = &evaluation.choices[0].metrics;
    let interval = format!("{} % interval", 100.0 * CONFIDENCE);
    let mut rows = vec![["metric", "value", &interval, "baseline"].map(str::to_owned).to_vec()];
    let mut missing: Vec<(String, String)> = Vec::new(); // why, and of what
    let measures = metrics.measures(&evaluation.names);
    let baseline = evaluation.baseline.measures(&evaluation.names);
    for ((name, measure), (_, baseline)) in measures.iter().zip(baseline) {
        let (value, interval) = measure_and_interval(name, *measure);
        let baseline = match metrics {
            Metrics::Classes(metrics) if name == "calibration_error" => {
                metrics.calibration_error_by_chance.map(|chance| metric_value(name, chance))
            }
            _ => baseline.value.map(|value| metric_value(name, value)),
        };
        rows.push(vec![shortened(name), value, interval, baseline.unwrap_or_else(|| NO_NUMBER.to_owned())]);
        if let Some(reason) = measure.missing {
            let what = if measure.value.is_none() { "value" } else { "interval" };
            let why = format!("no {what}, {reason}");
            match missing.iter_mut().find(|(other, _)| *other == why) {
                Some((_, names)) => *names += &format!(", {}", shortened(name)),
                None => missing.push((why, shortened(name))),
            }
        }
    }
    let table = aligned(&[Align::Left, Align::Right, Align::Left, Align::Right], &rows);
    let missing: String = missing.into_iter().map(|(why, names)| format!("{names}: {why}\n")).collect();
    format!("{table}{missing}\n{}", about_baseline(evaluation))
}

/// What the baseline says for every row.
fn about_baseline(evaluation: &Evaluation) -> String {
    match &evaluation.baseline {
        Metrics::Classes(baseline) => {
            let always = always(evaluation, baseline);
            format!(
                "baseline: every row gets the class shares of the training rows{always};\n          \
                 for calibration_error it is what chance alone gives where all\n          \
                 probabilities are right\n"
            )
        }
        Metrics::Values(baseline) => match baseline.targets.len() {
            1 => "baseline: every row gets the mean of the training rows\n".to_owned(),
            _ => "baseline: every row gets the means of the training rows\n".to_owned(),
        },
    }
}

/// The one class that the baseline takes all rows for.
fn always(evaluation: &Evaluation, baseline: &Classification) -> String {
    let class = baseline.classes.iter().position(|class| class.predicted > 0);
    class.map_or_else(String::new, |class| {
        format!(",\n          so class \"{}\"", shortened(&evaluation.names[class]))
    })
}

/// Value and interval of a metric.
pub(crate) fn measure_and_interval(name: &str, measure: Measure) -> (String, String) {
    match (measure.value, measure.interval) {
        (None, _) => (NO_NUMBER.to_owned(), NO_NUMBER.to_owned()),
        (Some(value), Some(interval)) if is_share(name) => {
            (metric_value(name, value), format!("({:.4} to {:.4})", interval.low, interval.high))
        }
        (Some(value), None) => (metric_value(name, value), NO_NUMBER.to_owned()),
        (Some(value), interval) => value_and_interval(value, interval),
    }
}

/// A metric in as many digits as tell enough.
pub(crate) fn metric_value(name: &str, value: f64) -> String {
    // What rounds to 0 has no sign.
    let shown = if value.abs() < 0.00005 { 0.0 } else { value };
    if is_share(name) { format!("{shown:.4}") } else { four_digits(value) }
}

/// Whether a metric is 1 at most, so that four decimals tell enough.
pub(crate) fn is_share(name: &str) -> bool {
    !["log_loss", "rmse", "mae"].contains(&name.rsplit('.').next().unwrap_or(name))
}
