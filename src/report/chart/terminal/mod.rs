//! The loss curves on a terminal.

#[cfg(test)]
mod tests;

use crate::experiment::{RunRecord, Summary};
use crate::report::chart::axis::{Axis, AxisScale, Tick};
use crate::report::chart::curves::{NormRuns, norm_runs};
use crate::report::labels::Labels;
use crate::train::Metric;

/// How large a plot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlotSize {
    /// Characters in a line, labels included; taken as at least 20.
    pub width: usize,
    /// Lines between the axes; taken as at least 4.
    pub height: usize,
}

impl Default for PlotSize {
    fn default() -> Self {
        Self { width: 80, height: 16 }
    }
}

/// Loss curves made of characters, with another mark for each.
///
/// It shows the validation loss, or the loss of the training rows in evaluation mode where there
/// are no validation rows, as the mean over the completed runs of each norm; with a grid, at the
/// point of [`Summary::best_group`]. A run that stopped early keeps its last value. If no run of a
/// norm completed, its incomplete runs are shown, each until it ended. The scale is logarithmic if
/// all values are positive and span a decade or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalPlot {
    title: String,
    lines: Vec<Line>,
    legend: Vec<LegendLine>,
    /// In characters.
    width: usize,
}

/// Between two keys of a legend that fits into one line.
const GAP: &str = "   ";

/// A line between the axes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    /// The axis with its label, or what is below the axes.
    label: String,
    /// Which series is at each character, if any.
    cells: Vec<Option<usize>>,
}

/// An entry of the legend.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LegendLine {
    mark: char,
    label: String,
}

/// A curve: its label and its points, by epoch.
struct Series {
    label: String,
    points: Vec<(u64, f64)>,
}

impl TerminalPlot {
    /// The curves of `runs`.
    pub fn of(runs: &[RunRecord], size: PlotSize) -> Self {
        let summary = Summary::of(runs);
        let metric = summary.measured_on.loss();
        let shown = norm_runs(&summary, runs);
        let series: Vec<Series> = shown.iter().map(|shown| Series::of(shown, metric)).collect();
        let n_runs: Vec<usize> = shown.iter().map(|shown| shown.complete.len().max(1)).collect();
        let has_none = |shown: &NormRuns<'_>| shown.complete.is_empty();
        let mean = match n_runs.iter().max() {
            _ if shown.iter().all(has_none) && shown.iter().any(|shown| 1 < shown.lost.len()) => {
                ", mean over the runs that got there".to_owned()
            }
            None | Some(1) => String::new(),
            Some(most) if n_runs.iter().all(|n_runs| n_runs == most) => format!(", mean over {most} seeds"),
            Some(_) => ", mean over completed runs".to_owned(),
        };
        Self::draw(&series, &format!("{} by epoch{mean}", loss_name(metric)), None, size)
    }

    /// Curves with their labels, by epoch.
    pub fn of_curves(title: &str, curves: &[(String, Vec<(u64, f64)>)], size: PlotSize) -> Self {
        Self::of_scaled_curves(title, curves, None, size)
    }

    /// The same with a vertical axis of this scale.
    pub(crate) fn of_scaled_curves(
        title: &str,
        curves: &[(String, Vec<(u64, f64)>)],
        scale: Option<AxisScale>,
        size: PlotSize,
    ) -> Self {
        let finite =
            |points: &[(u64, f64)]| points.iter().copied().filter(|(_, value)| value.is_finite()).collect();
        let series: Vec<Series> = curves
            .iter()
            .map(|(label, points)| Series { label: label.clone(), points: finite(points) })
            .collect();
        Self::draw(&series, title, scale, size)
    }

