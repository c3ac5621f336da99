//! Paired differences between norms.

use crate::experiment::statistics::PairedDifference;
use crate::experiment::{MeasuredOn, NormComparison, Summary};
use crate::report::text::layout::{Align, WIDEST, aligned, aligned_within, indented};
use crate::report::text::number::signed_difference;
use crate::report::text::summary::grid_point::PointColumns;

/// A paragraph for each pair of norms; empty without a pair. With a grid, a table of final loss and
/// accuracy or R2 for each point; `summary.json` has the rest.
pub(crate) fn differences(summary: &Summary) -> String {
    let paragraphs: Vec<String> = match summary.has_grid() {
        false => summary.comparisons.iter().map(|comparison| paragraph(summary, comparison)).collect(),
        true => summary.norms.iter().filter_map(|other| by_point(summary, other.name())).collect(),
    };
    paragraphs.join("\n")
}

fn paragraph(summary: &Summary, comparison: &NormComparison) -> String {
    let differences = &comparison.differences;
    let names = format!("{} - {}", comparison.norm.name(), comparison.other.name());
    if differences.final_loss.n_pairs == 0 {
        return format!("{names}: no seed with two complete runs\n");
    }
    let rows = match summary.measured_on {
        MeasuredOn::ValidationRows => "validation",
        MeasuredOn::TrainingRows => "training",
    };
    let quality = summary.task.quality();
    let mut lines = vec![
        (format!("final {rows} loss"), differences.final_loss),
        (format!("best {rows} loss"), differences.best_loss),
        (format!("final {rows} {quality}"), differences.final_quality),
        (format!("best {rows} {quality}"), differences.best_quality),
    ];
    if summary.measured_on == MeasuredOn::ValidationRows {
        lines.push(("final training loss".to_owned(), differences.final_train_eval_loss));
    }
    let lines: Vec<Vec<String>> =
        lines.into_iter().map(|(name, value)| vec![format!("  {name}"), signed_difference(&value)]).collect();
    let what = what_is_shown(summary, &differences.final_loss);
    format!("{names}, {what}\n{}", aligned(&[Align::Left; 2], &lines))
}

/// Such as `5 pairs by seed: mean difference (95 % interval)`.
fn what_is_shown(summary: &Summary, difference: &PairedDifference) -> String {
    let PairedDifference { n_pairs, n_incomplete, .. } = *difference;
    match (n_pairs, n_pairs + n_incomplete) {
        (1, 1) => "one seed: no interval".to_owned(),
        (1, n_seeds) => format!("one pair of {n_seeds} seeds: no interval"),
        (_, n_seeds) => {
            let of = if 0 < n_incomplete { format!(" of {n_seeds}") } else { String::new() };
            format!("{n_pairs}{of} pairs by seed: mean difference ({})", interval(summary))
        }
    }
}

fn interval(summary: &Summary) -> String {
    format!("{} % interval", 100.0 * summary.confidence)
}

fn by_point(summary: &Summary, other: &str) -> Option<String> {
    let comparisons: Vec<&NormComparison> =
        summary.comparisons.iter().filter(|comparison| comparison.other.name() == other).collect();
    let norm = comparisons.first()?.norm.name();
    let points = PointColumns::of(comparisons.iter().map(|comparison| &comparison.point));
    let mut head = points.heads();
    let n_names = head.len();
    head.extend(["pairs", "final loss"].map(str::to_owned));
    head.push(format!("final {}", summary.task.quality()));
    let mut rows = vec![head];
    for comparison in &comparisons {
        let differences = &comparison.differences;
        let mut row = points.cells(&comparison.point);
        row.push(differences.final_loss.n_pairs.to_string());
        row.push(signed_difference(&differences.final_loss));
        row.push(signed_difference(&differences.final_quality));
        rows.push(row);
    }
    let mut columns = vec![Align::Left; n_names + 3];
    columns[n_names] = Align::Right;
    let margin = "  ";
    let rows = aligned_within(WIDEST - margin.len(), n_names + 1, &columns, &rows);
    let rows = indented(margin, &rows);
    let what = match comparisons.iter().any(|comparison| comparison.differences.final_loss.interval.is_some())
    {
        true => format!("mean difference ({})", interval(summary)),
        false => "one pair each: no interval".to_owned(),
    };
    Some(format!("{norm} - {other}, paired by seed: {what}\n{rows}"))
}
