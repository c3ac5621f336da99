//! Scores of each norm over the values of a grid with one key, as SVG.

#[cfg(test)]
mod tests;

use crate::experiment::statistics::Estimate;
use crate::experiment::{MeasuredOn, Point, RunSummary, Scores, Summary};
use crate::nn::Norm;
use crate::report::chart::axis::{Axis, AxisScale, LOWEST_SCORE};
use crate::report::chart::picture::Picture;
use crate::report::chart::shapes::{Layers, LegendEntry, Panel, Shape, Stroke, Swatch};
use crate::report::chart::style::norm_style;
use crate::text::shortened;
use crate::train::Metric;

/// Loss and accuracy, or R2, over the values of the only key of the grid, as an SVG file of about 900 by
/// 430 pixels. None unless the grid has one key with two or more values that are numbers, or tables of
/// one number such as `{ normal = 0.01 }`.
///
/// For each norm, over the completed runs: a solid line for the mean after the last epoch, in a band
/// from minimum to maximum, a thin dashed line for the mean of the best epochs, and a cross at the edge
/// where a run is lost or was interrupted. The loss is on a log scale, and so is the setting if its
/// values are more evenly spaced in the logarithm.
pub fn sweep_svg(title: &str, summary: &Summary) -> Option<String> {
    let sweep = Sweep::of(summary)?;
    let metrics = [summary.measured_on.loss(), summary.measured_on.quality(summary.task)];
    let panels = metrics.map(|metric| sweep.panel(metric)).to_vec();
    let rows = match summary.measured_on {
        MeasuredOn::ValidationRows => "validation rows",
        MeasuredOn::TrainingRows => "training rows in evaluation mode",
    };
    let notes =
        vec![format!("Measured on {rows}. Lines: mean over completed runs. Bands: minimum to maximum.")];
    Some(Picture { title: shortened(title), panels, legend: sweep.legend(), notes }.to_svg())
}

/// A grid with one axis of numbers.
struct Sweep<'a> {
    summary: &'a Summary,
    key: String,
    /// In the order of the values.
    points: Vec<(f64, &'a Point)>,
}

impl<'a> Sweep<'a> {
    fn of(summary: &'a Summary) -> Option<Self> {
        let mut key = None;
        let mut points: Vec<(f64, &Point)> = Vec::new();
        for group in &summary.groups {
            let point = group.point.as_ref()?;
            let (point_key, value) = setting(&point.settings)?;
            if *key.get_or_insert_with(|| point_key.clone()) != point_key {
                return None;
            }
            if !points.iter().any(|(_, known)| *known == point) {
                points.push((value, point));
            }
        }
        points.sort_by(|left, right| left.0.total_cmp(&right.0));
        let is_line = 2 <= points.len() && points.windows(2).all(|pair| pair[0].0 < pair[1].0);
        key.filter(|_| is_line).map(|key| Self { summary, key, points })
    }

    fn panel(&self, metric: Metric) -> Panel {
        let is_loss = !metric.is_gain();
        let runs = self.summary.runs.iter().filter(|run| run.is_complete());
        let scores = runs.flat_map(|run| [run.final_scores.get(metric), run.best_scores.get(metric)]);
        let scale = if is_loss { AxisScale::Log } else { AxisScale::Linear };
        let scores = scores.flatten().map(|score| score.max(LOWEST_SCORE));
        let y = Axis::around(scale, scores, 0.06, 7);
        let values: Vec<f64> = self.points.iter().map(|(value, _)| *value).collect();
        let x = Axis::around(even_scale(&values), values.iter().copied(), 0.03, 7);
        let mut layers = Layers::default();
        for (index, &norm) in (0..).zip(&self.summary.norms) {
            self.add_curves(&mut layers, norm, metric, (&x, &y));
            // Where loss grows and accuracy falls, a place for each norm.
            let edge = 0.02 + 0.04 * f64::from(index);
            let edge = if is_loss { 1.0 - edge } else { edge };
            for &(value, point) in &self.points {
                if self.runs(norm, point).any(|run| !run.is_complete()) {
                    let at = (x.position(value), edge);
                    layers.front.push(Shape::Cross { style: norm_style(norm), at });
                }
            }
        }
        let task = self.summary.task;
        let y_title =
            if is_loss { format!("loss ({})", task.loss_unit()) } else { task.quality().to_owned() };
        let marks = layers.into_marks();
        Panel { x, y, x_title: shortened(&self.key), y_title, marks }
    }

