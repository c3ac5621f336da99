//! The text at the end of a training command.

pub(crate) mod differences;
pub(crate) mod endings;
pub(crate) mod final_metrics;
pub(crate) mod grid_point;
pub(crate) mod group_table;
pub(crate) mod kept;

#[cfg(test)]
mod tests;

use crate::experiment::Summary;
use crate::report::text::layout::{Align, aligned, joined};
use crate::report::text::summary::differences::differences;
use crate::report::text::summary::endings::ends;
use crate::report::text::summary::final_metrics::final_metrics;
use crate::report::text::summary::grid_point::PointColumns;
use crate::report::text::summary::group_table::{
    NamedSummary, cost_rows, heading, score_rows, steps_to_reach,
};
use crate::report::text::summary::kept::kept_epochs;

/// Scores and costs of each norm and grid point, the paired differences, and the metrics of the saved
/// weights with the baselines. At most 80 columns wide unless names or grid values are long.
pub fn table(summary: &Summary) -> String {
    let shown = [NamedSummary { name: None, summary }];
    let sections = [
        format!("{}\n\n{}", heading(&shown), score_rows(&shown)),
        kept_epochs(&shown),
        cost_rows(&shown),
        steps_rows(summary),
        ends(&shown),
        differences(summary),
        final_metrics(summary),
    ];
    joined(sections)
}

/// Steps to the best loss of another norm, for more than two norms; empty otherwise.
fn steps_rows(summary: &Summary) -> String {
    if summary.norms.len() <= 2 {
        return String::new();
    }
    let points = PointColumns::of_summary(summary);
    let mut head = ["norm", "other"].map(str::to_owned).to_vec();
    head.extend(points.heads());
    head.push("steps to other's best loss".to_owned());
    let columns = vec![Align::Left; head.len()];
    let mut rows = vec![head];
    for comparison in &summary.comparisons {
        let there = (comparison.norm, comparison.other, &comparison.norm_reaches_best_of_other);
        let back = (comparison.other, comparison.norm, &comparison.other_reaches_best_of_norm);
        for (norm, other, steps) in [there, back] {
            let mut row = [norm.name(), other.name()].map(str::to_owned).to_vec();
            row.extend(points.cells(&comparison.point));
            row.push(steps_to_reach(steps));
            rows.push(row);
        }
    }
    aligned(&columns, &rows)
}
