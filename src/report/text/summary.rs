//! The table at the end of all runs.

#[cfg(test)]
mod tests;

use crate::experiment::Summary;
use crate::report::Charset;
use crate::report::text::differences::differences;
use crate::report::text::endings::ends;
use crate::report::text::final_metrics::final_metrics;
use crate::report::text::grid_point::PointColumns;
use crate::report::text::group_table::{Shown, cost_rows, heading, score_rows, steps_to_reach};
use crate::report::text::layout::{Align, aligned};

/// Scores and costs of each norm, at each point of the grid, then the paired differences, then the
/// metrics of the kept weights beside the baselines: at most
/// 80 columns wide unless names or values of a grid are long.
pub fn table(summary: &Summary, charset: Charset) -> String {
    let shown = [Shown { name: None, summary }];
    let sections = [
        format!("{}\n\n{}", heading(&shown, charset), score_rows(&shown, charset)),
        cost_rows(&shown, charset),
        steps_rows(summary),
        ends(&shown),
        differences(summary),
        final_metrics(summary, charset),
    ];
    charset.restrict(joined(sections))
}

/// The sections that are not empty, with a line between them.
pub(crate) fn joined(sections: impl IntoIterator<Item = String>) -> String {
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    sections.join("\n")
}

/// A table of its own where there are more than two norms; empty otherwise.
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