    /// Lines with a gap where no run completed.
    fn add_curves(&self, layers: &mut Layers, norm: Norm, metric: Metric, (x, y): (&Axis, &Axis)) {
        let style = norm_style(norm);
        let place = |&(value, point): &(f64, &Point)| Place::of(self.runs(norm, point), metric, value);
        let places: Vec<Option<Place>> = self.points.iter().map(place).collect();
        for places in places.split(Option::is_none) {
            let places = || places.iter().flatten();
            let curve = |score: fn(&Place) -> f64| -> Vec<(f64, f64)> {
                places().map(|place| (x.position(place.setting), y.position(score(place)))).collect()
            };
            if places().any(|place| place.low < place.high) {
                let mut lower = curve(|place| place.low);
                lower.reverse();
                let outline = [curve(|place| place.high), lower].concat();
                layers.back.push(Shape::Band { style, outline });
            }
            let points = curve(|place| place.best);
            layers.middle.push(Shape::Line { style, stroke: Stroke::Dashed, points });
            let points = curve(|place| place.last);
            layers.middle.push(Shape::Line { style, stroke: Stroke::Solid, points: points.clone() });
            layers.front.push(Shape::Markers { style, points });
        }
    }

    fn runs(&self, norm: Norm, point: &Point) -> impl Iterator<Item = &'a RunSummary> {
        let is_here = move |run: &&RunSummary| run.norm == norm && run.point.as_ref() == Some(point);
        self.summary.runs.iter().filter(is_here)
    }

    fn legend(&self) -> Vec<LegendEntry> {
        let norm = |norm: &Norm| LegendEntry {
            sample: Swatch::Norm(norm_style(*norm)),
            label: norm.name().to_owned(),
        };
        let mut legend: Vec<LegendEntry> = self.summary.norms.iter().map(norm).collect();
        let mut add = |sample, label: &str| legend.push(LegendEntry { sample, label: label.to_owned() });
        add(Swatch::Stroke(Stroke::Solid), "after the last epoch");
        add(Swatch::Stroke(Stroke::Dashed), "at the best epoch");
        if self.summary.groups.iter().any(|group| 1 < group.n_completed) {
            add(Swatch::Band, "range over seeds");
        }
        if self.summary.groups.iter().any(|group| group.n_completed < group.n_runs) {
            add(Swatch::Cross, "some runs were lost or interrupted");
        }
        legend
    }
}

/// The scores of one norm at one value of the setting.
#[derive(Clone, Copy)]
struct Place {
    setting: f64,
    /// Means over the completed runs after the last and at the best epoch.
    last: f64,
    best: f64,
    /// Least and largest of the runs after the last epoch.
    low: f64,
    high: f64,
}

impl Place {
    /// None where no run completed.
    fn of<'a>(runs: impl Iterator<Item = &'a RunSummary>, metric: Metric, setting: f64) -> Option<Self> {
        let complete: Vec<&RunSummary> = runs.filter(|run| run.is_complete()).collect();
        let scores =
            |scores: fn(&RunSummary) -> &Scores| complete.iter().map(move |run| scores(run).get(metric));
        let last = || scores(|run| &run.final_scores);
        Some(Self {
            setting,
            last: Estimate::of(last()).mean?,
            best: Estimate::of(scores(|run| &run.best_scores)).mean?,
            low: last().flatten().fold(f64::INFINITY, f64::min),
            high: last().flatten().fold(f64::NEG_INFINITY, f64::max),
        })
    }
}

/// The key and the number of a point that sets one key to one number.
fn setting(settings: &str) -> Option<(String, f64)> {
    let (key, value) = settings.split_once('=')?;
    let parsed = format!("value = {value}").parse::<toml::Table>().ok()?.remove("value")?;
    let number = |value: &toml::Value| match value {
        toml::Value::Integer(integer) => Some(*integer as f64),
        toml::Value::Float(float) => Some(*float).filter(|float| float.is_finite()),
        _ => None,
    };
    match &parsed {
        toml::Value::Table(table) if table.len() == 1 => {
            let (inner, value) = table.iter().next()?;
            Some((format!("{key}.{inner}"), number(value)?))
        }
        value => Some((key.to_owned(), number(value)?)),
    }
}

/// Log where the steps between the values vary less in the logarithm.
fn even_scale(values: &[f64]) -> AxisScale {
    let unevenness = |values: &[f64]| {
        let steps = values.windows(2).map(|pair| pair[1] - pair[0]);
        let (least, most) =
            steps.fold((f64::INFINITY, 0.0f64), |(least, most), step| (least.min(step), most.max(step)));
        most / least
    };
    if values.iter().any(|&value| value <= 0.0) {
        return AxisScale::Linear;
    }
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    match values.len() {
        0..=2 => AxisScale::fitting(values.iter().copied()),
        _ if unevenness(&logs) < unevenness(values) => AxisScale::Log,
        _ => AxisScale::Linear,
    }
}
