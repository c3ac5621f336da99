//! ROC, precision and recall, lift and reliability of the classes of a model.

use crate::metrics::{ClassCurves, ThresholdPoint};
use crate::report::chart::axis::{Axis, AxisScale};
use crate::report::chart::figure::{Figure, LegendEntry, Panel, Sample};
use crate::report::chart::plot::{Arm, Plot, PlotMark, Shape, Stroke, evenly};
use crate::report::chart::style::SERIES_STYLES;
use crate::report::table::Table;
use crate::report::text::number::{NO_NUMBER, four_digits};
use crate::text::{shortened, shortened_to};

/// Points of a curve.
const MAX_POINTS: usize = 400;
/// Classes at most, the most frequent ones.
const MAX_CLASSES: usize = SERIES_STYLES.len();
const SIZE: (f64, f64) = (440.0, 360.0);
/// Characters of a name.
const MAX_NAME: usize = 24;

/// Where a point of a class is drawn; none where its place is undefined.
type Place<'p> = &'p dyn Fn(&ClassCurves, &ThresholdPoint) -> Option<(f64, f64)>;

/// The curves of some classes, and their names.
#[derive(Clone, Copy)]
pub(crate) struct NamedCurves<'a> {
    pub(crate) curves: &'a [ClassCurves],
    /// Of all classes.
    pub(crate) names: &'a [String],
}

impl<'a> NamedCurves<'a> {
    /// The classes that are drawn, in the order of the model.
    fn shown(self) -> Vec<&'a ClassCurves> {
        let mut shown: Vec<&ClassCurves> = self.curves.iter().collect();
        shown.sort_by(|left, right| right.share.total_cmp(&left.share));
        shown.truncate(MAX_CLASSES);
        shown.sort_by_key(|curves| curves.class);
        shown
    }

    fn name(self, curves: &ClassCurves) -> String {
        shortened_to(&self.names[curves.class], MAX_NAME)
    }
}

/// All panels side by side.
pub(crate) fn curves_figure(title: &str, named: NamedCurves<'_>) -> Figure {
    let panels = panels(named);
    figure(title, named, panels.into_iter().map(|(_, panel)| panel).collect())
}

/// A figure for each panel, with the name of its file without extension.
pub(crate) fn curve_figures(title: &str, named: NamedCurves<'_>) -> Vec<(&'static str, Figure)> {
    panels(named).into_iter().map(|(name, panel)| (name, figure(title, named, vec![panel]))).collect()
}

fn figure(title: &str, named: NamedCurves<'_>, panels: Vec<Plot>) -> Figure {
    let entry = |(index, curves): (usize, &&ClassCurves)| {
        let label = format!(
            "{}: auc {:.4}, average precision {:.4}",
            named.name(curves),
            curves.auc,
            curves.average_precision
        );
        LegendEntry::new(Sample::Arm(arm(index)), label)
    };
    let shown = named.shown();
    let mut legend: Vec<LegendEntry> = shown.iter().enumerate().map(entry).collect();
    legend.push(LegendEntry::new(Sample::Stroke(Stroke::Rule), "without a model; perfect probabilities"));
    let mut notes = Vec::new();
    if shown.len() < named.curves.len() {
        notes.push(format!("The {} most frequent of {} classes.", shown.len(), named.curves.len()));
    }
    Figure {
        name: "curves",
        title: shortened(title),
        plots: panels.into_iter().map(Panel::plot).collect(),
        legend,
        notes,
        table: table(named),
        source: "curves.csv",
    }
}

fn arm(index: usize) -> Arm {
    Arm { index, style: SERIES_STYLES[index] }
}

/// ROC, precision and recall, lift, reliability.
fn panels(named: NamedCurves<'_>) -> [(&'static str, Plot); 4] {
    let share = || Axis::around(AxisScale::Linear, [0.0, 1.0], 0.02, 5);
    let shown = named.shown();
    let lines = |place: Place<'_>| {
        let line = |(index, curves): (usize, &&ClassCurves)| PlotMark {
            arm: Some(arm(index)),
            shape: Shape::Line(
                Stroke::Solid,
                evenly(MAX_POINTS, curves.points.iter().filter_map(|point| place(curves, point)).collect()),
            ),
        };
        shown.iter().enumerate().map(line).collect::<Vec<_>>()
    };
    let rule = |from, to| PlotMark { arm: None, shape: Shape::Line(Stroke::Rule, vec![from, to]) };
    let plot = |title: &str, x_title: &str, y: Axis, marks: Vec<PlotMark>| Plot {
        title: title.to_owned(),
        x_title: x_title.to_owned(),
        x: share(),
        y,
        other_y: None,
        marks,
        readout: None,
        size: SIZE,
    };
    let mut roc = vec![rule((0.0, 0.0), (1.0, 1.0))];
    roc.extend(lines(&|_, point| Some((point.false_positive_rate, point.true_positive_rate))));
    let mut precision: Vec<PlotMark> =
        shown.iter().map(|curves| rule((0.0, curves.share), (1.0, curves.share))).collect();
    precision.extend(lines(&|curves, point| Some((point.true_positive_rate, curves.precision(point)?))));
    let mut lift = vec![rule((0.0, 1.0), (1.0, 1.0))];
    lift.extend(lines(&|curves, point| Some((point.rows, curves.lift(point)?))));
    let lifts = shown.iter().flat_map(|curves| curves.points.iter().filter_map(|point| curves.lift(point)));
    let lifts = Axis::around(AxisScale::Linear, lifts.chain([0.0, 1.0]), 0.02, 5);
    let mut reliability = vec![rule((0.0, 0.0), (1.0, 1.0))];
    for (index, curves) in shown.iter().enumerate() {
        let arm = Some(arm(index));
        let mut line = Vec::new();
        for bin in &curves.reliability {
            let Some(value) = bin.share.value else { continue };
            line.push((bin.mean_probability, value));
            if let (Some(interval), 1) = (bin.share.interval, shown.len()) {
                let span = vec![(bin.mean_probability, interval.low), (bin.mean_probability, interval.high)];
                reliability.push(PlotMark { arm, shape: Shape::Line(Stroke::Thin, span) });
            }
        }
        reliability.push(PlotMark { arm, shape: Shape::Line(Stroke::Faint, line.clone()) });
        reliability.push(PlotMark { arm, shape: Shape::Markers(line) });
    }
    [
        ("roc", plot("ROC: true positive rate", "false positive rate", share(), roc)),
        ("precision_recall", plot("precision", "recall", share(), precision)),
        (
            "lift",
            plot(
                "lift: times more frequent than in all rows",
                "share of rows, most probable first",
                lifts,
                lift,
            ),
        ),
        (
            "reliability",
            plot("reliability: share of the class", "mean predicted probability", share(), reliability),
        ),
    ]
}

/// The areas of all classes.
fn table(named: NamedCurves<'_>) -> Table {
    let mut table = Table::new([
        "class",
        "share of rows",
        "auc",
        "average precision",
        "calibration error",
        "lift of a tenth",
    ]);
    for curves in named.curves {
        let tenth = curves.points.iter().find(|point| point.rows >= 0.1).and_then(|point| curves.lift(point));
        table.rows.push(vec![
            shortened(&named.names[curves.class]),
            four_digits(curves.share),
            format!("{:.4}", curves.auc),
            format!("{:.4}", curves.average_precision),
            format!("{:.4}", curves.calibration_error()),
            tenth.map_or_else(|| NO_NUMBER.to_owned(), four_digits),
        ]);
    }
    table
}
