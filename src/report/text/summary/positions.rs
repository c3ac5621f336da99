//! Norms after the activation compared with themselves before it.

use crate::experiment::summary::are_same_networks as same;
use crate::experiment::{NormComparison, Point, PositionComparison, Summary};
use crate::nn::Norm;
use crate::report::table::Table;
use crate::report::text::layout::{Align, WIDEST, aligned, wrapped};
use crate::report::text::number::{NO_NUMBER, compared, p_value, wins};
use crate::report::text::summary::grid_point::PointColumns;
use crate::report::text::summary::other_measures::measure_name;
use crate::report::text::summary::pairs::{MAX_ROWS, more};

/// A row for each norm, and point of the other keys; empty unless positions are compared.
pub(crate) fn positions(summary: &Summary) -> String {
    if summary.positions.is_empty() {
        return String::new();
    }
    let table = position_table(summary, &|norm| norm.name().to_owned());
    let rows: Vec<Vec<String>> = std::iter::once(table.head).chain(table.rows).take(1 + MAX_ROWS).collect();
    let columns = vec![Align::Left; rows[0].len()];
    let title = wrapped(WIDEST, "", "", &position_title(summary));
    format!("{title}\n{}{}", aligned(&columns, &rows), more(summary.positions.len(), "norms and points"))
}

/// Whether the networks with `norm` are the same at two points that differ in nothing but the position of norms.
pub(crate) fn are_same_networks(
    summary: &Summary,
    norm: Norm,
    one: &Option<Point>,
    other: &Option<Point>,
) -> bool {
    same(summary.runs.iter(), norm, one, other)
}

/// Whether both networks of a comparison are the same at the other position of norms.
pub(crate) fn is_anywhere(summary: &Summary, comparison: &NormComparison) -> bool {
    let NormComparison { norm, other, point, .. } = comparison;
    let mut others = summary.groups.iter().filter(|group| group.norm == *norm && group.point != *point);
    others.any(|group| {
        [*norm, *other].iter().all(|&norm| are_same_networks(summary, norm, point, &group.point))
    })
}

/// What the table shows.
pub(crate) fn position_title(summary: &Summary) -> String {
    format!(
        "{} with the norm after the activation, compared with the same norm before it, paired by seed; intervals and p \
         hold for these and for all pairs of norms at once",
        measure_name(summary, summary.primary)
    )
}

/// With what `name` calls the norms.
pub(crate) fn position_table(summary: &Summary, name: &dyn Fn(Norm) -> String) -> Table {
    let others: Vec<_> = summary.positions.iter().map(|of| Some(of.after.clone())).collect();
    let points = PointColumns::of(&others);
    // Where only the position varies, every row is "after".
    let has_others = others.iter().flatten().any(|point| point.settings.contains(';'));
    let mut table = Table::new(["norm"]);
    table.head.extend(points.heads().into_iter().filter(|_| has_others));
    table.head.extend(["after, compared with before", "better after in", "p"].map(str::to_owned));
    let row = |of: &PositionComparison| {
        let found = &of.measure.comparison;
        let mut row = vec![name(of.norm)];
        row.extend(points.cells(&Some(of.after.clone())).into_iter().filter(|_| has_others));
        row.push(compared(found));
        row.push(wins(found).unwrap_or_else(|| NO_NUMBER.to_owned()));
        let p = found.adjusted_p_value.filter(|_| 1 < found.n_pairs);
        row.push(p.map_or_else(|| NO_NUMBER.to_owned(), p_value));
        row
    };
    table.rows = summary.positions.iter().map(row).collect();
    table
}
