//! What a norm changes, seed by seed, with the interval of the mean.

use crate::config::ComparedMeasure;
use crate::experiment::statistics::{PairedComparison, PairedForm};
use crate::experiment::{GroupSummary, NormComparison, RunSummary, Summary};
use crate::metrics::Interval;
use crate::nn::Norm;
use crate::report::chart::axis::{Axis, AxisScale};
use crate::report::chart::figure::{Figure, LegendEntry, Panel, Sample};
use crate::report::chart::figures::arms::Arms;
use crate::report::chart::plot::{CHARACTER, Plot, PlotMark, Shape, Stroke, evenly};
use crate::report::table::Table;
use crate::report::text::number::{
    NO_NUMBER, four_digits, mean_with, median, p_value, ratio_and_interval, value_and_interval, wins,
};
use crate::report::text::summary::grid_point::PointColumns;
use crate::report::text::summary::other_measures::{explanation, explanations, left_out, measure_name};
use crate::report::text::summary::positions::is_anywhere;
use crate::text::shortened_to;

/// Rows of a panel.
const MAX_ROWS: usize = 24;
/// Rows of the table.
const MAX_TABLE_ROWS: usize = 80;
/// Characters of a name that is on one line; longer ones are on two.
const MAX_NAME: usize = 30;
/// Characters of a line of a name. A panel with longer lines than [`MAX_NAME`] is wider.
const MAX_LINE: usize = 44;
/// Between the names of a pair.
const PAIR: &str = " / ";
/// Width of a panel, in pixels.
const WIDTH: f64 = 520.0;
/// Height of a row, and of one whose name has two lines, in pixels.
const ROW: f64 = 27.0;
const TALL_ROW: f64 = 36.0;
/// Seeds that a row draws.
const MAX_DOTS: usize = 100;
/// Seeds that a table names.
const MAX_SEEDS: usize = 20;

/// Two norms without a grid: a row for each measure, ratios in one panel and differences in another. Otherwise a row
/// for each pair of norms and point, in the primary measure; without a grid, the largest difference first. None without
/// a pair of runs.
pub(crate) fn differences(title: &str, arms: Arms<'_>) -> Option<Figure> {
    let rows = rows(arms);
    let shown: Vec<&Row<'_>> = rows.iter().filter(|row| row.is_shown).collect();
    let of_form = |is_ratio: bool| -> Vec<&Row<'_>> {
        shown.iter().copied().filter(|row| (row.of.form == PairedForm::Ratio) == is_ratio).collect()
    };
    let panels = [true, false].map(|is_ratio| (is_ratio, of_form(is_ratio)));
    let panels = panels.into_iter().filter(|(_, rows)| !rows.is_empty());
    let plots: Vec<Panel> =
        panels.map(|(is_ratio, rows)| Panel::plot(panel(arms, is_ratio, &rows))).collect();
    if plots.is_empty() {
        return None;
    }
    let mut legend = vec![LegendEntry::new(Sample::Dot, "a seed")];
    let mut notes = Vec::new();
    if shown.iter().any(|row| row.of.interval.is_some()) {
        legend.push(LegendEntry::new(Sample::Stroke(Stroke::Thick), "mean, 95 % interval"));
        legend
            .push(LegendEntry::new(Sample::Stroke(Stroke::Thin), "interval that holds for all rows at once"));
    }
    if shown.iter().any(|row| row.dots.iter().any(|dot| dot.is_lost)) {
        legend.push(LegendEntry::new(Sample::Cross, "a lost run, worse than any other"));
    }
    if is_by_size(arms.summary) {
        notes.push("The largest difference is at the top.".to_owned());
    }
    let points = PointColumns::of(arms.summary.comparisons.iter().map(|comparison| &comparison.point));
    if !points.heads().is_empty() {
        notes.push(format!("Rows: {}.", points.heads().join(", ")));
    }
    let all: Vec<&PairedComparison> = shown.iter().map(|row| row.of).collect();
    let why = match &arms.summary.comparisons[..] {
        [only] if only.point.is_none() => explanations(&all),
        _ => explanation(all.into_iter()).map(str::to_owned).into_iter().collect(),
    };
    let left_out = left_out(shown.iter().map(|row| row.of)).map(str::to_owned);
    notes.extend(left_out.into_iter().chain(why).map(|note| format!("{note}.")));
    if shown.iter().any(|row| row.of.is_skewed()) {
        notes.push("Where the differences are skewed, the table has the median beside the mean.".to_owned());
    }
    if shown.len() < rows.len() {
        notes.push(format!(
            "{} of {} comparisons: those with the best results; the table has more.",
            shown.len(),
            rows.len()
        ));
    }
    Some(Figure {
        name: "differences",
        title: title.to_owned(),
        plots,
        legend,
        notes,
        table: table(&rows),
        source: "summary.json",
    })
}

