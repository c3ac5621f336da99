//! The measure of each norm against the settings that were tuned.

use crate::experiment::{TunedNorm, TunedPoint, Tuning};
use crate::report::chart::axis::{Axis, AxisScale, LOWEST_SCORE};
use crate::report::chart::figure::{Figure, LegendEntry, Panel, Sample};
use crate::report::chart::figures::arms::Arms;
use crate::report::chart::figures::curves::PANEL;
use crate::report::chart::plot::{Plot, PlotMark, Shape, Stroke};
use crate::report::table::Table;
use crate::report::text::number::{NO_NUMBER, four_digits};
use crate::report::text::summary::other_measures::measure_name;
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

/// The points in the order of the sequence, each with the measure of every norm.
fn table(arms: Arms<'_>, tuning: &Tuning) -> Table {
    let head =
        std::iter::once("point".to_owned()).chain(tuning.norms.iter().map(|norm| arms.label(norm.norm)));
    let points = tuning.norms.first().map(|norm| &norm.points[..]).unwrap_or_default();
    let row = |(index, point): (usize, &TunedPoint)| {
        let cells = tuning.norms.iter().filter_map(|norm| norm.points.get(index)).map(cell);
        std::iter::once(shortened(&point.point.settings)).chain(cells).collect()
    };
    Table { head: head.collect(), rows: points.iter().enumerate().map(row).collect(), left_out: None }
        .at_most(MAX_ROWS, "summary.json")
}

/// A mean of the runs that are left would make a point look better for losing the worst.
fn cell(point: &TunedPoint) -> String {
    match point.n_lost {
        0 => point.mean.map_or_else(|| NO_NUMBER.to_owned(), four_digits),
        lost => format!("{lost} of {} lost", point.n_runs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Point;

    #[test]
    fn a_point_with_a_lost_run_has_no_mean_of_the_others() {
        let text = |n_lost| {
            let point = Point { index: 1, settings: "k=1".to_owned() };
            let mean = Some(0.5);
            let values = vec![Some(1.0)];
            cell(&TunedPoint {
                point,
                values,
                n_runs: 3,
                n_lost,
                mean,
                low: mean,
                high: mean,
                is_usable: false,
            })
        };
        assert_eq!([text(0), text(1)], ["0.5000", "1 of 3 lost"]);
    }
}
