//! The table at the end of all runs.

#[cfg(test)]
mod tests;

use super::differences::{differences, steps_to_reach};
use super::number::{NO_NUMBER, accuracy_and_spread, duration, mean_and_spread};
use super::rows::{Align, aligned};
use super::{Charset, plain};
use crate::compare::{GroupSummary, MeasuredOn, Point, RunSummary, Summary};
use crate::train::Outcome;

/// Scores and costs of each norm, at each point of the grid, then the paired differences: at most
/// 80 columns wide where there is no grid.
pub fn table(summary: &Summary, charset: Charset) -> String {
    let sections = [
        format!("{}\n\n{}", heading(summary, charset), score_rows(summary, charset)),
        cost_rows(summary, charset),
        steps_rows(summary),
        ends(summary),
        differences(summary),
    ];
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    sections.join("\n")
}

/// What the numbers are, in one line without its end.
pub(super) fn heading(summary: &Summary, charset: Charset) -> String {
    let rows = match summary.measured_on {
        MeasuredOn::ValidationRows => "validation rows",
        MeasuredOn::TrainingRows => "training rows in evaluation mode (no validation rows)",
    };
    let has_spread = summary.groups.iter().any(|group| group.final_loss.standard_deviation.is_some());
    let spread = match has_spread {
        true => format!("; mean {}standard deviation over seeds", charset.plus_minus()),
        false => String::new(),
    };
    format!("{rows}{spread}; best: at any epoch")
}

/// The column of grid points: none without a grid. Where all points set the same single key, its
/// last part heads the column and the cells are the values.
pub(super) struct PointColumn {
    key: Option<String>,
    exists: bool,
}

impl PointColumn {
    pub(super) fn of<'a>(points: impl IntoIterator<Item = &'a Option<Point>>) -> Self {
        let points: Vec<&Point> = points.into_iter().flatten().collect();
        let keys = points.iter().map(|point| match point.settings.split_once('=') {
            Some((key, value)) if !value.contains(';') => Some(key),
            Some(_) | None => None,
        });
        let mut keys: Vec<Option<&str>> = keys.collect();
        keys.dedup();
        let key = if let [Some(key)] = keys[..] { Some(key.to_owned()) } else { None };
        Self { key, exists: !points.is_empty() }
    }

    /// The head of the column, if there is one.
    pub(super) fn head(&self) -> Option<String> {
        let last = |key: &String| plain(key.rsplit('.').next().unwrap_or(key));
        self.exists.then(|| self.key.as_ref().map_or_else(|| "point".to_owned(), last))
    }

    /// The cell of a row, if there is such a column.
    pub(super) fn cell(&self, point: &Option<Point>) -> Option<String> {
        let cell = |point: &Point| {
            let value = point.settings.split_once('=').filter(|_| self.key.is_some());
            plain(value.map_or(&*point.settings, |(_, value)| value))
        };
        self.exists.then(|| point.as_ref().map_or_else(|| NO_NUMBER.to_owned(), cell))
    }
}

fn score_rows(summary: &Summary, charset: Charset) -> String {
    let points = PointColumn::of(summary.groups.iter().map(|group| &group.point));
    let mut columns = vec![Align::Left];
    columns.extend(points.head().map(|_| Align::Left));
    columns.extend([Align::Left; 4]);
    let mut head = vec!["norm".to_owned()];
    head.extend(points.head());
    head.extend(score_heads());
    let mut rows = vec![head];
    for group in &summary.groups {
        let mut row = vec![group.norm.name().to_owned()];
        row.extend(points.cell(&group.point).map(|cell| match is_best(summary, group) {
            true => format!("{cell} *"),
            false => cell,
        }));
        row.extend(score_cells(group, charset));
        rows.push(row);
    }
    let mut text = aligned(&columns, &rows);
    if summary.has_grid() {
        text.push_str("* the norm's lowest mean best loss among the points with the fewest lost runs\n");
    }
    text
}

/// Over the cells of [`score_cells`].
pub(super) fn score_heads() -> [String; 4] {
    ["final loss", "best loss", "final accuracy", "best accuracy"].map(str::to_owned)
}

/// The four numbers that judge a norm.
pub(super) fn score_cells(group: &GroupSummary, charset: Charset) -> [String; 4] {
    [
        mean_and_spread(&group.final_loss, charset),
        mean_and_spread(&group.best_loss, charset),
        accuracy_and_spread(&group.final_accuracy, charset),
        accuracy_and_spread(&group.best_accuracy, charset),
    ]
}

fn is_best(summary: &Summary, group: &GroupSummary) -> bool {
    summary.best_group(group.norm).is_some_and(|best| best.point == group.point)
}

