//! What a model uses: the importance of columns, and partial dependence.

use crate::explain::{Explanation, PartialDependence};
use crate::report::chart::axis::{Axis, AxisScale};
use crate::report::chart::figure::{Figure, LegendEntry, Panel, Sample};
use crate::report::chart::plot::{Arm, Plot, PlotMark, Shape, Stroke};
use crate::report::chart::style::SERIES_STYLES;
use crate::report::table::Table;
use crate::report::text::explanation::{
    ABOUT_DEPENDENCE, about_importance, effect, output_name, rise, short_number, varying,
};
use crate::report::text::number::{NO_NUMBER, four_digits};
use crate::targets::Task;
use crate::text::{Count, shortened, shortened_to};

/// Where all numbers are.
const SOURCE: &str = "bntrain explain --json";
/// The name of the file of the importance, without extension.
pub(crate) const IMPORTANCE: &str = "importance";
/// Columns of the chart.
const MAX_COLUMNS: usize = 30;
/// Outputs of a panel, those that vary most.
const MAX_OUTPUTS: usize = SERIES_STYLES.len();
/// Height of a row, in pixels.
const ROW: f64 = 24.0;
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 260.0;
/// Characters of the name of a row.
const MAX_NAME: usize = 26;

/// The number of arms that charts can have.
pub(crate) const MAX_ARMS: usize = MAX_OUTPUTS;

/// The importance of each column with its interval, and a line at 0.
pub(crate) fn importance_figure(title: &str, explanation: &Explanation) -> Figure {
    let shown = &explanation.columns[..explanation.columns.len().min(MAX_COLUMNS)];
    let mut all = vec![0.0];
    let mut marks = Vec::new();
    let mut place = |shape| marks.push(PlotMark { arm: None, shape });
    place(Shape::Line(Stroke::Rule, vec![(0.0, Axis::row(0) + 0.6), (0.0, Axis::row(shown.len()) + 0.4)]));
    for (index, column) in shown.iter().enumerate() {
        let Some(value) = column.loss.value else { continue };
        let y = Axis::row(index);
        all.push(value);
        if let Some(interval) = column.loss.interval {
            all.extend([interval.low, interval.high]);
            place(Shape::Line(Stroke::Thick, vec![(interval.low, y), (interval.high, y)]));
        }
        place(Shape::Markers(vec![(value, y)]));
    }
    let name = format!("rise of {}", explanation.metrics[0]);
    let plot = Plot {
        title: name.clone(),
        x_title: name,
        x: Axis::around(AxisScale::Linear, all, 0.04, 6),
        y: Axis::rows(shown.iter().map(|column| shortened_to(&column.column, MAX_NAME))),
        other_y: None,
        marks,
        readout: None,
        size: (1.4 * WIDTH, 72.0 + ROW * (shown.len() as f64 + 0.2)),
    };
    let mut notes = vec![about_importance(explanation)];
    if shown.len() < explanation.columns.len() {
        notes.push(format!("The {} most important of {} columns.", shown.len(), explanation.columns.len()));
    }
    Figure {
        name: IMPORTANCE,
        title: shortened(title),
        plots: vec![Panel::plot(plot)],
        legend: vec![LegendEntry::new(Sample::Stroke(Stroke::Thick), "95 % interval")],
        notes,
        table: importance_table(explanation),
        source: SOURCE,
    }
}

fn importance_table(explanation: &Explanation) -> Table {
    let [loss, score] = explanation.metrics;
    let mut table = Table::new(["column", &format!("{loss} rise"), &format!("{score} drop")]);
    if explanation.linear.is_some() {
        table.head.push("in the linear model".to_owned());
    }
    for column in &explanation.columns {
        let mut row = vec![shortened(&column.column), rise(column.loss), rise(column.score)];
        row.extend(explanation.linear.as_ref().map(|linear| {
            let weights = linear.columns.iter().find(|weights| weights.column == column.column);
            weights.map_or_else(|| NO_NUMBER.to_owned(), effect)
        }));
        table.rows.push(row);
    }
    table.at_most(1000, SOURCE)
}

/// The name of the file of a column's partial dependence, without extension; `index` is its place from 0.
pub(crate) fn dependence_name(index: usize) -> String {
    format!("dependence_{}", index + 1)
}

