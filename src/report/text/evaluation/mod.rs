//! The evaluation of a model on labelled rows, as text.

pub(crate) mod classes;
pub(crate) mod metric;
pub(crate) mod statistics;
#[cfg(test)]
mod tests;

use crate::eval::Evaluation;
use crate::metrics::{CONFIDENCE, ClassCurves, ClassShare, Classification, Metrics};
use crate::report::text::evaluation::classes::{class_table, confusion};
use crate::report::text::evaluation::metric::{measure_and_interval, metric_value};
use crate::report::text::evaluation::statistics::by_statistics;
use crate::report::text::layout::{Align, aligned, joined};
use crate::report::text::number::NO_NUMBER;
use crate::text::{Quoted, shortened};

/// The metrics with intervals and baseline for the first choice of statistics, a comparison of all
/// choices, and a table of the classes. At most 80 columns wide unless names are long.
pub fn evaluation(evaluation: &Evaluation) -> String {
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
    joined(sections)
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
            Metrics::Classes(metrics) if name == "classwise_ece" => {
                metrics.classwise_ece_by_chance.map(|chance| metric_value(name, chance))
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
    format!(
        "{table}{missing}{}{}\n{}",
        average_precision(evaluation),
        shares_off(evaluation, metrics),
        about_baseline(evaluation)
    )
}

/// Of each class with curves.
fn average_precision(evaluation: &Evaluation) -> String {
    /// Lines at most; the page has all classes.
    const MAX_LINES: usize = 5;
    let curves = evaluation.curves.iter().flatten().take(MAX_LINES);
    let line = |curves: &ClassCurves| {
        let name = Quoted(&evaluation.names[curves.class]);
        format!("average precision of {name}: {:.4}\n", curves.average_precision)
    };
    curves.map(line).collect()
}

/// Names the class whose mean probability is farthest from its share of the rows, if that is not by chance.
fn shares_off(evaluation: &Evaluation, metrics: &Metrics) -> String {
    let Metrics::Classes(metrics) = metrics else { return String::new() };
    let off = evaluation.names.iter().zip(&metrics.class_shares).filter(|(_, share)| share.is_off());
    let gap = |share: &ClassShare| (share.mean_probability - share.share).abs();
    let worst = off.max_by(|(_, left), (_, right)| gap(left).total_cmp(&gap(right)));
    worst.map_or_else(String::new, |(name, share)| {
        format!(
            "note: class {} has a mean probability of {:.3}, but {:.3} of the rows:\n      \
             do not take probabilities for frequencies here\n",
            Quoted(name),
            share.mean_probability,
            share.share
        )
    })
}

/// Explains the baseline.
fn about_baseline(evaluation: &Evaluation) -> String {
    match &evaluation.baseline {
        Metrics::Classes(baseline) => {
            let always = always(evaluation, baseline);
            format!(
                "baseline: predicts the class frequencies of the training rows for every row{always};\n          \
                 its calibration_error and classwise_ece are those expected by chance\n          \
                 from perfect probabilities\n"
            )
        }
        Metrics::Values(baseline) => match baseline.targets.len() {
            1 => "baseline: predicts the mean of the training rows for every row\n".to_owned(),
            _ => "baseline: predicts the means of the training rows for every row\n".to_owned(),
        },
    }
}

/// The class that the baseline predicts for all rows.
fn always(evaluation: &Evaluation, baseline: &Classification) -> String {
    let class = baseline.classes.iter().position(|class| class.predicted > 0);
    class.map_or_else(String::new, |class| {
        format!(",\n          that is class {}", Quoted(&evaluation.names[class]))
    })
}