    /// The lines of the plot, each with a line feed. `paint` gets the number of a series, from 0,
    /// and marks of it, and returns them as they are to be shown: coloured, for example.
    pub fn render(&self, paint: impl Fn(usize, &str) -> String) -> String {
        let mut text = format!("{}\n", self.title);
        for Line { label, cells } in &self.lines {
            let mut line = label.clone();
            let shown = cells.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
            for run in cells[..shown].chunk_by(|left, right| left == right) {
                match run[0] {
                    Some(series) => {
                        let marks: String = run.iter().map(|_| self.legend[series].mark).collect();
                        line.push_str(&paint(series, &marks));
                    }
                    None => line.extend(run.iter().map(|_| ' ')),
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        let lengths = self.legend.iter().map(|key| key.label.chars().count() + "* ".len() + GAP.len());
        let fits = lengths.sum::<usize>() <= self.width + GAP.len();
        let keys = self.legend.iter().enumerate();
        let keys = keys.map(|(series, LegendLine { mark, label })| {
            format!("{} {label}", paint(series, &mark.to_string()))
        });
        let keys: Vec<String> = keys.collect();
        text.push_str(&keys.join(if fits { GAP } else { "\n" }));
        text.push('\n');
        text
    }

    fn draw(series: &[Series], title: &str, scale: Option<AxisScale>, size: PlotSize) -> Self {
        let values = || series.iter().flat_map(|series| series.points.iter().map(|(_, value)| *value));
        let legend: Vec<LegendLine> = (0..).zip(series).map(|(index, series)| series.key(index)).collect();
        if values().next().is_none() {
            let title = format!("{title}: no finite value");
            return Self { title, lines: Vec::new(), legend, width: size.width };
        }
        let height = size.height.max(4);
        let scale = scale.unwrap_or_else(|| AxisScale::fitting(values()));
        let y = Axis::around(scale, values(), 0.0, height / 2);
        let log = if scale == AxisScale::Log { " (log scale)" } else { "" };
        let margin = y.ticks.iter().map(|tick| tick.label.chars().count()).max().unwrap_or(0) + 2;
        let width = size.width.max(20).saturating_sub(margin).max(8);
        let epochs = || series.iter().flat_map(|series| series.points.iter().map(|(epoch, _)| *epoch));
        let (first, last) = (epochs().min().unwrap_or(0), epochs().max().unwrap_or(0));
        let x = Axis::whole(first, last, width / 8);
        let mut lines = empty_lines(&y, height, width, margin);
        // The first-listed curve is drawn last and so lies on top.
        for (index, series) in series.iter().enumerate().rev() {
            for (column, position) in series.columns(&x, &y, width).into_iter().enumerate() {
                if let Some(position) = position {
                    lines[row_of(position, height)].cells[column] = Some(index);
                }
            }
        }
        lines.extend(x_axis(&x, width, margin));
        Self { title: format!("{title}{log}"), lines, legend, width: size.width }
    }
}

impl std::fmt::Display for TerminalPlot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.render(|_, marks| marks.to_owned()))
    }
}

fn loss_name(metric: Metric) -> &'static str {
    match metric {
        Metric::ValidLoss => "validation loss",
        _ => "training loss in evaluation mode",
    }
}

impl Series {
    fn of(shown: &NormRuns<'_>, metric: Metric) -> Self {
        let points = shown.curve(metric).iter().map(|point| (point.epoch, point.mean)).collect();
        Self { label: shown.label(&Labels::default()), points }
    }

    fn key(&self, index: usize) -> LegendLine {
        const MARKS: [char; 8] = ['●', '○', '▲', '△', '■', '□', '◆', '◇'];
        LegendLine { mark: MARKS[index % MARKS.len()], label: self.label.clone() }
    }

    /// Where the curve is in each column: the mean of the epochs that fall there, or between the
    /// neighbours if none does.
    fn columns(&self, x: &Axis, y: &Axis, width: usize) -> Vec<Option<f64>> {
        let column = |epoch: u64| (x.position(epoch as f64) * (width - 1) as f64).round() as usize;
        let mut columns = vec![None; width];
        let mut known: Vec<(usize, f64)> = Vec::new();
        for points in self.points.chunk_by(|left, right| column(left.0) == column(right.0)) {
            let sum: f64 = points.iter().map(|(_, value)| y.position(*value)).sum();
            known.push((column(points[0].0), sum / points.len() as f64));
        }
        for pair in known.windows(2) {
            let [(from, start), (to, end)] = [pair[0], pair[1]];
            for (column, cell) in columns.iter_mut().enumerate().take(to).skip(from) {
                let share = (column - from) as f64 / (to - from) as f64;
                *cell = Some(start + share * (end - start));
            }
        }
        if let Some(&(column, position)) = known.last() {
            columns[column] = Some(position);
        }
        columns
    }
}

/// The line of a position, from the top.
fn row_of(position: f64, height: usize) -> usize {
    ((1.0 - position) * (height - 1) as f64).round() as usize
}

fn empty_lines(y: &Axis, height: usize, width: usize, margin: usize) -> Vec<Line> {
    let mut lines: Vec<Line> =
        (0..height).map(|_| Line { label: format!("{:>margin$}", '│'), cells: vec![None; width] }).collect();
    for Tick { position, label } in &y.ticks {
        let digits = margin - 2;
        lines[row_of(*position, height)].label = format!("{label:>digits$} ┤");
    }
    lines
}

/// The axis and its labels.
fn x_axis(x: &Axis, width: usize, margin: usize) -> [Line; 2] {
    let mut line = vec!['─'; width];
    let mut labels = vec![' '; margin + width];
    for Tick { position, label } in &x.ticks {
        let column = (position * (width - 1) as f64).round() as usize;
        line[column] = '┬';
        let digits = label.chars().count();
        // Centred under the tick, and inside the line.
        let start = (margin + column).saturating_sub(digits / 2).min(margin + width - digits);
        labels[start..start + digits].iter_mut().zip(label.chars()).for_each(|(cell, digit)| *cell = digit);
    }
    let line: String = line.into_iter().collect();
    [
        Line { label: format!("{:>margin$}{line}", '└'), cells: Vec::new() },
        Line { label: labels.into_iter().collect(), cells: Vec::new() },
    ]
}
