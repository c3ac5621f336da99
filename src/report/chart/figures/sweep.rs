//! Scores of each norm over the numbers that a grid varies.

use crate::experiment::run_id::settings_with;
use crate::experiment::statistics::Estimate;
use crate::experiment::{MeasuredOn, Point, RunSummary, Scores, Summary};
use crate::nn::Norm;
use crate::report::chart::axis::{Axis, AxisScale, LOWEST_SCORE};
use crate::report::chart::figure::{Figure, LegendEntry, Panel, Sample};
use crate::report::chart::figures::arms::Arms;
use crate::report::chart::figures::curves::PANEL;
use crate::report::chart::figures::setting::{even_scale, numbers};
use crate::report::chart::plot::{Plot, PlotMark, Shape, Stroke, evenly};
use crate::report::table::Table;
use crate::report::text::number::{NO_NUMBER, four_digits, mean_and_spread};
use crate::text::shortened;
use crate::train::Metric;

/// Keys of a grid that have a panel.
const MAX_KEYS: usize = 4;
/// Values of a key that are drawn.
const MAX_VALUES: usize = 120;
/// Points of a norm that are drawn.
const MAX_DOTS: usize = 300;
/// Rows of the table.
const MAX_ROWS: usize = 60;

/// For a grid with one key of numbers: loss and accuracy, or R2, over its values. For each norm, over the completed
/// runs: a solid line for the mean after the last epoch, in a band from minimum to maximum, a thin dashed line for
/// the mean of the best epochs, and a cross at the edge where a run is lost or was interrupted.
///
/// For several keys: the loss over each of them; a dot for each point, and a line through the best ones.
///
/// The loss is on a log scale, and so is a setting if its values are more evenly spaced in the logarithm. None
/// without a key with two different numbers.
pub(crate) fn sweep(title: &str, arms: Arms<'_>) -> Option<Figure> {
    let axes = axes(arms.summary);
    let metrics = [arms.summary.measured_on.loss(), arms.summary.measured_on.quality(arms.summary.task)];
    let plots: Vec<Plot> = match &axes[..] {
        [] => return None,
        [only] if only.is_alone => metrics.iter().map(|&metric| only.curves(arms, metric)).collect(),
        several => several.iter().take(MAX_KEYS).map(|axis| axis.slice(arms, metrics[0])).collect(),
    };
    let is_curve = axes[0].is_alone;
    let rows = match arms.summary.measured_on {
        MeasuredOn::ValidationRows => "validation rows",
        MeasuredOn::TrainingRows => "training rows in evaluation mode",
    };
    let how = match is_curve {
        true => "Lines: mean over completed runs. Bands: minimum to maximum.",
        false => {
            "Dots: mean over the completed runs of a point, after the last epoch. Lines: the best point at each value."
        }
    };
    Some(Figure {
        name: "sweep",
        title: shortened(title),
        plots: plots.into_iter().map(Panel::plot).collect(),
        legend: legend(arms, is_curve),
        notes: vec![format!("Measured on {rows}. {how}")],
        table: table(arms),
        source: "summary.json",
    })
}

/// A key with numbers.
struct GridKey<'a> {
    key: String,
    /// Different values, upwards, each with its points.
    values: Vec<(f64, Vec<&'a Point>)>,
    /// Whether no other key varies.
    is_alone: bool,
}

/// The keys with two or more numbers that all points set.
fn axes(summary: &Summary) -> Vec<GridKey<'_>> {
    let mut points: Vec<&Point> = Vec::new();
    for group in &summary.groups {
        let Some(point) = &group.point else { return Vec::new() };
        if !points.contains(&point) {
            points.push(point);
        }
    }
    let settings: Vec<Vec<(String, f64)>> = points.iter().map(|point| numbers(&point.settings)).collect();
    let Some(first) = settings.first() else { return Vec::new() };
    let mut axes = Vec::new();
    for (key, _) in first {
        let value = |settings: &Vec<(String, f64)>| {
            settings.iter().find(|(other, _)| other == key).map(|(_, value)| *value)
        };
        let Some(found) = settings.iter().map(value).collect::<Option<Vec<f64>>>() else { continue };
        let mut values: Vec<(f64, Vec<&Point>)> = Vec::new();
        for (value, point) in found.into_iter().zip(&points) {
            match values.iter_mut().find(|(known, _)| *known == value) {
                Some((_, points)) => points.push(point),
                None => values.push((value, vec![point])),
            }
        }
        values.sort_by(|left, right| left.0.total_cmp(&right.0));
        if 1 < values.len() {
            let is_alone = values.iter().all(|(_, points)| points.len() == 1);
            axes.push(GridKey { key: key.clone(), values: evenly(MAX_VALUES, values), is_alone });
        }
    }
    axes
}

