//! What `bntrain tune` found, as text and as a config.

use crate::config::SearchPlan;
use crate::experiment::{HoldoutSet, RunRecord, TriedPoint};
use crate::report::text::layout::{Align, aligned};
use crate::report::text::number::{NO_NUMBER, four_digits};
use crate::text::{Count, shortened_to};

/// Points that are shown; the config as it is comes after them.
const SHOWN: usize = 5;

/// The best points and the config as it is, and what both come to on test rows: none or two runs, the best first.
pub fn best_points_text(search: &SearchPlan, points: &[TriedPoint], tested: &[RunRecord]) -> String {
    let measure = search.measure.name();
    let by = match search.folds {
        Some(folds) => format!("{folds}-fold cross-validation"),
        None => "validation rows".to_owned(),
    };
    let mut rows = vec![[String::new(), measure.to_owned(), "settings".to_owned()].to_vec()];
    let shown = points.iter().enumerate().filter(|(place, point)| *place < SHOWN || point.index == 0);
    for (place, point) in shown {
        let mean = point.mean.map_or_else(|| NO_NUMBER.to_owned(), four_digits);
        let range = match point.low.zip(point.high).filter(|(low, high)| low < high) {
            Some((low, high)) => format!(" ({} to {})", four_digits(low), four_digits(high)),
            None => String::new(),
        };
        let value = if point.mean.is_none() { "lost".to_owned() } else { format!("{mean}{range}") };
        rows.push(vec![
            format!("{}.", place + 1),
            value,
            shortened_to(&point.settings.replace(';', ", "), 200),
        ]);
    }
    let table = aligned(&[Align::Right, Align::Left, Align::Left], &rows);
    format!("{} tried, by {by}\n{table}{}", Count(points.len(), "point"), on_test_rows(points, tested))
}

/// One line for each run, with the first metrics of its test rows.
fn on_test_rows(points: &[TriedPoint], tested: &[RunRecord]) -> String {
    let names = match points.first() {
        Some(best) if best.index == 0 => ["the config as it is, which is the best", ""],
        _ => ["the best", "the config as it is"],
    };
    let mut text = String::new();
    for (name, run) in names.iter().zip(tested) {
        let Some(found) = run.assessments.iter().find(|found| found.rows == HoldoutSet::TestRows) else {
            continue;
        };
        let metric = |named: &crate::experiment::NamedMeasure| {
            let value = named.measure.value.map(four_digits)?;
            let interval = named.measure.interval.map_or_else(String::new, |interval| {
                format!(" ({} to {})", four_digits(interval.low), four_digits(interval.high))
            });
            Some(format!("{} {value}{interval}", named.metric))
        };
        let metrics: Vec<String> = found.metrics.iter().filter_map(metric).take(2).collect();
        text.push_str(&format!("test rows, {name}: {}\n", metrics.join(", ")));
    }
    if !text.is_empty() {
        text.push_str("  (95 % intervals over the test rows; they had no part in the choice)\n");
    }
    text
}

/// The text of a config: `config` after comments that say what was tried and what won.
pub fn tuned_config(
    search: &SearchPlan,
    points: &[TriedPoint],
    tested: &[RunRecord],
    seconds: f64,
    config: &str,
) -> String {
    let name = search.plan.source.file_name().unwrap_or_default().to_string_lossy();
    let mut text = format!(
        "# Written by `bntrain tune` {} from {}, in {seconds:.0} s.\n#\n",
        env!("CARGO_PKG_VERSION"),
        crate::text::shortened(&name)
    );
    for line in best_points_text(search, points, tested).lines() {
        text.push_str(&if line.is_empty() { "#\n".to_owned() } else { format!("# {line}\n") });
    }
    text.push('\n');
    text.push_str(config);
    text
}