/// A chart for each column; all have the same range of predictions.
pub(crate) fn dependence_figures(title: &str, explanation: &Explanation) -> Vec<Figure> {
    let outputs = shown_outputs(explanation);
    let means = || {
        let points = explanation.dependence.iter().flat_map(|dependence| &dependence.points);
        points.flat_map(|point| outputs.iter().map(|&output| point.means[output])).collect::<Vec<f64>>()
    };
    let of_column = |dependence: &PartialDependence| Figure {
        name: "dependence",
        title: shortened(title),
        plots: vec![Panel::plot(panel(dependence, &outputs, &means()))],
        legend: legend(dependence, &outputs),
        notes: notes(dependence, &outputs),
        table: table(dependence, &outputs),
        source: SOURCE,
    };
    explanation.dependence.iter().map(of_column).collect()
}

/// The outputs that vary most with any of the columns, in the order of the model.
fn shown_outputs(explanation: &Explanation) -> Vec<usize> {
    let mut outputs: Vec<usize> = Vec::new();
    let rank = |place: usize| explanation.dependence.iter().map(move |dependence| (place, dependence));
    let places = explanation.dependence.first().map_or(0, |dependence| dependence.outputs.len());
    for (place, dependence) in (0..places).flat_map(rank) {
        let output = varying(dependence)[place];
        if outputs.len() < MAX_OUTPUTS && !outputs.contains(&output) {
            outputs.push(output);
        }
    }
    outputs.sort_unstable();
    outputs
}

fn arm(index: usize) -> Arm {
    Arm { index, style: SERIES_STYLES[index] }
}

fn panel(dependence: &PartialDependence, outputs: &[usize], means: &[f64]) -> Plot {
    let predictions = Axis::around(AxisScale::Linear, means.iter().copied(), 0.05, 5);
    let points = &dependence.points;
    let numbers: Vec<f64> = points.iter().filter_map(|point| point.number).collect();
    let is_number = numbers.len() == points.len();
    let mut marks = Vec::new();
    for (index, &output) in outputs.iter().enumerate() {
        let arm = Some(arm(index));
        if is_number {
            let line: Vec<(f64, f64)> =
                numbers.iter().zip(points).map(|(&number, point)| (number, point.means[output])).collect();
            marks.push(PlotMark { arm, shape: Shape::Line(Stroke::Solid, line.clone()) });
            marks.push(PlotMark { arm, shape: Shape::Markers(line) });
        } else {
            let places = points.iter().enumerate();
            let places = places.map(|(row, point)| (point.means[output], Axis::row(row))).collect();
            marks.push(PlotMark { arm, shape: Shape::Markers(places) });
        }
    }
    let what = match (dependence.task, outputs) {
        (_, [output]) => output_name(dependence, *output),
        (Task::Classification, _) => "probability".to_owned(),
        (Task::Regression, _) => "value".to_owned(),
    };
    let column = shortened_to(&dependence.column, MAX_NAME);
    let (x_title, x, y, height) = match is_number {
        true => (column.clone(), Axis::around(AxisScale::Linear, numbers, 0.03, 6), predictions, HEIGHT),
        false => {
            let labels = points.iter().map(|point| shortened_to(&point.label, MAX_NAME));
            (what.clone(), predictions, Axis::rows(labels), 72.0 + ROW * (points.len() as f64 + 0.2))
        }
    };
    let title = format!("mean of {what} by {column}");
    Plot { title, x_title, x, y, other_y: None, marks, readout: None, size: (WIDTH, height) }
}

fn legend(dependence: &PartialDependence, outputs: &[usize]) -> Vec<LegendEntry> {
    if outputs.len() < 2 {
        return Vec::new();
    }
    let entry = |(index, &output): (usize, &usize)| {
        LegendEntry::new(Sample::Arm(arm(index)), output_name(dependence, output))
    };
    outputs.iter().enumerate().map(entry).collect()
}

fn notes(dependence: &PartialDependence, outputs: &[usize]) -> Vec<String> {
    let mut notes = vec![ABOUT_DEPENDENCE.to_owned()];
    if outputs.len() < dependence.outputs.len() {
        notes.push(format!("The {} of {} outputs that vary most.", outputs.len(), dependence.outputs.len()));
    }
    if dependence.left_out > 0 {
        notes.push(format!("{} left out.", Count(dependence.left_out, "less frequent value")));
    }
    notes
}

fn table(dependence: &PartialDependence, outputs: &[usize]) -> Table {
    let mut table = Table::new(["value", "rows"]);
    table.head.extend(outputs.iter().map(|&output| output_name(dependence, output)));
    for point in &dependence.points {
        let value = point.number.map_or_else(|| shortened(&point.label), short_number);
        let mut row = vec![value, point.rows.to_string()];
        row.extend(outputs.iter().map(|&output| four_digits(point.means[output])));
        table.rows.push(row);
    }
    table
}
