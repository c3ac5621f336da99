//! The measure of each norm against the settings that were tuned, as SVG.

use crate::experiment::{Summary, TunedNorm, TunedPoint, Tuning};
use crate::report::chart::axis::{Axis, AxisScale, LOWEST_SCORE};
use crate::report::chart::picture::Picture;
use crate::report::chart::shapes::{Layers, LegendEntry, Panel, Shape, Stroke, Swatch};
use crate::report::chart::style::norm_style;
use crate::report::text::summary::other_measures::measure_name;
use crate::text::shortened;

/// More panels would be too narrow.
const MAX_PANELS: usize = 3;

/// A panel for each of the first three keys that are numbers, as an SVG file. None without tuning.
///
/// For each norm a marker at each point, and a cross at the edge where a run is lost. With a single key, markers are
/// joined by a line in a band from the least to the largest run. A dashed line is at
/// the best point.
pub fn tuning_svg(title: &str, summary: &Summary) -> Option<String> {
    let tuning = summary.tuning.as_ref()?;
    let is_number = |place: &usize| {
        tuning.norms.iter().flat_map(|norm| &norm.points).all(|point| point.values[*place].is_some())
    };
    let places: Vec<usize> = (0..tuning.keys.len()).filter(is_number).take(MAX_PANELS).collect();
    if places.is_empty() {
        return None;
    }
    let panels = places.iter().map(|&place| panel(summary, tuning, place)).collect();
    let line = if tuning.keys.len() == 1 { " Bands: minimum to maximum over the seeds." } else { "" };
    let notes = vec![format!(
        "{} points, {} seeds each. A dashed line is at the best point of each norm.{line}",
        tuning.n_points,
        tuning.seeds.len()
    )];
    Some(Picture { title: shortened(title), panels, legend: legend(tuning), notes }.to_svg())
}

fn panel(summary: &Summary, tuning: &Tuning, place: usize) -> Panel {
    let is_loss = tuning.measure.is_loss();
    let all = || tuning.norms.iter().flat_map(|norm| &norm.points);
    let values: Vec<f64> = all().filter_map(|point| point.values[place]).collect();
    let x = Axis::around(AxisScale::fitting(values.iter().copied()), values.iter().copied(), 0.03, 7);
    let scores = all().filter(|point| point.n_lost == 0).flat_map(|point| [point.low, point.high]).flatten();
    let scale = if is_loss { AxisScale::Log } else { AxisScale::Linear };
    let y = Axis::around(scale, scores.map(|score| score.max(LOWEST_SCORE)), 0.06, 7);
    let mut layers = Layers::default();
    for (index, norm) in (0..).zip(&tuning.norms) {
        // Where loss grows and accuracy falls, a place for each norm.
        let edge = 0.02 + 0.04 * f64::from(index);
        let edge = if is_loss { 1.0 - edge } else { edge };
        add_norm(&mut layers, norm, place, (&x, &y), edge, tuning.keys.len() == 1);
    }
    Panel {
        x,
        y,
        x_title: shortened(&tuning.keys[place]),
        y_title: measure_name(summary, tuning.measure),
        marks: layers.into_marks(),
    }
}

fn add_norm(
    layers: &mut Layers,
    norm: &TunedNorm,
    place: usize,
    (x, y): (&Axis, &Axis),
    edge: f64,
    is_line: bool,
) {
    let style = norm_style(norm.norm);
    let mut points: Vec<(f64, &TunedPoint)> =
        norm.points.iter().filter_map(|point| Some((point.values[place]?, point))).collect();
    points.sort_by(|left, right| left.0.total_cmp(&right.0));
    for &(value, _) in points.iter().filter(|(_, point)| 0 < point.n_lost) {
        layers.front.push(Shape::Cross { style, at: (x.position(value), edge) });
    }
    let is_whole = |point: &TunedPoint| point.n_lost == 0 && point.mean.is_some();
    for run in points.split(|(_, point)| !is_whole(point)).filter(|run| !run.is_empty()) {
        let curve = |score: fn(&TunedPoint) -> Option<f64>| -> Vec<(f64, f64)> {
            run.iter()
                .filter_map(|(value, point)| Some((x.position(*value), y.position(score(point)?))))
                .collect()
        };
        let means = curve(|point| point.mean);
        if is_line {
            let mut lower = curve(|point| point.low);
            lower.reverse();
            layers.back.push(Shape::Band { style, outline: [curve(|point| point.high), lower].concat() });
            layers.middle.push(Shape::Line { style, stroke: Stroke::Solid, points: means.clone() });
        }
        layers.front.push(Shape::Markers { style, points: means });
    }
    let best = norm.best.and_then(|best| norm.points.get(best - 1)?.values[place]);
    if let Some(best) = best {
        let points = vec![(x.position(best), 0.0), (x.position(best), 1.0)];
        layers.middle.push(Shape::Line { style, stroke: Stroke::Dashed, points });
    }
}

fn legend(tuning: &Tuning) -> Vec<LegendEntry> {
    let norm = |norm: &TunedNorm| LegendEntry {
        sample: Swatch::Norm(norm_style(norm.norm)),
        label: norm.norm.name().to_owned(),
    };
    let mut legend: Vec<LegendEntry> = tuning.norms.iter().map(norm).collect();
    let mut add = |sample, label: &str| legend.push(LegendEntry { sample, label: label.to_owned() });
    add(Swatch::Stroke(Stroke::Dashed), "best point");
    if tuning.keys.len() == 1 && 1 < tuning.seeds.len() {
        add(Swatch::Band, "range over seeds");
    }
    if tuning.norms.iter().any(|norm| norm.points.iter().any(|point| 0 < point.n_lost)) {
        add(Swatch::Cross, "some runs are lost");
    }
    legend
}
