//! Every pair of norms in the primary measure.

use crate::experiment::statistics::NoInterval;
use crate::experiment::{NormComparison, Summary};
use crate::nn::Norm;
use crate::report::text::layout::{Align, WIDEST, aligned_within, wrapped};
use crate::report::text::number::{NO_NUMBER, compared, p_value, wins};
use crate::report::text::summary::grid_point::PointColumns;
use crate::report::text::summary::other_measures::{explanation, left_out, measure_name};
use crate::report::text::summary::positions::{are_same_networks, is_anywhere};

/// Rows of a table before it is cut.
pub(crate) const MAX_ROWS: usize = 10;

/// A row for each pair of norms and point, the surest difference first; with a grid in the order of its points, and
/// without the pairs of which both networks are the same at another position. Empty for less than two pairs, which the
/// answer has.
pub(crate) fn pairs(summary: &Summary) -> String {
    let mut comparisons: Vec<&NormComparison> =
        summary.comparisons.iter().filter(|comparison| !comparison.measures.is_empty()).collect();
    if comparisons.len() < 2 {
        return String::new();
    }
    if !summary.has_grid() {
        let p = |comparison: &NormComparison| comparison.measures[0].comparison.p_value.unwrap_or(1.0);
        let distance = |comparison: &NormComparison| {
            let of = &comparison.measures[0].comparison;
            // Of equal differences there is no size, but none is surer.
            let is_equal = of.no_interval == Some(NoInterval::EqualDifferences)
                && of.favors_first() != of.favors_second();
            if is_equal { f64::NEG_INFINITY } else { -of.effect_size.map_or(0.0, f64::abs) }
        };
        comparisons.sort_by(|left, right| {
            p(left).total_cmp(&p(right)).then(distance(left).total_cmp(&distance(right)))
        });
    }
    let n_all = comparisons.len();
    let comparisons = each_once(summary, comparisons);
    let points = PointColumns::of(comparisons.iter().map(|(comparison, _)| &comparison.point));
    let mut head = ["norm", "other"].map(str::to_owned).to_vec();
    head.extend(points.heads());
    let n_names = head.len();
    head.extend(["mean", "better in", "p"].map(str::to_owned));
    let mut rows = vec![head];
    for (comparison, is_anywhere) in comparisons.iter().take(MAX_ROWS) {
        let of = &comparison.measures[0].comparison;
        let mut row = [comparison.norm.name(), comparison.other.name()].map(str::to_owned).to_vec();
        row.extend(match is_anywhere {
            true => points.cells_with(Norm::None, &comparison.point),
            false => points.cells(&comparison.point),
        });
        row.push(compared(of));
        row.push(wins(of).unwrap_or_else(|| NO_NUMBER.to_owned()));
        let p = of.adjusted_p_value.filter(|_| 1 < of.n_pairs);
        row.push(p.map_or_else(|| NO_NUMBER.to_owned(), p_value));
        rows.push(row);
    }
    let columns = vec![Align::Left; rows[0].len()];
    let table = aligned_within(WIDEST, n_names, &columns, &rows);
    let shown = comparisons.iter().take(MAX_ROWS);
    let shown = shown.map(|(comparison, _)| &comparison.measures[0].comparison);
    let notes = left_out(shown.clone()).into_iter().chain(explanation(shown));
    let notes: String = notes.map(|line| wrapped(WIDEST, "  ", "    ", line)).collect();
    format!("{}{table}{notes}{}", title(summary, &comparisons, n_all), more(comparisons.len(), "pairs"))
}

/// A comparison, and whether it is the same at every position of norms.
type Shown<'a> = (&'a NormComparison, bool);

/// Without those of which both networks are the same as in an earlier one, at another position.
fn each_once<'a>(summary: &Summary, comparisons: Vec<&'a NormComparison>) -> Vec<Shown<'a>> {
    let is_same = |one: &NormComparison, other: &NormComparison| {
        let is_same_norm = |norm| are_same_networks(summary, norm, &one.point, &other.point);
        (one.norm, one.other) == (other.norm, other.other)
            && is_same_norm(one.norm)
            && is_same_norm(one.other)
    };
    let mut shown: Vec<Shown<'a>> = Vec::new();
    for comparison in comparisons {
        // In files of older versions, the same networks are compared at both positions.
        if !shown.iter().any(|(earlier, _)| is_same(earlier, comparison)) {
            shown.push((comparison, is_anywhere(summary, comparison)));
        }
    }
    shown
}

/// `n_all` comparisons were made, those that are shown once included.
fn title(summary: &Summary, shown: &[Shown<'_>], n_all: usize) -> String {
    let measure = measure_name(summary, summary.primary);
    let mut text = format!("{measure}, paired by seed");
    let has_test = shown.iter().any(|(comparison, _)| 1 < comparison.measures[0].comparison.n_pairs);
    if has_test {
        let rows = match n_all - shown.len() {
            0 => format!("all {n_all} rows"),
            repeated => format!(
                "all {n_all} comparisons of two norms ({repeated} of the same networks at the other position not shown)"
            ),
        };
        let all = match summary.positions.len() {
            0 => rows,
            positions => format!("{rows}, and {positions} of positions,"),
        };
        text.push_str(&format!("; {} % intervals and p hold for {all} at once", 100.0 * summary.confidence));
    }
    format!("{}\n", wrapped(WIDEST, "", "", &text))
}

/// What a cut table does not show.
pub(crate) fn more(rows: usize, what: &str) -> String {
    match rows.saturating_sub(MAX_ROWS) {
        0 => String::new(),
        more => format!("and {more} more {what}: see report.html and summary.json\n"),
    }
}
