//! The loss of each norm as a multiple of that of one of them, paired by seed, over the epochs.

use crate::experiment::RunRecord;
use crate::experiment::statistics::Estimate;
use crate::metrics::Interval;
use crate::nn::Norm;
use crate::report::chart::axis::{Axis, AxisScale};
use crate::report::chart::curves::{NormRuns, norm_runs};
use crate::report::chart::figure::{Figure, LegendEntry, Panel, Sample};
use crate::report::chart::figures::arms::Arms;
use crate::report::chart::figures::curves::{PANEL, epoch_axis, points_of_a_curve, reference, spread};
use crate::report::chart::plot::{Plot, PlotMark, Readout, Series, Shape, Stroke};
use crate::report::fork::{ForkEffect, ForkedEpoch};
use crate::report::table::Table;
use crate::report::text::number::value_and_interval;
use crate::text::shortened;
use crate::train::Metric;

/// More bands than these hide each other.
const MAX_BANDS: usize = 4;
/// Rows of the table.
const MAX_ROWS: usize = 25;

/// Geometric mean of the ratio, and its interval.
struct RatioPoint {
    epoch: u64,
    mean: f64,
    interval: Option<Interval>,
}

/// A norm, and its ratio to the reference.
type RatioCurve = (Norm, Vec<RatioPoint>);

/// The geometric mean of the ratio over the seeds, with its interval, for each norm but the reference. About
/// `max_points` points are drawn. None unless two norms have two completed seeds in common.
pub(crate) fn ratio(title: &str, arms: Arms<'_>, runs: &[RunRecord], max_points: usize) -> Option<Figure> {
    let shown = norm_runs(arms.summary, runs);
    let with_seeds = shown.iter().filter(|shown| 1 < shown.complete.len());
    let norms: Vec<Norm> = with_seeds.map(|shown| shown.norm).collect();
    let reference = reference(&norms)?;
    let base = shown.iter().find(|shown| shown.norm == reference)?;
    let most = points_of_a_curve(max_points, shown.len());
    let others = shown.iter().filter(|shown| shown.norm != reference);
    let curves = others.map(|shown| (shown.norm, ratios(shown, base, arms.summary.measured_on.loss(), most)));
    let curves: Vec<RatioCurve> = curves.filter(|(_, curve)| 1 < curve.len()).collect();
    let about = About {
        name: "ratio",
        plot: format!("{} relative to {}", arms.loss_name(), arms.label(reference)),
        x: epoch_axis(&shown),
        note: "The ratio is of completed runs with the same seed: geometric mean, and its 95 % interval at each epoch by itself.",
    };
    figure(title, arms, &curves, about)
}

/// The same of forks to the runs that they are from, for each norm whose loss the change has changed. None without such
/// a norm, and with a grid, whose points would be one norm.
pub(crate) fn fork_ratio(title: &str, arms: Arms<'_>, effects: &[ForkEffect]) -> Option<Figure> {
    if arms.summary.has_grid() {
        return None;
    }
    let point = |of: &ForkedEpoch| RatioPoint { epoch: of.epoch, mean: of.ratio, interval: of.interval };
    let curve = |effect: &ForkEffect| {
        let norm = arms.summary.norms.iter().find(|norm| norm.name() == effect.norm)?;
        Some((*norm, effect.epochs.iter().map(point).collect()))
    };
    let changed = effects.iter().filter(|effect| !effect.is_unchanged());
    let curves: Vec<RatioCurve> = changed.filter_map(curve).collect();
    let epochs = || curves.iter().flat_map(|(_, curve)| curve).map(|point| point.epoch);
    let about = About {
        name: "fork",
        plot: format!("{} of the fork relative to the unchanged runs", arms.loss_name()),
        x: Axis::whole(epochs().min()?, epochs().max()?, 8),
        note: "The ratio is of each fork to its own run: geometric mean, and its 95 % interval at each epoch by itself.",
    };
    figure(title, arms, &curves, about)
}

/// What a figure of ratios is about.
struct About {
    name: &'static str,
    /// The title of the plot.
    plot: String,
    x: Axis,
    note: &'static str,
}

fn figure(title: &str, arms: Arms<'_>, curves: &[RatioCurve], about: About) -> Option<Figure> {
    let readout = readout(arms, curves)?;
    let table = table(&readout);
    let plot = Plot {
        title: about.plot,
        x_title: "epoch".to_owned(),
        x: about.x,
        y: axis(curves),
        other_y: None,
        marks: marks(arms, curves),
        readout: Some(readout),
        size: PANEL,
    };
    Some(Figure {
        name: about.name,
        title: shortened(title),
        plots: vec![Panel::plot(plot)],
        legend: legend(arms, curves),
        notes: vec![about.note.to_owned()],
        table,
        source: "metrics.csv",
    })
}

/// What is drawn: the reference is the line at 1, which the title of the plot names.
fn legend(arms: Arms<'_>, curves: &[RatioCurve]) -> Vec<LegendEntry> {
    let of_norm = |(norm, _): &RatioCurve| LegendEntry::new(Sample::Arm(arms.arm(*norm)), arms.label(*norm));
    let mut legend: Vec<LegendEntry> = curves.iter().map(of_norm).collect();
    let mut points = curves.iter().flat_map(|(_, curve)| curve);
    if curves.len() <= MAX_BANDS && points.any(|point| point.interval.is_some()) {
        legend.push(LegendEntry::new(Sample::Band, "95 % interval"));
    }
    legend
}

