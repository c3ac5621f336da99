//! Tables with a row for each norm and grid point, of one or several run directories.

use crate::experiment::{GroupSummary, MeasuredOn, Summary};
use crate::nn::Norm;
use crate::report::text::layout::{Align, WIDEST, aligned, aligned_within, wrapped};
use crate::report::text::number::{NO_NUMBER, accuracy_and_spread, duration, mean_and_spread};
use crate::report::text::summary::grid_point::PointColumns;
use crate::report::text::summary::pairs::{MAX_ROWS, more};
use crate::report::text::summary::positions::are_same_networks;

/// The summary of a run directory, or of the command that just ended.
pub(crate) struct NamedSummary<'a> {
    /// The name of the run directory; none if there is only one.
    pub(crate) name: Option<String>,
    pub(crate) summary: &'a Summary,
}

/// What the scores are measured on: one line without a line feed.
pub(crate) fn heading(shown: &[NamedSummary<'_>]) -> String {
    let rows = match common_rows(shown) {
        Some(MeasuredOn::ValidationRows) => "validation rows",
        Some(MeasuredOn::TrainingRows) => "training rows in evaluation mode (no validation rows)",
        None => "validation rows, or training rows in evaluation mode where there are none",
    };
    let has_spread = groups(shown).any(|(_, group)| group.final_loss.standard_deviation.is_some());
    let spread = match has_spread {
        true => format!("; mean ±standard deviation over seeds{}", completed(shown)),
        false => String::new(),
    };
    // Means and geometric means may have another order.
    let by_loss = shown.iter().any(|shown| shown.summary.chosen_by().is_loss());
    let best = match shown.iter().all(|shown| shown.name.is_none() && shown.summary.has_grid()) {
        true if has_spread && by_loss => "; in the order of geometric means",
        true => "",
        false => "; best: at any epoch",
    };
    format!("{rows}{spread}{best}")
}

/// Of how many runs the means of the only summary are, if not of all; tables of several summaries and of grids have a
/// column for it.
fn completed(shown: &[NamedSummary<'_>]) -> String {
    let [NamedSummary { name: None, summary }] = shown else { return String::new() };
    let is_whole = summary.groups.iter().all(|group| group.n_completed == group.n_runs);
    if is_whole || summary.has_grid() {
        return String::new();
    }
    let of = |group: &GroupSummary| {
        format!("{} of {} with {}", group.n_completed, group.n_runs, group.norm.name())
    };
    let of: Vec<String> = summary.groups.iter().map(of).collect();
    format!(" that were completed ({})", of.join(", "))
}

/// The table of losses, and accuracies or R2.
pub(crate) fn score_rows(shown: &[NamedSummary<'_>]) -> String {
    let mut table = Table::start(shown);
    if common_rows(shown).is_none() {
        table.column("rows", Align::Left, |summary, _| match summary.measured_on {
            MeasuredOn::ValidationRows => "validation".to_owned(),
            MeasuredOn::TrainingRows => "training".to_owned(),
        });
    }
    if shown.iter().any(|shown| shown.name.is_some() || shown.summary.has_grid()) {
        add_seeds(&mut table);
    }
    table.column("final loss", Align::Left, |_, group| mean_and_spread(&group.final_loss));
    table.column("best loss", Align::Left, |_, group| mean_and_spread(&group.best_loss));
    let quality = quality(shown);
    table.column(&format!("final {quality}"), Align::Left, |_, group| {
        accuracy_and_spread(&group.final_quality)
    });
    table
        .column(&format!("best {quality}"), Align::Left, |_, group| accuracy_and_spread(&group.best_quality));
    let mut text = table.text();
    if shown.iter().any(|shown| shown.summary.has_grid()) {
        let has_loss = shown.iter().any(|shown| shown.summary.chosen_by().is_loss());
        text.push_str(&star(has_loss));
    }
    text
}

/// Of how many runs the means are, if not of all.
fn add_seeds(table: &mut Table<'_>) {
    if table.groups.iter().any(|(_, group)| group.n_completed < group.n_runs) {
        table.column("seeds", Align::Left, |_, group| match group.n_runs - group.n_completed {
            0 => group.n_runs.to_string(),
            _ => format!("{} of {}", group.n_completed, group.n_runs),
        });
    }
}

/// What a star means; `has_loss` says that points are chosen by a loss.
fn star(has_loss: bool) -> String {
    let mean = if has_loss { ", of a loss its geometric mean over the seeds" } else { "" };
    let text = format!("* the norm's best point, by the measure that norms are judged by{mean}");
    wrapped(WIDEST, "", "  ", &text)
}

/// The table of a grid: the best points, by what norms are chosen by, the best one first.
pub(crate) fn ranked_rows(summary: &Summary) -> String {
    let shown = [NamedSummary { name: None, summary }];
    let mut table = Table::start(&shown);
    table.column("final loss", Align::Left, |_, group| mean_and_spread(&group.final_loss));
    table.column(&format!("final {}", quality(&shown)), Align::Left, |_, group| {
        accuracy_and_spread(&group.final_quality)
    });
    table.column("lost", Align::Left, |_, group| match group.n_lost {
        0 => String::new(),
        lost => format!("{lost} of {}", group.n_runs),
    });
    let (n_rows, measure) = (table.groups.len(), summary.chosen_by());
    let mut order: Vec<usize> = (0..n_rows).collect();
    order.sort_by(|&left, &right| table.groups[left].1.order(table.groups[right].1, measure));
    // A network that is the same at every position, such as one without a norm, is there once.
    let mut seen: Vec<&GroupSummary> = Vec::new();
    order.retain(|&index| {
        let group = table.groups[index].1;
        let is_same = |other: &&GroupSummary| {
            other.norm == group.norm && are_same_networks(summary, group.norm, &other.point, &group.point)
        };
        let is_new = !seen.iter().any(is_same);
        seen.extend(is_new.then_some(group));
        is_new
    });
    let n_rows = order.len();
    let ranked = order.into_iter().take(MAX_ROWS).map(|index| table.rows[index + 1].clone());
    table.rows = std::iter::once(table.rows[0].clone()).chain(ranked).collect();
    format!("{}{}{}", table.text(), star(measure.is_loss()), more(n_rows, "points"))
}

/// The table of runs, seconds, parameters and, if there are test rows, the accuracy or R2 on them.
pub(crate) fn cost_rows(shown: &[NamedSummary<'_>]) -> String {
    let mut table = Table::start(shown);
    table.column("runs", Align::Right, |_, group| group.n_runs.to_string());
    let seconds = |group: &GroupSummary| group.seconds.mean.map_or_else(|| NO_NUMBER.to_owned(), duration);
    table.column("seconds", Align::Right, |_, group| seconds(group));
    table.column("parameters", Align::Right, |_, group| group.parameters.to_string());
    if groups(shown).any(|(_, group)| group.test_quality.mean.is_some()) {
        table.column(&format!("test {}", quality(shown)), Align::Left, |_, group| {
            accuracy_and_spread(&group.test_quality)
        });
    }
    table.text()
}

/// A table that grows by columns.
struct Table<'a> {
    groups: Vec<(&'a NamedSummary<'a>, &'a GroupSummary)>,
    columns: Vec<Align>,
    /// How many of the columns name the group.
    n_names: usize,
    /// The first one is the header.
    rows: Vec<Vec<String>>,
}

impl<'a> Table<'a> {
    fn start(shown: &'a [NamedSummary<'a>]) -> Self {
        let groups: Vec<(&NamedSummary<'_>, &GroupSummary)> = groups(shown).collect();
        let mut table =
            Self { rows: vec![Vec::new(); groups.len() + 1], columns: Vec::new(), n_names: 0, groups };
        if shown.iter().any(|shown| shown.name.is_some()) {
            table.add("run", Align::Left, |shown, _| shown.name.clone().unwrap_or_default());
        }
        table.column("norm", Align::Left, |_, group| group.norm.name().to_owned());
        let points = PointColumns::of(table.groups.iter().map(|(_, group)| &group.point));
        let heads = points.heads();
        for (index, head) in heads.iter().enumerate() {
            let is_last = index + 1 == heads.len();
            table.column(head, Align::Left, |summary, group| {
                let best = if is_last && is_best(summary, group) { " *" } else { "" };
                let norm = if is_anywhere(summary, group) { Norm::None } else { group.norm };
                format!("{}{best}", points.cells_with(norm, &group.point)[index])
            });
        }
        table.n_names = table.columns.len();
        table
    }

    fn column(&mut self, head: &str, align: Align, cell: impl Fn(&Summary, &GroupSummary) -> String) {
        self.add(head, align, |shown, group| cell(shown.summary, group));
    }

    fn add(&mut self, head: &str, align: Align, cell: impl Fn(&NamedSummary<'_>, &GroupSummary) -> String) {
        self.columns.push(align);
        let cells = self.groups.iter().map(|(shown, group)| cell(shown, group));
        let cells = std::iter::once(head.to_owned()).chain(cells);
        self.rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
    }

    fn text(&self) -> String {
        match self.groups.iter().any(|(_, group)| group.point.is_some()) {
            true => aligned_within(WIDEST, self.n_names, &self.columns, &self.rows),
            false => aligned(&self.columns, &self.rows),
        }
    }
}

/// Every group with its summary.
pub(crate) fn groups<'a>(
    shown: &'a [NamedSummary<'a>],
) -> impl Iterator<Item = (&'a NamedSummary<'a>, &'a GroupSummary)> {
    shown.iter().flat_map(|shown| shown.summary.groups.iter().map(move |group| (shown, group)))
}

/// The name of the score next to the loss.
fn quality(shown: &[NamedSummary<'_>]) -> &'static str {
    let mut tasks = shown.iter().map(|shown| shown.summary.task);
    let first = tasks.next().unwrap_or_default();
    if tasks.all(|task| task == first) { first.quality() } else { "accuracy or R2" }
}

/// The rows that all scores are measured on; none if they differ.
fn common_rows(shown: &[NamedSummary<'_>]) -> Option<MeasuredOn> {
    let mut rows = shown.iter().map(|shown| shown.summary.measured_on);
    let first = rows.next()?;
    rows.all(|rows| rows == first).then_some(first)
}

/// Whether its networks are the same at another position.
fn is_anywhere(summary: &Summary, group: &GroupSummary) -> bool {
    let mut others = summary.groups.iter().filter(|other| other.norm == group.norm && *other != group);
    others.any(|other| are_same_networks(summary, group.norm, &group.point, &other.point))
}

fn is_best(summary: &Summary, group: &GroupSummary) -> bool {
    group.point.is_some() && summary.best_group(group.norm).is_some_and(|best| best.point == group.point)
}
