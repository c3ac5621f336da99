//! The text at the end of a training command.

pub(crate) mod answers;
pub(crate) mod endings;
pub(crate) mod expected_best;
pub(crate) mod final_metrics;
pub(crate) mod grid_point;
pub(crate) mod group_table;
pub(crate) mod kept;
pub(crate) mod other_measures;
pub(crate) mod stopping;
pub(crate) mod tuning;

#[cfg(test)]
mod tests;

use crate::experiment::Summary;
use crate::report::text::layout::joined;
use crate::report::text::summary::answers::answers;
use crate::report::text::summary::endings::ends;
use crate::report::text::summary::expected_best::expected_best;
use crate::report::text::summary::final_metrics::final_metrics;
use crate::report::text::summary::group_table::{NamedSummary, cost_rows, heading, score_rows};
use crate::report::text::summary::kept::kept_epochs;
use crate::report::text::summary::other_measures::other_measures;
use crate::report::text::summary::stopping::stopping;
use crate::report::text::summary::tuning::tuning;

/// What came of each pair of norms, scores of each norm and grid point, further measures, metrics of the saved
/// weights with the baselines, and costs. At most 80 columns wide unless names or grid values are long.
pub fn table(summary: &Summary) -> String {
    let shown = [NamedSummary { name: None, summary }];
    let sections = [
        answers(summary),
        stopping(summary),
        tuning(summary),
        format!("{}\n\n{}", heading(&shown), score_rows(&shown)),
        kept_epochs(&shown),
        ends(&shown),
        other_measures(summary),
        expected_best(summary),
        final_metrics(summary),
        cost_rows(&shown),
    ];
    joined(sections)
}