fn cost_rows(summary: &Summary, charset: Charset) -> String {
    let points = PointColumn::of(summary.groups.iter().map(|group| &group.point));
    let has_test = summary.groups.iter().any(|group| group.test_accuracy.mean.is_some());
    let has_steps = summary.norms.len() == 2;
    let mut columns = vec![Align::Left];
    columns.extend(points.head().map(|_| Align::Left));
    columns.push(Align::Right);
    columns.extend(has_steps.then_some(Align::Left));
    columns.extend([Align::Right; 2]);
    columns.extend(has_test.then_some(Align::Left));
    let mut head = vec!["norm".to_owned()];
    head.extend(points.head());
    head.push("runs".to_owned());
    head.extend(has_steps.then(|| "steps to other's best loss".to_owned()));
    head.extend(["seconds", "parameters"].map(str::to_owned));
    head.extend(has_test.then(|| "test accuracy".to_owned()));
    let mut rows = vec![head];
    for group in &summary.groups {
        let mut row = vec![group.norm.name().to_owned()];
        row.extend(points.cell(&group.point));
        row.push(group.n_runs.to_string());
        row.extend(has_steps.then(|| steps_to_other(summary, group)));
        row.push(group.seconds.mean.map_or_else(|| NO_NUMBER.to_owned(), duration));
        row.push(group.parameters.to_string());
        row.extend(has_test.then(|| accuracy_and_spread(&group.test_accuracy, charset)));
        rows.push(row);
    }
    aligned(&columns, &rows)
}

/// The cell of a group where there are two norms and thus one other.
fn steps_to_other(summary: &Summary, group: &GroupSummary) -> String {
    let mut comparisons = summary.comparisons.iter();
    let Some(comparison) = comparisons.find(|comparison| comparison.point == group.point) else {
        return NO_NUMBER.to_owned();
    };
    steps_to_reach(match comparison.norm == group.norm {
        true => &comparison.norm_reaches_best_of_other,
        false => &comparison.other_reaches_best_of_norm,
    })
}

/// A table of its own where there are more than two norms; empty otherwise.
fn steps_rows(summary: &Summary) -> String {
    if summary.norms.len() <= 2 {
        return String::new();
    }
    let points = PointColumn::of(summary.comparisons.iter().map(|comparison| &comparison.point));
    let mut columns = vec![Align::Left; 2];
    columns.extend(points.head().map(|_| Align::Left));
    columns.push(Align::Left);
    let mut head = ["norm", "other"].map(str::to_owned).to_vec();
    head.extend(points.head());
    head.push("steps to other's best loss".to_owned());
    let mut rows = vec![head];
    for comparison in &summary.comparisons {
        let there = (comparison.norm, comparison.other, &comparison.norm_reaches_best_of_other);
        let back = (comparison.other, comparison.norm, &comparison.other_reaches_best_of_norm);
        for (norm, other, steps) in [there, back] {
            let mut row = [norm.name(), other.name()].map(str::to_owned).to_vec();
            row.extend(points.cell(&comparison.point));
            row.push(steps_to_reach(steps));
            rows.push(row);
        }
    }
    aligned(&columns, &rows)
}

/// A line for each group with runs that did not complete, and what that means for the numbers.
fn ends(summary: &Summary) -> String {
    let mut text = String::new();
    for group in &summary.groups {
        let members = summary.runs.iter().filter(|run| run.norm == group.norm && run.point == group.point);
        let lost: Vec<&RunSummary> = members.filter(|run| !run.is_complete()).collect();
        if lost.is_empty() {
            continue;
        }
        let kinds = [(group.n_diverged, "diverged"), (group.n_interrupted, "interrupted")];
        let kinds = kinds.iter().filter(|(count, _)| 0 < *count);
        let kinds: Vec<String> =
            kinds.map(|(count, kind)| format!("{count} of {} {kind}", group.n_runs)).collect();
        let at = group.point.as_ref().map(|point| format!(" at {}", plain(&point.settings)));
        let at = at.unwrap_or_default();
        text.push_str(&format!("{}{at}: {}", group.norm.name(), kinds.join(", ")));
        text.push_str(&match lost[..] {
            [only] => format!(" ({})\n", end(only)),
            _ => lost.iter().fold("\n".to_owned(), |lines, run| format!("{lines}  {}\n", end(run))),
        });
    }
    if !text.is_empty() {
        text.push_str("runs that did not complete are left out of the means and differences\n");
    }
    text
}

fn end(run: &RunSummary) -> String {
    match &run.outcome {
        Outcome::Diverged { epoch, step, tensor } => {
            format!("seed {}: epoch {epoch}, step {step}, {}", run.seed, plain(tensor))
        }
        Outcome::Interrupted { step } => format!("seed {}: after step {step}", run.seed),
        Outcome::StoppedEarly { epoch } => format!("seed {}: after epoch {epoch}", run.seed),
        Outcome::Finished => format!("seed {}", run.seed),
    }
}
