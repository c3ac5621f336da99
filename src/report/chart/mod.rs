//! The curves of a run directory as a picture.

pub(crate) mod axis;
pub(crate) mod canvas;
pub(crate) mod curves;
pub(crate) mod picture;
pub(crate) mod style;
pub(crate) mod sweep;
pub(crate) mod terminal;
#[cfg(test)]
mod tests;
pub(crate) mod unit_axis;

use crate::experiment::{MeasuredOn, RunRecord, Summary};
use crate::report::chart::axis::{Axis, Scale};
use crate::report::chart::curves::{CurvePoint, NormRuns, norm_runs, thinned};
pub(crate) use crate::report::chart::picture::{Key, Layers, Mark, Panel, Picture, Sample, Stroke};
use crate::report::chart::style::NormStyle;
pub(crate) use crate::report::chart::style::norm_style;
use crate::text::shortened;
use crate::train::Metric;
use crate::train::Outcome;

/// The most points of a drawn curve; a panel is fewer pixels wide.
const MOST_POINTS: usize = 400;
/// The lowest R2 that a panel has room for; an accuracy is never below 0.
pub(crate) const LOWEST_SHOWN: f64 = -0.5;
/// Markers along a curve.
const N_MARKERS: usize = 7;

/// Loss and accuracy, or R2, over the epochs, as an SVG file of about 900 by 430 pixels; the same runs
/// give the same bytes.
///
/// For each norm, and with a grid at its best point (see [`Summary::best_group`]): the mean over
/// the completed runs on the validation rows as a solid line, in a band from the least to the
/// largest of them, and on the training rows in evaluation mode as a thin dashed line; where there
/// are no validation rows, the training rows are the solid line. A run that stopped early keeps
/// its last value. Each run that diverged or was interrupted is a faint line of its own that ends
/// in a cross. The loss is on a log scale.
pub fn curves_svg(title: &str, runs: &[RunRecord]) -> String {
    let summary = Summary::of(runs);
    let shown = norm_runs(&summary, runs);
    let panels = vec![loss_panel(&shown, &summary), quality_panel(&shown, &summary)];
    let mut notes = Vec::new();
    if shown.iter().any(|shown| 1 < shown.complete.len()) {
        notes.push("Lines: mean over the completed runs; bands: from the least to the largest of them.");
    }
    if summary.has_grid() {
        notes.push("Each norm at the point of the grid with its lowest mean best loss.");
    }
    let has_stopped = |run: &&RunRecord| matches!(run.outcome, Outcome::StoppedEarly { .. });
    if shown.iter().any(|shown| shown.complete.iter().any(has_stopped)) {
        notes.push("A run that stopped early keeps its last value.");
    }
    let notes = notes.into_iter().map(str::to_owned).collect();
    Picture { title: shortened(title), panels, legend: legend(&shown, summary.measured_on), notes }.to_svg()
}

