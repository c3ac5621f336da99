//! Loss and accuracy over the epochs.

use std::collections::BTreeSet;

use crate::experiment::{MeasuredOn, RunRecord};
use crate::nn::Norm;
use crate::report::chart::axis::{Axis, AxisScale, LOWEST_SCORE};
use crate::report::chart::curves::{CurvePoint, NormRuns, norm_runs, thinned};
use crate::report::chart::figure::{Figure, LegendEntry, Panel, Sample};
use crate::report::chart::figures::arms::Arms;
use crate::report::chart::plot::{Plot, PlotMark, Readout, Series, Shape, Stroke, evenly};
use crate::report::table::Table;
use crate::report::text::number::four_digits;
use crate::text::shortened;
use crate::train::{Metric, Outcome};

/// Width and height of a panel, in pixels.
pub(crate) const PANEL: (f64, f64) = (480.0, 320.0);
/// Markers along a curve.
const N_MARKERS: usize = 7;
/// Runs of a norm whose saved weights are marked.
const MAX_RINGS: usize = 20;
/// Lost runs of a norm that are drawn.
const MAX_LOST: usize = 20;
/// Points of the curve of a lost run.
const MAX_LOST_POINTS: usize = 60;
/// Rows of the table.
const MAX_ROWS: usize = 25;

/// Loss and accuracy, or R2, over the epochs.
///
/// For each norm, and with a grid at its best point (see [`Summary::best_group`](crate::experiment::Summary)): a
/// solid line for the mean of the completed runs on the validation rows, in a band from minimum to maximum, and a
/// thin dashed line for the training rows in evaluation mode. Without validation rows, the solid line shows the
/// training rows. Rings are the epochs whose weights are saved. A run that stopped early keeps its last value. Each
/// run that is lost or was interrupted is a separate faint line that ends in a cross. The loss is on a log scale.
/// About `max_points` points are drawn for all norms together.
pub(crate) fn curves(title: &str, arms: Arms<'_>, runs: &[RunRecord], max_points: usize) -> Figure {
    let summary = arms.summary;
    let shown = norm_runs(summary, runs);
    let most = points_of_a_curve(max_points, shown.len());
    let panels = Panels { arms, shown: &shown, most };
    let plots = [panels.loss(), panels.quality()];
    Figure {
        name: "curves",
        title: shortened(title),
        plots: plots.into_iter().map(Panel::plot).collect(),
        legend: panels.legend(),
        notes: panels.notes(),
        table: panels.table(),
        source: "metrics.csv",
    }
}

/// The points of one curve, if all curves together have about `max_points`.
pub(crate) fn points_of_a_curve(max_points: usize, n_curves: usize) -> usize {
    (max_points / n_curves.max(1)).clamp(10, 200)
}

struct Panels<'a> {
    arms: Arms<'a>,
    shown: &'a [NormRuns<'a>],
    /// Points of a curve.
    most: usize,
}