/// One measure of two norms at one point.
struct Row<'a> {
    name: String,
    of: &'a PairedComparison,
    dots: Vec<Dot>,
    /// Whether it has a row in the panel.
    is_shown: bool,
}

/// A pair of runs.
struct Dot {
    seed: u64,
    /// 0 or infinite where a run is lost.
    value: f64,
    is_lost: bool,
}

fn rows(arms: Arms<'_>) -> Vec<Row<'_>> {
    let summary = arms.summary;
    let mut rows: Vec<Row<'_>> = match &summary.comparisons[..] {
        [only] if only.point.is_none() => {
            let row = |found: &'_ crate::experiment::MeasureComparison| {
                (measure_name(summary, found.measure), found.measure)
            };
            let rows = only.measures.iter().map(|found| {
                let (name, measure) = row(found);
                Row {
                    name,
                    of: &found.comparison,
                    dots: dots(summary, only, measure, found.comparison.form),
                    is_shown: true,
                }
            });
            rows.collect()
        }
        several => {
            let points = PointColumns::of(several.iter().map(|comparison| &comparison.point));
            let shown = most_interesting(summary);
            let row = |(index, comparison): (usize, &'_ NormComparison)| {
                let primary = comparison.measures.first()?;
                let of = position(&summary.comparisons, index)?;
                let mut name =
                    format!("{}{PAIR}{}", arms.label(comparison.norm), arms.label(comparison.other));
                if comparison.point.is_some() {
                    let is_anywhere = is_anywhere(summary, comparison);
                    let cells = match is_anywhere {
                        true => points.cells_with(Norm::None, &comparison.point),
                        false => points.cells(&comparison.point),
                    };
                    // A network that is the same at every position is called by none.
                    let cells: Vec<String> =
                        cells.into_iter().filter(|cell| !is_anywhere || cell != NO_NUMBER).collect();
                    let at = cells.join(", ");
                    name = match summary.norms.len() {
                        2 if !at.is_empty() => at,
                        _ => format!("{name} {at}").trim_end().to_owned(),
                    };
                }
                let dots = dots(summary, comparison, primary.measure, primary.comparison.form);
                Some(Row { name, of, dots, is_shown: shown.contains(&index) })
            };
            several.iter().enumerate().filter_map(row).collect()
        }
    };
    rows.retain(|row| 0 < row.of.n_pairs);
    if is_by_size(summary) {
        rows.sort_by(|left, right| right.size().total_cmp(&left.size()));
    }
    rows
}

/// Whether rows are in the order of their differences; those of a grid are in the order of its points.
fn is_by_size(summary: &Summary) -> bool {
    1 < summary.comparisons.len() && !summary.has_grid()
}

impl Row<'_> {
    /// How far the mean is from no difference; infinite where most pairs have a lost run.
    fn size(&self) -> f64 {
        let n_lost = self.dots.iter().filter(|dot| dot.is_lost).count();
        let size = |mean: f64| if self.of.form == PairedForm::Ratio { mean.ln().abs() } else { mean.abs() };
        if self.dots.len() < 2 * n_lost { f64::INFINITY } else { self.of.mean.map_or(0.0, size) }
    }
}

/// A name on one line if it fits, otherwise on two: the names of a pair one each, or cut at the space nearest to the
/// middle.
fn name_lines(name: &str) -> String {
    let name = &shortened_to(name, 4 * MAX_LINE);
    if name.chars().count() <= MAX_NAME {
        return name.to_owned();
    }
    let pair = name.find(PAIR).map(|at| at + PAIR.len() - 1);
    let middle = || name.match_indices(' ').map(|(at, _)| at).min_by_key(|at| at.abs_diff(name.len() / 2));
    match pair.or_else(middle) {
        Some(at) => {
            let (first, second) = name.split_at(at);
            format!("{}\n{}", shortened_to(first, MAX_LINE), shortened_to(second.trim_start(), MAX_LINE))
        }
        None => shortened_to(name, MAX_LINE),
    }
}

