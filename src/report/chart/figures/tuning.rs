//! The measure of each norm against the settings that were tuned.

use std::cmp::Ordering;

use crate::experiment::{TunedNorm, TunedPoint, Tuning};
use crate::report::chart::axis::{Axis, AxisScale, LOWEST_SCORE};
use crate::report::chart::figure::{Figure, LegendEntry, Panel, Sample};
use crate::report::chart::figures::arms::Arms;
use crate::report::chart::figures::curves::PANEL;
use crate::report::chart::plot::{Plot, PlotMark, Shape, Stroke};
use crate::report::table::Table;
use crate::report::text::summary::other_measures::measure_name;
use crate::report::text::summary::tuning::mean_and_range;
use crate::text::shortened;

/// Keys that have a panel.
const MAX_PANELS: usize = 3;
/// Rows of the table.
const MAX_ROWS: usize = 60;

/// A panel for each of the first three keys that are numbers. None without tuning.
///
/// For each norm a marker at each point, and a cross at the edge where a run is lost. With a single key, markers are
/// joined by a line in a band from the least to the largest run. A dashed line is at the best point.
pub(crate) fn tuning(title: &str, arms: Arms<'_>) -> Option<Figure> {
    let tuning = arms.summary.tuning.as_ref()?;
    let is_number = |place: &usize| {
        tuning.norms.iter().flat_map(|norm| &norm.points).all(|point| point.value(*place).is_some())
    };
    let places: Vec<usize> = (0..tuning.keys.len()).filter(is_number).take(MAX_PANELS).collect();
    let range = if tuning.keys.len() == 1 { " Bands: minimum to maximum over the seeds." } else { "" };
    (!places.is_empty()).then(|| Figure {
        name: "tuning",
        title: shortened(title),
        plots: places.iter().map(|&place| Panel::plot(panel(arms, tuning, place))).collect(),
        legend: legend(arms, tuning),
        notes: vec![format!(
            "{} points, {} seeds each. A dashed line is at the best point of each norm.{range}",
            tuning.n_points,
            tuning.seeds.len()
        )],
        table: table(arms, tuning),
        source: "summary.json",
    })
}

fn panel(arms: Arms<'_>, tuning: &Tuning, place: usize) -> Plot {
    let is_loss = tuning.measure.is_loss();
    let all = || tuning.norms.iter().flat_map(|norm| &norm.points);
    let values: Vec<f64> = all().filter_map(|point| point.value(place)).collect();
    let x = Axis::around(AxisScale::fitting(values.iter().copied()), values.iter().copied(), 0.03, 7);
    let scores = all().filter(|point| point.n_lost == 0).flat_map(|point| [point.low, point.high]).flatten();
    let scale = if is_loss { AxisScale::Log } else { AxisScale::Linear };
    let y = Axis::around(scale, scores.map(|score| score.max(LOWEST_SCORE)), 0.06, 7);
    let (mut bands, mut lines, mut front) = (Vec::new(), Vec::new(), Vec::new());
    for norm in &tuning.norms {
        let mark = |shape| arms.mark(norm.norm, shape);
        let points = along(norm, place);
        // Where loss grows and accuracy falls.
        let edge = if is_loss { f64::MAX } else { f64::MIN };
        let lost = points.iter().filter(|(_, point)| 0 < point.n_lost);
        front.push(mark(Shape::Crosses(lost.map(|(value, _)| (*value, edge)).collect())));
        let is_whole = |point: &TunedPoint| point.n_lost == 0 && point.mean.is_some();
        for run in points.split(|(_, point)| !is_whole(point)).filter(|run| !run.is_empty()) {
            let means: Vec<(f64, f64)> =
                run.iter().filter_map(|(value, point)| Some((*value, point.mean?))).collect();
            if tuning.keys.len() == 1 {
                let band = run.iter().filter_map(|(value, point)| Some((*value, point.low?, point.high?)));
                bands.push(mark(Shape::Band(band.collect())));
                lines.push(mark(Shape::Line(Stroke::Solid, means.clone())));
            }
            front.push(mark(Shape::Markers(means)));
        }
        let best = norm.best_point().and_then(|point| point.value(place));
        if let Some(best) = best {
            let ends = vec![(best, y.value_at(0.0)), (best, y.value_at(1.0))];
            lines.push(mark(Shape::Line(Stroke::Dashed, ends)));
        }
    }
    let marks: Vec<PlotMark> = [bands, lines, front].concat();
    let title = measure_name(arms.summary, tuning.measure);
    let x_title = shortened(&tuning.keys[place]);
    Plot { title, x_title, x, y, other_y: None, marks, readout: None, size: PANEL }
}

