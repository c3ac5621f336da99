//! The settings that were chosen for each norm, below their chart.

use maud::{Markup, html};

use crate::nn::Norm;
use crate::report::results::RunResults;
use crate::report::table::Table;
use crate::report::text::summary::tuning::{EXPECTED_BEST, best_points, expected_best, head, remarks};

/// Each norm's best point and usable range, ratios, warnings, and what to expect of fewer points; nothing without
/// tuning.
pub(crate) fn tuned(run: &RunResults) -> Markup {
    let Some(tuning) = &run.summary.tuning else { return html! {} };
    let name = |norm: Norm| run.labels.norm(norm);
    let table = |mut rows: Vec<Vec<String>>| Table { head: rows.remove(0), rows, left_out: None }.html();
    html! {
        p { "Chosen: " (head(&run.summary, tuning)) "." }
        (table(best_points(tuning, &name)))
        ul { @for remark in remarks(tuning, &name) { li { (remark) } } }
        p { "What " (EXPECTED_BEST) ":" }
        (table(expected_best(tuning, &name)))
    }
}