fn marks(arms: Arms<'_>, curves: &[RatioCurve]) -> Vec<PlotMark> {
    let same = Shape::Line(Stroke::Rule, vec![(0.0, 1.0), (f64::MAX, 1.0)]);
    let mut marks = vec![PlotMark { arm: None, shape: same }];
    for (index, (norm, curve)) in curves.iter().enumerate() {
        let ends = |point: &RatioPoint| {
            point.interval.map(|interval| (point.epoch as f64, interval.low, interval.high))
        };
        if curves.len() <= MAX_BANDS {
            marks.push(arms.mark(*norm, Shape::Band(curve.iter().filter_map(ends).collect())));
        }
        let line: Vec<(f64, f64)> = curve.iter().map(|point| (point.epoch as f64, point.mean)).collect();
        let markers = spread(&line, index);
        marks.push(arms.mark(*norm, Shape::Line(Stroke::Solid, line)));
        marks.push(arms.mark(*norm, Shape::Markers(markers)));
    }
    marks
}

fn axis(curves: &[RatioCurve]) -> Axis {
    let points = || curves.iter().flat_map(|(_, curve)| curve.iter());
    let intervals = points().filter_map(|point| point.interval).filter(|_| curves.len() <= MAX_BANDS);
    // An interval of two or three seeds can span decades, and would flatten the curve.
    let ends = intervals.flat_map(|interval| [interval.low, interval.high]).map(|end| end.clamp(0.01, 100.0));
    Axis::around(AxisScale::Log, points().map(|point| point.mean).chain(ends).chain([1.0]), 0.05, 7)
}

/// None without a curve.
fn readout(arms: Arms<'_>, curves: &[RatioCurve]) -> Option<Readout> {
    let (_, longest) = curves.iter().max_by_key(|(_, curve)| curve.len())?;
    let series = |(norm, curve): &RatioCurve| {
        let text = |epoch: u64| {
            let point = curve.iter().find(|point| point.epoch == epoch)?;
            let (mean, interval) = value_and_interval(point.mean, point.interval);
            Some(format!("{mean} times {interval}"))
        };
        let values = longest.iter().map(|point| text(point.epoch).unwrap_or_default()).collect();
        Series { arm: arms.arm(*norm).index, name: arms.label(*norm), values }
    };
    Some(Readout {
        x_name: "epoch".to_owned(),
        places: longest.iter().map(|point| (point.epoch as f64, point.epoch.to_string())).collect(),
        series: curves.iter().map(series).collect(),
    })
}

fn table(readout: &Readout) -> Table {
    let names = readout.series.iter().map(|series| series.name.clone());
    let row = |(index, (_, epoch)): (usize, &(f64, String))| {
        let cells = readout.series.iter().map(|series| series.values[index].clone());
        std::iter::once(epoch.clone()).chain(cells).collect()
    };
    let table = Table {
        head: std::iter::once("epoch".to_owned()).chain(names).collect(),
        rows: readout.places.iter().enumerate().map(row).collect(),
        left_out: None,
    };
    table.thinned(MAX_ROWS, "metrics.csv")
}

fn ratios(shown: &NormRuns<'_>, base: &NormRuns<'_>, metric: Metric, most: usize) -> Vec<RatioPoint> {
    let pair = |run: &&RunRecord| base.complete.iter().find(|other| other.id.seed == run.id.seed).copied();
    let pairs: Vec<(&RunRecord, &RunRecord)> =
        shown.complete.iter().filter_map(|run| Some((*run, pair(run)?))).collect();
    if pairs.len() < 2 {
        return Vec::new();
    }
    let runs = pairs.iter().flat_map(|(run, other)| [run, other]);
    let last = runs.filter_map(|run| run.epochs.last()).map(|epoch| epoch.epoch).max().unwrap_or(0);
    let step = (last / most.max(1) as u64 + 1).max(1);
    let epochs = (0..=last).filter(|epoch| epoch.is_multiple_of(step) || *epoch == last);
    let point = |epoch: u64| {
        let log = |(run, other): &(&RunRecord, &RunRecord)| {
            let [own, other] = [run, other].map(|run| value(run, epoch, metric));
            Some(own?.ln() - other?.ln())
        };
        let estimate = Estimate::of(pairs.iter().map(log));
        let exp = |interval: Interval| Interval { low: interval.low.exp(), high: interval.high.exp() };
        Some(RatioPoint { epoch, mean: estimate.mean?.exp(), interval: estimate.interval.map(exp) })
    };
    epochs.filter_map(point).collect()
}

/// At an epoch; a run that stopped before keeps its last value.
fn value(run: &RunRecord, epoch: u64, metric: Metric) -> Option<f64> {
    let next = run.epochs.partition_point(|record| record.epoch <= epoch);
    run.epochs.get(next.checked_sub(1)?)?.metric(metric)
}