impl Panels<'_> {
    fn loss(&self) -> Plot {
        let solid = self.arms.summary.measured_on.loss();
        let mut curves: Vec<CurvePoint> = self.shown.iter().flat_map(|shown| shown.curve(solid)).collect();
        curves.extend(self.shown.iter().flat_map(|shown| shown.curve(Metric::TrainEvalLoss)));
        // Diverging runs may grow without bound, and would flatten all other curves.
        let start = curves.iter().filter(|point| point.epoch == 0).map(|point| point.high);
        let complete = self.shown.iter().filter(|shown| !shown.complete.is_empty());
        let highest = complete.flat_map(|shown| shown.curve(solid)).map(|point| point.high);
        let limit = 10.0 * start.chain(highest).fold(0.0, f64::max);
        let lost = self.lost_values(solid);
        let values = curves.iter().flat_map(|point| [point.low, point.high]).chain(lost);
        let values: Vec<f64> = values.map(|value| value.min(limit)).collect();
        let y = Axis::around(AxisScale::Log, values.iter().copied(), 0.04, 7);
        let linear = Axis::around(AxisScale::Linear, values, 0.04, 7);
        let title = format!("loss ({})", self.arms.summary.task.loss_unit());
        self.panel(title, y, Some(linear), solid, Metric::TrainEvalLoss)
    }

    fn quality(&self) -> Plot {
        let task = self.arms.summary.task;
        let (solid, dashed) = (self.arms.summary.measured_on.quality(task), Metric::train_quality(task));
        let points = self.shown.iter().flat_map(|shown| [shown.curve(solid), shown.curve(dashed)]);
        let values = points.flatten().flat_map(|point| [point.low, point.high]);
        // R2 has no lower bound; differences between very bad values do not matter.
        let values = values.chain(self.lost_values(solid)).map(|value| value.max(LOWEST_SCORE));
        let y = Axis::around(AxisScale::Linear, values, 0.04, 7);
        self.panel(task.quality().to_owned(), y, None, solid, dashed)
    }

    fn lost_values(&self, metric: Metric) -> impl Iterator<Item = f64> {
        self.shown.iter().flat_map(move |shown| shown.lost_curves(metric)).flatten().map(|(_, value)| value)
    }

    fn panel(&self, title: String, y: Axis, other_y: Option<Axis>, solid: Metric, dashed: Metric) -> Plot {
        let mut layers = Layers::default();
        for (index, shown) in self.shown.iter().enumerate() {
            layers.add_lost(self.arms, shown, solid);
            if !shown.complete.is_empty() {
                layers.add_curve(self.arms, (index, shown), solid, dashed, self.most);
            }
        }
        let x = epoch_axis(self.shown);
        let readout = self.readout(solid);
        let marks = layers.into_marks();
        Plot { title, x_title: "epoch".to_owned(), x, y, other_y, marks, readout, size: PANEL }
    }

    fn readout(&self, solid: Metric) -> Option<Readout> {
        let curves: Vec<_> =
            self.shown.iter().map(|shown| (shown, thinned(&shown.curve(solid), self.most))).collect();
        let series = |epochs: &BTreeSet<u64>| {
            let text = |point: &CurvePoint| match point.low < point.high {
                true => {
                    let [mean, low, high] = [point.mean, point.low, point.high].map(four_digits);
                    format!("{mean} ({low} to {high})")
                }
                false => four_digits(point.mean),
            };
            let series = |(shown, curve): &(&NormRuns<'_>, Vec<CurvePoint>)| {
                let at = |epoch| curve.iter().find(|point| point.epoch == epoch);
                let values = epochs.iter().map(|&epoch| at(epoch).map(text).unwrap_or_default()).collect();
                let name = self.arms.label(shown.norm);
                Series { arm: self.arms.arm(shown.norm).index, name, values }
            };
            curves.iter().map(series).collect()
        };
        let epochs: BTreeSet<u64> =
            curves.iter().flat_map(|(_, curve)| curve.iter().map(|point| point.epoch)).collect();
        let places = epochs.iter().map(|&epoch| (epoch as f64, epoch.to_string())).collect();
        (1 < epochs.len()).then(|| Readout { x_name: "epoch".to_owned(), places, series: series(&epochs) })
    }

    fn legend(&self) -> Vec<LegendEntry> {
        let norm = |shown: &NormRuns<'_>| {
            LegendEntry::new(Sample::Arm(self.arms.arm(shown.norm)), shown.label(self.arms.labels))
        };
        let mut legend: Vec<LegendEntry> = self.shown.iter().map(norm).collect();
        let mut add = |sample, label: &str| legend.push(LegendEntry::new(sample, label));
        if self.arms.summary.measured_on == MeasuredOn::ValidationRows {
            add(Sample::Stroke(Stroke::Solid), "validation rows");
            add(Sample::Stroke(Stroke::Dashed), TRAINING_ROWS);
        } else {
            add(Sample::Stroke(Stroke::Solid), TRAINING_ROWS);
        }
        if self.shown.iter().any(|shown| 1 < shown.complete.len()) {
            add(Sample::Band, "range over seeds");
        }
        add(Sample::Ring, "weights saved");
        if self.shown.iter().any(|shown| !shown.lost.is_empty()) {
            add(Sample::Cross, "lost or interrupted");
        }
        legend
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.shown.iter().any(|shown| 1 < shown.complete.len()) {
            notes.push("Lines: mean over completed runs. Bands: minimum to maximum.");
        }
        if self.arms.summary.has_grid() {
            notes.push("Each norm at its best grid point.");
        }
        let has_stopped = |run: &&RunRecord| matches!(run.outcome, Outcome::StoppedEarly { .. });
        if self.shown.iter().any(|shown| shown.complete.iter().any(has_stopped)) {
            notes.push("A run that stopped early keeps its last value.");
        }
        notes.into_iter().map(str::to_owned).collect()
    }

    /// A row for each epoch, and for each norm the mean loss and accuracy.
    fn table(&self) -> Table {
        let summary = self.arms.summary;
        let metrics = [summary.measured_on.loss(), summary.measured_on.quality(summary.task)];
        let mut head = vec!["epoch".to_owned()];
        let mut curves = Vec::new();
        for shown in self.shown {
            for (metric, name) in metrics.iter().zip([self.arms.loss_name(), &self.arms.quality_name()]) {
                head.push(format!("{}: {name}", self.arms.label(shown.norm)));
                curves.push(shown.curve(*metric));
            }
        }
        let last = curves.iter().filter_map(|curve| curve.last()).map(|point| point.epoch).max();
        let row = |epoch: u64| {
            let cell = |curve: &Vec<CurvePoint>| {
                let found = curve.binary_search_by_key(&epoch, |point| point.epoch).ok();
                found.map_or_else(String::new, |index| four_digits(curve[index].mean))
            };
            std::iter::once(epoch.to_string()).chain(curves.iter().map(cell)).collect()
        };
        let epochs = last.map_or(0..0, |last| 0..last + 1);
        // Epochs between those that are shown would cost their cells for nothing.
        let step = (epochs.end as usize).div_ceil(4 * MAX_ROWS).max(1);
        let is_cut = 1 < step;
        let rows: Vec<Vec<String>> = epochs.clone().step_by(step).map(row).collect();
        let mut table = Table { head, rows, left_out: None }.thinned(MAX_ROWS, "metrics.csv");
        if is_cut || table.left_out.is_some() {
            table.left_out =
                Some(format!("{} of {} epochs; metrics.csv has all.", table.rows.len(), epochs.end));
        }
        table
    }
}

