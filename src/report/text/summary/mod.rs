//! The text at the end of a training command.

pub(crate) mod endings;
pub(crate) mod expected_best;
pub(crate) mod final_metrics;
pub(crate) mod grid_point;
pub(crate) mod group_table;
pub(crate) mod kept;
pub(crate) mod other_measures;
pub(crate) mod pairs;
pub(crate) mod positions;
pub(crate) mod simpler_model;
pub(crate) mod stopping;
pub(crate) mod tuning;

#[cfg(test)]
mod tests;

use crate::experiment::Summary;
use crate::report::answer::answer;
use crate::report::labels::Labels;
use crate::report::text::layout::{WIDEST, joined, wrapped};
use crate::report::text::summary::endings::ends;
use crate::report::text::summary::expected_best::expected_best;
use crate::report::text::summary::final_metrics::final_metrics;
use crate::report::text::summary::group_table::{NamedSummary, cost_rows, heading, ranked_rows, score_rows};
use crate::report::text::summary::kept::kept_epochs;
use crate::report::text::summary::other_measures::other_measures;
use crate::report::text::summary::pairs::pairs;
use crate::report::text::summary::positions::positions;
use crate::report::text::summary::stopping::stopping;
use crate::report::text::summary::tuning::tuning;

/// The answer in three sentences, then what matters most: scores, comparisons, lost runs, saved weights, and their
/// metrics with the baselines. Long tables are cut; the files of the run directory have everything. At most 80 columns
/// wide unless names or grid values are long.
pub fn table(summary: &Summary) -> String {
    let shown = [NamedSummary { name: None, summary }];
    let labels = Labels::default();
    let scores = if summary.has_grid() { ranked_rows(summary) } else { score_rows(&shown) };
    let costs = if summary.has_grid() { String::new() } else { cost_rows(&shown) };
    let sections = [
        sentences(&answer(summary, &labels).sentences),
        stopping(summary),
        tuning(summary),
        format!("{}\n{scores}", wrapped(WIDEST, "", "  ", &heading(&shown))),
        pairs(summary),
        positions(summary),
        other_measures(summary),
        ends(&shown),
        kept_epochs(summary),
        expected_best(summary),
        final_metrics(summary, &labels),
        costs,
    ];
    joined(sections)
}

/// Each on its own lines.
fn sentences(sentences: &[String]) -> String {
    sentences.iter().map(|sentence| wrapped(WIDEST, "", "  ", sentence)).collect()
}