fn position(comparisons: &[NormComparison], index: usize) -> Option<&PairedComparison> {
    comparisons.get(index)?.measures.first().map(|primary| &primary.comparison)
}

/// The comparisons of the groups with the best results: those that a reader chooses between.
fn most_interesting(summary: &Summary) -> Vec<usize> {
    let loss = |group: &GroupSummary| group.best_loss.mean.unwrap_or(f64::INFINITY);
    let best_of = |comparison: &NormComparison| {
        let groups = summary.groups.iter().filter(|group| group.point == comparison.point);
        let of = |norm| groups.clone().find(|group| group.norm == norm).map_or(f64::INFINITY, loss);
        let (first, second) = (of(comparison.norm), of(comparison.other));
        (first.min(second), first.max(second))
    };
    let mut order: Vec<usize> = (0..summary.comparisons.len()).collect();
    order.sort_by(|&left, &right| {
        let [left, right] = [left, right].map(|index| best_of(&summary.comparisons[index]));
        left.0.total_cmp(&right.0).then(left.1.total_cmp(&right.1))
    });
    order.truncate(MAX_ROWS);
    order
}

fn dots(
    summary: &Summary,
    comparison: &NormComparison,
    measure: ComparedMeasure,
    form: PairedForm,
) -> Vec<Dot> {
    let runs =
        |norm| summary.runs.iter().filter(move |run| run.norm == norm && run.point == comparison.point);
    let dot = |first: &RunSummary| {
        let second = runs(comparison.other).find(|second| second.seed == first.seed)?;
        let value = |run: &RunSummary| run.measure(measure, summary.measured_on);
        let (value, is_lost) = match (first.is_lost, second.is_lost) {
            (true, true) => return None,
            (true, false) => (worst(form), true),
            (false, true) => (best(form), true),
            (false, false) => (difference(form, value(first)?, value(second)?), false),
        };
        Some(Dot { seed: first.seed, value, is_lost })
    };
    runs(comparison.norm).filter_map(dot).collect()
}

fn difference(form: PairedForm, first: f64, second: f64) -> f64 {
    if form == PairedForm::Ratio { first / second } else { first - second }
}

/// Where the first run is lost.
fn worst(form: PairedForm) -> f64 {
    if form == PairedForm::Ratio { f64::INFINITY } else { f64::NEG_INFINITY }
}

/// Where the second run is lost.
fn best(form: PairedForm) -> f64 {
    if form == PairedForm::Ratio { 0.0 } else { f64::INFINITY }
}

fn panel(arms: Arms<'_>, is_ratio: bool, rows: &[&Row<'_>]) -> Plot {
    let scale = if is_ratio { AxisScale::Log } else { AxisScale::Linear };
    let ends =
        |interval: Option<Interval>| interval.into_iter().flat_map(|interval| [interval.low, interval.high]);
    let dots = rows.iter().flat_map(|row| row.dots.iter().map(|dot| dot.value));
    let dots: Vec<f64> = dots.filter(|value| value.is_finite() && (!is_ratio || 0.0 < *value)).collect();
    // Intervals of two or three seeds can be far wider than everything that was seen.
    let widest = dots
        .iter()
        .fold(0.0f64, |widest, &dot| widest.max(if is_ratio { dot.ln().abs() } else { dot.abs() }));
    let within = |end: f64| match is_ratio {
        true => end.ln().clamp(-4.0 * widest, 4.0 * widest).exp(),
        false => end.clamp(-4.0 * widest, 4.0 * widest),
    };
    let intervals =
        rows.iter().flat_map(|row| ends(row.of.interval).chain(ends(row.of.simultaneous_interval)));
    let intervals: Vec<f64> = intervals.map(within).collect();
    let same = if is_ratio { 1.0 } else { 0.0 };
    let x = Axis::around(scale, dots.into_iter().chain(intervals).chain([same]), 0.05, 6);
    let names: Vec<String> = rows.iter().map(|row| name_lines(&row.name)).collect();
    let longest = names.iter().flat_map(|name| name.lines()).map(|line| line.chars().count()).max();
    let further = longest.unwrap_or(0).saturating_sub(MAX_NAME) as f64;
    let row_height = if names.iter().any(|name| name.contains('\n')) { TALL_ROW } else { ROW };
    let y = Axis::rows(names.into_iter());
    let mut marks =
        vec![PlotMark { arm: None, shape: Shape::Line(Stroke::Rule, vec![(same, -1e9), (same, 1e9)]) }];
    rows.iter().enumerate().for_each(|(index, row)| add_row(&mut marks, &x, index, row));
    let (first, second) = pair_names(arms);
    let (title, x_title) = match is_ratio {
        true => ("ratio, by seed", format!("less than 1: {first} better; more: {second}")),
        false => ("difference, by seed", format!("less than 0: {second} better; more: {first}")),
    };
    let title = match rows {
        [_, ..] if 1 < arms.summary.comparisons.len() => {
            format!("{}: {title}", measure_name(arms.summary, arms.summary.primary))
        }
        _ => title.to_owned(),
    };
    let height = 72.0 + row_height * (rows.len() as f64 + 0.2);
    let size = (WIDTH + CHARACTER * further, height.max(120.0));
    Plot { title, x_title, x, y, other_y: None, marks, readout: None, size }
}