/// The points of a norm in the order of the values of a key.
fn along(norm: &TunedNorm, place: usize) -> Vec<(f64, &TunedPoint)> {
    let mut points: Vec<(f64, &TunedPoint)> =
        norm.points.iter().filter_map(|point| Some((point.value(place)?, point))).collect();
    points.sort_by(|left, right| left.0.total_cmp(&right.0));
    points
}

fn legend(arms: Arms<'_>, tuning: &Tuning) -> Vec<LegendEntry> {
    let mut legend = arms.legend();
    legend.push(LegendEntry::new(Sample::Stroke(Stroke::Dashed), "best point"));
    if tuning.keys.len() == 1 && 1 < tuning.seeds.len() {
        legend.push(LegendEntry::new(Sample::Band, "range over seeds"));
    }
    if tuning.norms.iter().any(|norm| norm.points.iter().any(|point| 0 < point.n_lost)) {
        legend.push(LegendEntry::new(Sample::Cross, "some runs are lost"));
    }
    legend
}

/// The points of each norm, the best first: those with lost runs come last, by how many are lost.
fn table(arms: Arms<'_>, tuning: &Tuning) -> Table {
    let mut table = Table::new(["norm", "point", "mean (over seeds)"]);
    let most = (MAX_ROWS / tuning.norms.len().max(1)).max(1);
    for norm in &tuning.norms {
        let mut points: Vec<&TunedPoint> = norm.points.iter().collect();
        points.sort_by(|left, right| order(tuning, left, right));
        for point in points.into_iter().take(most) {
            table.rows.push(vec![
                arms.label(norm.norm),
                shortened(&point.point.settings),
                mean_and_range(point),
            ]);
        }
    }
    if most < tuning.n_points {
        table.left_out = Some(format!(
            "The best {most} of {} points of each norm; summary.json has all.",
            tuning.n_points
        ));
    }
    table
}

/// `Less` where `left` is better.
fn order(tuning: &Tuning, left: &TunedPoint, right: &TunedPoint) -> Ordering {
    let sign = if tuning.measure.is_loss() { 1.0 } else { -1.0 };
    let [one, other] = [left, right].map(|point| point.mean.map_or(f64::INFINITY, |mean| sign * mean));
    left.n_lost.cmp(&right.n_lost).then(one.total_cmp(&other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ComparedMeasure;
    use crate::experiment::{Point, Summary};
    use crate::nn::Norm;
    use crate::report::labels::Labels;

    #[test]
    fn the_table_has_the_best_points_of_each_norm_first_and_lost_ones_last() {
        let point = |(place, &(mean, n_lost)): (usize, &(f64, usize))| TunedPoint {
            point: Point { index: place + 1, settings: format!("k={}", place + 1) },
            values: vec![Some(1.0)],
            n_runs: 3,
            n_lost,
            mean: Some(mean).filter(|_| n_lost < 3),
            low: None,
            high: None,
            is_usable: false,
        };
        let norm = |norm, points: &[(f64, usize)]| TunedNorm {
            norm,
            best: None,
            points: points.iter().enumerate().map(point).collect(),
            usable: Vec::new(),
            warnings: Vec::new(),
            expected_best: Vec::new(),
        };
        let norms = vec![
            norm(Norm::BatchNorm, &[(0.5, 3), (0.8, 0), (0.9, 0), (0.99, 1)]),
            norm(Norm::None, &[(0.7, 0), (0.6, 0), (0.9, 2), (0.8, 0)]),
        ];
        let mut tuning = Tuning {
            measure: ComparedMeasure::FinalAccuracy,
            seeds: vec![1, 2, 3],
            n_points: 4,
            keys: vec!["k".to_owned()],
            within: 0.02,
            norms,
            ratios: Vec::new(),
        };
        let (summary, labels) = (Summary::of(&[]), Labels::default());
        let rows = |tuning: &Tuning| {
            let table = table(Arms { summary: &summary, labels: &labels }, tuning);
            table.rows.into_iter().map(|row| row.join(" ")).collect::<Vec<_>>()
        };
        let expected = [
            "batch_norm k=3 0.9000",
            "batch_norm k=2 0.8000",
            "batch_norm k=4 1 of 3 lost",
            "batch_norm k=1 3 of 3 lost",
            "none k=4 0.8000",
            "none k=1 0.7000",
            "none k=2 0.6000",
            "none k=3 2 of 3 lost",
        ];
        assert_eq!(rows(&tuning), expected);
        tuning.measure = ComparedMeasure::FinalLoss;
        let first: Vec<String> = rows(&tuning).into_iter().step_by(4).collect();
        assert_eq!(first, ["batch_norm k=2 0.8000", "none k=2 0.6000"]);
    }
}