fn loss_panel(shown: &[NormRuns<'_>], summary: &Summary) -> Panel {
    let solid = summary.measured_on.loss();
    let mut curves: Vec<CurvePoint> = shown.iter().flat_map(|shown| shown.curve(solid)).collect();
    curves.extend(shown.iter().flat_map(|shown| shown.curve(Metric::TrainEvalLoss)));
    // What diverges may grow without bound, and must not press all else into a line.
    let start = curves.iter().filter(|point| point.epoch == 0).map(|point| point.high);
    let complete = shown.iter().filter(|shown| !shown.complete.is_empty());
    let highest = complete.flat_map(|shown| shown.curve(solid)).map(|point| point.high);
    let limit = 10.0 * start.chain(highest).fold(0.0, f64::max);
    let lost = shown.iter().flat_map(|shown| shown.lost_curves(solid)).flatten().map(|(_, value)| value);
    let values = curves.iter().flat_map(|point| [point.low, point.high]).chain(lost);
    let y = Axis::around(Scale::Log, values.map(|value| value.min(limit)), 0.04, 7);
    let title = format!("loss ({})", summary.task.loss_unit());
    panel(shown, y, &title, solid, Metric::TrainEvalLoss)
}

fn quality_panel(shown: &[NormRuns<'_>], summary: &Summary) -> Panel {
    let task = summary.task;
    let (solid, dashed) = (summary.measured_on.quality(task), Metric::train_quality(task));
    let points = shown.iter().flat_map(|shown| [shown.curve(solid), shown.curve(dashed)]);
    let values = points.flatten().flat_map(|point| [point.low, point.high]);
    let lost = shown.iter().flat_map(|shown| shown.lost_curves(solid)).flatten().map(|(_, value)| value);
    // Below 0 R2 knows no bounds, and that bad need not be told apart.
    let values = values.chain(lost).map(|value| value.max(LOWEST_SHOWN));
    let y = Axis::around(Scale::Linear, values, 0.04, 7);
    panel(shown, y, task.quality(), solid, dashed)
}

fn panel(shown: &[NormRuns<'_>], y: Axis, y_title: &str, solid: Metric, dashed: Metric) -> Panel {
    let epochs = shown.iter().flat_map(|shown| shown.complete.iter().chain(&shown.lost));
    let last = epochs.filter_map(|run| run.epochs.last()).map(|epoch| epoch.epoch).max().unwrap_or(0);
    let x = Axis::whole(0, last, 8);
    let at = |epoch: u64, value: f64| (x.position(epoch as f64), y.position(value));
    let mut layers = Layers::default();
    for (index, shown) in shown.iter().enumerate() {
        let style = norm_style(shown.norm);
        for lost in shown.lost_curves(solid) {
            let points: Vec<(f64, f64)> = lost.iter().map(|&(epoch, value)| at(epoch, value)).collect();
            layers.front.extend(points.last().map(|&at| Mark::Cross { style, at }));
            layers.middle.push(Mark::Line { style, stroke: Stroke::Faint, points });
        }
        if shown.complete.is_empty() {
            continue;
        }
        let curve = thinned(&shown.curve(solid), MOST_POINTS);
        if 1 < shown.complete.len() {
            let upper = curve.iter().map(|point| at(point.epoch, point.high));
            let lower = curve.iter().rev().map(|point| at(point.epoch, point.low));
            layers.back.push(Mark::Band { style, outline: upper.chain(lower).collect() });
        }
        if dashed != solid {
            let dashed = thinned(&shown.curve(dashed), MOST_POINTS);
            let points = dashed.iter().map(|point| at(point.epoch, point.mean)).collect();
            layers.middle.push(Mark::Line { style, stroke: Stroke::Dashed, points });
        }
        let points: Vec<(f64, f64)> = curve.iter().map(|point| at(point.epoch, point.mean)).collect();
        let markers = spread(&points, index);
        layers.middle.push(Mark::Line { style, stroke: Stroke::Solid, points });
        layers.front.push(Mark::Markers { style, points: markers });
    }
    let marks = layers.into_marks();
    Panel { x, y, x_title: "epoch".to_owned(), y_title: y_title.to_owned(), marks }
}

/// Some of the points, at other places for each curve, so that markers do not hide each other.
fn spread(points: &[(f64, f64)], index: usize) -> Vec<(f64, f64)> {
    let step = points.len().div_ceil(N_MARKERS).max(1);
    let first = (step / 2 + index * step.div_ceil(3)) % step;
    points.iter().copied().skip(first).step_by(step).collect()
}

fn legend(shown: &[NormRuns<'_>], measured_on: MeasuredOn) -> Vec<Key> {
    let norm =
        |shown: &NormRuns<'_>| Key { sample: Sample::Norm(norm_style(shown.norm)), label: shown.label() };
    let mut legend: Vec<Key> = shown.iter().map(norm).collect();
    let mut add = |sample, label: &str| legend.push(Key { sample, label: label.to_owned() });
    if measured_on == MeasuredOn::ValidationRows {
        add(Sample::Stroke(Stroke::Solid), "validation rows");
        add(Sample::Stroke(Stroke::Dashed), TRAINING_ROWS);
    } else {
        add(Sample::Stroke(Stroke::Solid), TRAINING_ROWS);
    }
    let n_runs = shown.iter().map(|shown| shown.complete.len()).max().unwrap_or(0);
    if 1 < n_runs {
        add(Sample::Band, "range over seeds");
    }
    if shown.iter().any(|shown| !shown.lost.is_empty()) {
        add(Sample::Cross, "ended early: diverged or interrupted");
    }
    legend
}

const TRAINING_ROWS: &str = "training rows in evaluation mode";