impl GridKey<'_> {
    fn x(&self) -> Axis {
        let values: Vec<f64> = self.values.iter().map(|(value, _)| *value).collect();
        Axis::around(even_scale(&values), values.iter().copied(), 0.03, 7)
    }

    fn curves(&self, arms: Arms<'_>, metric: Metric) -> Plot {
        let is_loss = !metric.is_gain();
        let runs = arms.summary.runs.iter().filter(|run| run.is_complete());
        let scores = runs.flat_map(|run| [run.final_scores.get(metric), run.best_scores.get(metric)]);
        let y = score_axis(scores.flatten(), is_loss);
        // Where loss grows and accuracy falls.
        let edge = if is_loss { f64::MAX } else { f64::MIN };
        let (mut bands, mut lines, mut front) = (Vec::new(), Vec::new(), Vec::new());
        for &norm in &arms.summary.norms {
            let place = |(value, points): &(f64, Vec<&Point>)| {
                Place::of(arms.summary, norm, points[0], metric, *value)
            };
            let places: Vec<Option<Place>> = self.values.iter().map(place).collect();
            for places in places.split(Option::is_none).filter(|places| !places.is_empty()) {
                let places: Vec<&Place> = places.iter().flatten().collect();
                let curve = |score: fn(&Place) -> f64| {
                    places.iter().map(|place| (place.setting, score(place))).collect()
                };
                if places.iter().any(|place| place.low < place.high) {
                    let band = places.iter().map(|place| (place.setting, place.low, place.high)).collect();
                    bands.push(arms.mark(norm, Shape::Band(band)));
                }
                lines.push(arms.mark(norm, Shape::Line(Stroke::Dashed, curve(|place| place.best))));
                lines.push(arms.mark(norm, Shape::Line(Stroke::Solid, curve(|place| place.last))));
                front.push(arms.mark(norm, Shape::Markers(curve(|place| place.last))));
            }
            let is_lost = |(_, points): &&(f64, Vec<&Point>)| {
                runs_at(arms.summary, norm, points[0]).any(|run| !run.is_complete())
            };
            let lost: Vec<(f64, f64)> =
                self.values.iter().filter(is_lost).map(|(value, _)| (*value, edge)).collect();
            front.push(arms.mark(norm, Shape::Crosses(lost)));
        }
        self.plot(arms, metric, y, [bands, lines, front].concat())
    }

    /// A dot for each point, and a line through the best at each value.
    fn slice(&self, arms: Arms<'_>, metric: Metric) -> Plot {
        let (mut marks, mut all) = (Vec::new(), Vec::new());
        for &norm in &arms.summary.norms {
            let (mut dots, mut best) = (Vec::new(), Vec::new());
            for (value, points) in &self.values {
                let means =
                    points.iter().filter_map(|point| Place::of(arms.summary, norm, point, metric, *value));
                let means: Vec<f64> = means.map(|place| place.last).collect();
                dots.extend(means.iter().map(|&mean| (*value, mean)));
                best.extend(means.iter().copied().reduce(f64::min).map(|mean| (*value, mean)));
            }
            all.extend(dots.iter().map(|(_, mean)| *mean));
            marks.push(arms.mark(norm, Shape::Dots(evenly(MAX_DOTS, dots))));
            marks.push(arms.mark(norm, Shape::Line(Stroke::Solid, best.clone())));
            marks.push(arms.mark(norm, Shape::Markers(best)));
        }
        self.plot(arms, metric, score_axis(all.into_iter(), true), marks)
    }

    fn plot(&self, arms: Arms<'_>, metric: Metric, y: Axis, marks: Vec<PlotMark>) -> Plot {
        let task = arms.summary.task;
        let title = match metric.is_gain() {
            true => task.quality().to_owned(),
            false => format!("loss ({})", task.loss_unit()),
        };
        let x_title = shortened(&self.key);
        Plot { title, x_title, x: self.x(), y, other_y: None, marks, readout: None, size: PANEL }
    }
}

fn score_axis(scores: impl Iterator<Item = f64>, is_loss: bool) -> Axis {
    let scale = if is_loss { AxisScale::Log } else { AxisScale::Linear };
    Axis::around(scale, scores.map(|score| score.max(LOWEST_SCORE)), 0.06, 7)
}

fn runs_at<'a>(summary: &'a Summary, norm: Norm, point: &Point) -> impl Iterator<Item = &'a RunSummary> {
    summary.runs.iter().filter(move |run| run.norm == norm && run.point.as_ref() == Some(point))
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
    fn of(summary: &Summary, norm: Norm, point: &Point, metric: Metric, setting: f64) -> Option<Self> {
        let complete: Vec<&RunSummary> =
            runs_at(summary, norm, point).filter(|run| run.is_complete()).collect();
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

fn legend(arms: Arms<'_>, is_curve: bool) -> Vec<LegendEntry> {
    let mut legend = arms.legend();
    let groups = &arms.summary.groups;
    let mut add = |sample, label: &str| legend.push(LegendEntry::new(sample, label));
    if !is_curve {
        add(Sample::Dot, "a grid point");
        return legend;
    }
    add(Sample::Stroke(Stroke::Solid), "after the last epoch");
    add(Sample::Stroke(Stroke::Dashed), "at the best epoch");
    if groups.iter().any(|group| 1 < group.n_completed) {
        add(Sample::Band, "range over seeds");
    }
    if groups.iter().any(|group| group.n_completed < group.n_runs) {
        add(Sample::Cross, "some runs were lost or interrupted");
    }
    legend
}

/// The points, for each norm from the lowest loss to the highest.
fn table(arms: Arms<'_>) -> Table {
    let quality = format!("final {}", arms.summary.task.quality());
    let mut table = Table::new(["norm", "point", "final loss", "best loss", &quality, "lost runs"]);
    let mut groups: Vec<_> = arms.summary.groups.iter().collect();
    let key = |mean: Option<f64>| mean.unwrap_or(f64::INFINITY);
    groups.sort_by(|left, right| key(left.best_loss.mean).total_cmp(&key(right.best_loss.mean)));
    for group in groups {
        let settings = group.point.as_ref().map(|point| settings_with(group.norm.name(), &point.settings));
        let settings = settings.filter(|settings| !settings.is_empty());
        let point = settings.map_or_else(|| NO_NUMBER.to_owned(), |settings| shortened(&settings));
        table.rows.push(vec![
            arms.label(group.norm),
            point,
            mean_and_spread(&group.final_loss),
            mean_and_spread(&group.best_loss),
            group.final_quality.mean.map_or_else(|| NO_NUMBER.to_owned(), four_digits),
            format!("{} of {}", group.n_lost, group.n_runs),
        ]);
    }
    table.at_most(MAX_ROWS, "summary.json")
}