/// What to call the two sides.
fn pair_names(arms: Arms<'_>) -> (String, String) {
    match &arms.summary.norms[..] {
        [first, second] => (arms.label(*first), arms.label(*second)),
        _ => ("the first".to_owned(), "the second".to_owned()),
    }
}

fn add_row(marks: &mut Vec<PlotMark>, x: &Axis, index: usize, row: &Row<'_>) {
    let y = Axis::row(index);
    let mut add = |shape: Shape| marks.push(PlotMark { arm: None, shape });
    let span = |interval: Interval| vec![(interval.low, y), (interval.high, y)];
    if let Some(interval) = row.of.simultaneous_interval {
        add(Shape::Line(Stroke::Thin, span(interval)));
    }
    if let Some(interval) = row.of.interval {
        add(Shape::Line(Stroke::Thick, span(interval)));
    }
    // Above the interval, apart from each other.
    let inside = |value: f64| value.clamp(x.value_at(0.02), x.value_at(0.98));
    let place = |(number, dot): (usize, &Dot)| (inside(dot.value), y + 0.22 + 0.05 * (number % 4) as f64);
    let (lost, dots): (Vec<_>, Vec<_>) = row.dots.iter().enumerate().partition(|(_, dot)| dot.is_lost);
    add(Shape::Dots(evenly(MAX_DOTS, dots).into_iter().map(place).collect()));
    if !lost.is_empty() {
        add(Shape::Crosses(evenly(MAX_DOTS, lost).into_iter().map(place).collect()));
    }
    if let Some(mean) = row.of.mean {
        add(Shape::Markers(vec![(mean, y)]));
    }
}

fn table(rows: &[Row<'_>]) -> Table {
    let mut table = Table::new([
        "",
        "mean (95 % interval)",
        "interval for all at once",
        "median (signed-rank interval)",
        "better in",
        "p",
        "p of all",
        "effect",
        "by seed",
    ]);
    if rows.iter().any(|row| row.of.is_sequential) {
        table.head[5] = "p (1/e)".to_owned();
    }
    for row in rows {
        let of = row.of;
        let number =
            |number: Option<f64>, text: fn(f64) -> String| number.map_or_else(|| NO_NUMBER.to_owned(), text);
        let has_test = |p: Option<f64>| p.filter(|_| 1 < of.n_pairs);
        table.rows.push(vec![
            row.name.clone(),
            mean_with(of, of.interval),
            of.simultaneous_interval.map_or_else(
                || NO_NUMBER.to_owned(),
                |interval| match of.form {
                    PairedForm::Ratio => ratio_and_interval(1.0, Some(interval)).1,
                    _ => value_and_interval(0.0, Some(interval)).1,
                },
            ),
            median(of).unwrap_or_else(|| NO_NUMBER.to_owned()),
            wins(of).unwrap_or_else(|| NO_NUMBER.to_owned()),
            number(has_test(of.p_value), p_value),
            number(has_test(of.adjusted_p_value), p_value),
            number(of.effect_size, |effect| format!("{effect:+.2}")),
            by_seed(&row.dots),
        ]);
    }
    table.at_most(MAX_TABLE_ROWS, "summary.json")
}

fn by_seed(dots: &[Dot]) -> String {
    let text = |dot: &Dot| match dot.is_lost {
        true => format!("{}: lost", dot.seed),
        false => format!("{}: {}", dot.seed, four_digits(dot.value)),
    };
    let more = if MAX_SEEDS < dots.len() { ", ..." } else { "" };
    format!("{}{more}", dots.iter().take(MAX_SEEDS).map(text).collect::<Vec<_>>().join(", "))
}