/// Marks in the order of drawing.
#[derive(Default)]
struct Layers {
    back: Vec<PlotMark>,
    middle: Vec<PlotMark>,
    front: Vec<PlotMark>,
}

impl Layers {
    fn add_lost(&mut self, arms: Arms<'_>, shown: &NormRuns<'_>, solid: Metric) {
        let mut ends = Vec::new();
        for lost in shown.lost_curves(solid).into_iter().take(MAX_LOST) {
            let points =
                evenly(MAX_LOST_POINTS, lost).into_iter().map(|(epoch, value)| (epoch as f64, value));
            let points: Vec<(f64, f64)> = points.collect();
            ends.extend(points.last());
            self.middle.push(arms.mark(shown.norm, Shape::Line(Stroke::Faint, points)));
        }
        if !ends.is_empty() {
            self.front.push(arms.mark(shown.norm, Shape::Crosses(ends)));
        }
    }

    fn add_curve(
        &mut self,
        arms: Arms<'_>,
        (index, shown): (usize, &NormRuns<'_>),
        solid: Metric,
        dashed: Metric,
        most: usize,
    ) {
        let norm = shown.norm;
        let curve = thinned(&shown.curve(solid), most);
        if 1 < shown.complete.len() {
            let band = curve.iter().map(|point| (point.epoch as f64, point.low, point.high)).collect();
            self.back.push(arms.mark(norm, Shape::Band(band)));
        }
        if dashed != solid {
            let points = means(&thinned(&shown.curve(dashed), most));
            self.middle.push(arms.mark(norm, Shape::Line(Stroke::Dashed, points)));
        }
        let points = means(&curve);
        let markers = spread(&points, index);
        self.middle.push(arms.mark(norm, Shape::Line(Stroke::Solid, points)));
        self.front.push(arms.mark(norm, Shape::Markers(markers)));
        let kept = shown.complete.iter().take(MAX_RINGS).filter_map(|run| {
            let epoch = run.epochs.iter().find(|epoch| epoch.epoch == run.kept_epoch)?;
            Some((epoch.epoch as f64, epoch.metric(solid).filter(|value| value.is_finite())?))
        });
        self.front.push(arms.mark(norm, Shape::Rings(kept.collect())));
    }

    fn into_marks(self) -> Vec<PlotMark> {
        [self.back, self.middle, self.front].concat()
    }
}

fn means(curve: &[CurvePoint]) -> Vec<(f64, f64)> {
    curve.iter().map(|point| (point.epoch as f64, point.mean)).collect()
}

/// From epoch 0 to the last one of any run.
pub(crate) fn epoch_axis(shown: &[NormRuns<'_>]) -> Axis {
    let runs = shown.iter().flat_map(|shown| shown.complete.iter().chain(&shown.lost));
    let last = runs.filter_map(|run| run.epochs.last()).map(|epoch| epoch.epoch).max().unwrap_or(0);
    Axis::whole(0, last, 8)
}

/// Some of the points, shifted for each curve so that markers do not hide each other.
pub(crate) fn spread(points: &[(f64, f64)], index: usize) -> Vec<(f64, f64)> {
    let step = points.len().div_ceil(N_MARKERS).max(1);
    let first = (step / 2 + index * step.div_ceil(3)) % step;
    points.iter().copied().skip(first).step_by(step).collect()
}

/// The norm that others are put in relation to: none if it is there, otherwise the last one.
pub(crate) fn reference(norms: &[Norm]) -> Option<Norm> {
    norms.iter().copied().find(|&norm| norm == Norm::None).or(norms.last().copied())
}

const TRAINING_ROWS: &str = "training rows in evaluation mode";
