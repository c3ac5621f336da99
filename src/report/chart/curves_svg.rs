//! Loss and accuracy over the epochs, as SVG.

use crate::experiment::{MeasuredOn, RunRecord, Summary};
use crate::report::chart::axis::{Axis, AxisScale, LOWEST_SCORE};
use crate::report::chart::curves::{CurvePoint, NormRuns, norm_runs, thinned};
use crate::report::chart::picture::Picture;
use crate::report::chart::shapes::{Layers, LegendEntry, Panel, Shape, Stroke, Swatch};
use crate::report::chart::style::norm_style;
use crate::text::shortened;
use crate::train::{Metric, Outcome};

/// Points of a curve before it is thinned; a panel is fewer pixels wide.
const MAX_POINTS: usize = 400;
/// Markers along a curve.
const N_MARKERS: usize = 7;

/// Loss and accuracy, or R2, over the epochs, as an SVG file of about 900 by 430 pixels; the same runs
/// give the same bytes.
///
/// For each norm, and with a grid at its best point (see [`Summary::best_group`]): a solid line for
/// the mean of the completed runs on the validation rows, in a band from minimum to maximum, and a thin
/// dashed line for the training rows in evaluation mode. Without validation rows, the solid line shows
/// the training rows. A run that stopped early keeps its last value. Each run that diverged or was
/// interrupted is a separate faint line that ends in a cross. The loss is on a log scale.
pub fn curves_svg(title: &str, runs: &[RunRecord]) -> String {
    let summary = Summary::of(runs);
    let shown = norm_runs(&summary, runs);
    let panels = vec![loss_panel(&shown, &summary), quality_panel(&shown, &summary)];
    let mut notes = Vec::new();
    if shown.iter().any(|shown| 1 < shown.complete.len()) {
        notes.push("Lines: mean over completed runs. Bands: minimum to maximum.");
    }
    if summary.has_grid() {
        notes.push("Each norm at its best grid point (lowest mean best loss).");
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
    // Diverging runs may grow without bound, and would flatten all other curves.
    let start = curves.iter().filter(|point| point.epoch == 0).map(|point| point.high);
    let complete = shown.iter().filter(|shown| !shown.complete.is_empty());
    let highest = complete.flat_map(|shown| shown.curve(solid)).map(|point| point.high);
    let limit = 10.0 * start.chain(highest).fold(0.0, f64::max);
    let lost = shown.iter().flat_map(|shown| shown.lost_curves(solid)).flatten().map(|(_, value)| value);
    let values = curves.iter().flat_map(|point| [point.low, point.high]).chain(lost);
    let y = Axis::around(AxisScale::Log, values.map(|value| value.min(limit)), 0.04, 7);
    let title = format!("loss ({})", summary.task.loss_unit());
    panel(shown, y, &title, solid, Metric::TrainEvalLoss)
}

fn quality_panel(shown: &[NormRuns<'_>], summary: &Summary) -> Panel {
    let task = summary.task;
    let (solid, dashed) = (summary.measured_on.quality(task), Metric::train_quality(task));
    let points = shown.iter().flat_map(|shown| [shown.curve(solid), shown.curve(dashed)]);
    let values = points.flatten().flat_map(|point| [point.low, point.high]);
    let lost = shown.iter().flat_map(|shown| shown.lost_curves(solid)).flatten().map(|(_, value)| value);
    // R2 has no lower bound; differences between very bad values do not matter.
    let values = values.chain(lost).map(|value| value.max(LOWEST_SCORE));
    let y = Axis::around(AxisScale::Linear, values, 0.04, 7);
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
            layers.front.extend(points.last().map(|&at| Shape::Cross { style, at }));
            layers.middle.push(Shape::Line { style, stroke: Stroke::Faint, points });
        }
        if shown.complete.is_empty() {
            continue;
        }
        let curve = thinned(&shown.curve(solid), MAX_POINTS);
        if 1 < shown.complete.len() {
            let upper = curve.iter().map(|point| at(point.epoch, point.high));
            let lower = curve.iter().rev().map(|point| at(point.epoch, point.low));
            layers.back.push(Shape::Band { style, outline: upper.chain(lower).collect() });
        }
        if dashed != solid {
            let dashed = thinned(&shown.curve(dashed), MAX_POINTS);
            let points = dashed.iter().map(|point| at(point.epoch, point.mean)).collect();
            layers.middle.push(Shape::Line { style, stroke: Stroke::Dashed, points });
        }
        let points: Vec<(f64, f64)> = curve.iter().map(|point| at(point.epoch, point.mean)).collect();
        let markers = spread(&points, index);
        layers.middle.push(Shape::Line { style, stroke: Stroke::Solid, points });
        layers.front.push(Shape::Markers { style, points: markers });
    }
    let marks = layers.into_marks();
    Panel { x, y, x_title: "epoch".to_owned(), y_title: y_title.to_owned(), marks }
}

/// Some of the points, shifted for each curve so that markers do not hide each other.
fn spread(points: &[(f64, f64)], index: usize) -> Vec<(f64, f64)> {
    let step = points.len().div_ceil(N_MARKERS).max(1);
    let first = (step / 2 + index * step.div_ceil(3)) % step;
    points.iter().copied().skip(first).step_by(step).collect()
}

fn legend(shown: &[NormRuns<'_>], measured_on: MeasuredOn) -> Vec<LegendEntry> {
    let norm = |shown: &NormRuns<'_>| LegendEntry {
        sample: Swatch::Norm(norm_style(shown.norm)),
        label: shown.label(),
    };
    let mut legend: Vec<LegendEntry> = shown.iter().map(norm).collect();
    let mut add = |sample, label: &str| legend.push(LegendEntry { sample, label: label.to_owned() });
    if measured_on == MeasuredOn::ValidationRows {
        add(Swatch::Stroke(Stroke::Solid), "validation rows");
        add(Swatch::Stroke(Stroke::Dashed), TRAINING_ROWS);
    } else {
        add(Swatch::Stroke(Stroke::Solid), TRAINING_ROWS);
    }
    let n_runs = shown.iter().map(|shown| shown.complete.len()).max().unwrap_or(0);
    if 1 < n_runs {
        add(Swatch::Band, "range over seeds");
    }
    if shown.iter().any(|shown| !shown.lost.is_empty()) {
        add(Swatch::Cross, "lost or interrupted");
    }
    legend
}

const TRAINING_ROWS: &str = "training rows in evaluation mode";
