//! How soon runs come to a bound.

use crate::experiment::{NormComparison, SeedTimes, Summary, TimeToBound, TimesToBound};
use crate::nn::Norm;
use crate::report::answer::metric_name;
use crate::report::chart::axis::{Axis, AxisScale};
use crate::report::chart::figure::{Figure, LegendEntry, Panel, Sample};
use crate::report::chart::figures::arms::Arms;
use crate::report::chart::figures::curves::PANEL;
use crate::report::chart::plot::{Plot, PlotMark, Shape, Stroke, evenly};
use crate::report::table::Table;
use crate::report::text::number::{four_digits, mean_with};
use crate::text::{Count, shortened};

/// Steps of a staircase.
const MAX_STEPS: usize = 150;
/// Rows of the table.
const MAX_ROWS: usize = 40;

/// The share of the runs that have come to the bound, by step, for the pair of norms with the best results; with
/// a few runs, each step is a run. None without a bound that both can reach.
pub(crate) fn survival(title: &str, arms: Arms<'_>) -> Option<Figure> {
    let comparison = best_pair(arms.summary)?;
    let time = comparison.time_to_bound.as_ref()?;
    let norms = [(comparison.norm, &time.norm), (comparison.other, &time.other)];
    let mut marks = Vec::new();
    for (norm, times) in norms {
        add_curve(&mut marks, arms, norm, times, time.budget);
    }
    let name = format!("{} of {}", metric_name(time.metric), four_digits(time.bound));
    let share = Axis::around(AxisScale::Linear, [0.0, 1.0], 0.03, 5);
    let steps = Axis::whole(0, time.budget, 7);
    let plot = Plot {
        title: format!("runs that got to a {name}"),
        x_title: "step".to_owned(),
        x: steps,
        y: share,
        other_y: None,
        marks,
        readout: None,
        size: PANEL,
    };
    let entry = |(norm, _)| LegendEntry::new(Sample::Arm(arms.arm(norm)), arms.label(norm));
    let mut legend: Vec<LegendEntry> = norms.map(entry).into();
    if 2 < time.by_seed.len() {
        legend.push(LegendEntry::new(Sample::Band, "95 % interval"));
    }
    Some(Figure {
        name: "time_to_bound",
        title: shortened(title),
        plots: vec![Panel::plot(plot)],
        legend,
        notes: notes(arms, comparison, time),
        table: table(arms, comparison, &time.by_seed),
        source: "summary.json",
    })
}

/// The pair at the point with the lowest losses, of those with a bound.
fn best_pair(summary: &Summary) -> Option<&NormComparison> {
    let loss = |norm: Norm, comparison: &NormComparison| {
        let group = summary.groups.iter().find(|group| group.norm == norm && group.point == comparison.point);
        group.and_then(|group| group.best_loss.mean).unwrap_or(f64::INFINITY)
    };
    let with_bound = summary.comparisons.iter().filter(|comparison| comparison.time_to_bound.is_some());
    let of_both =
        |comparison: &&NormComparison| loss(comparison.norm, comparison) + loss(comparison.other, comparison);
    with_bound.min_by(|left, right| of_both(left).total_cmp(&of_both(right)))
}

fn add_curve(marks: &mut Vec<PlotMark>, arms: Arms<'_>, norm: Norm, times: &TimesToBound, budget: u64) {
    let (mut line, mut band) = (vec![(0.0, 0.0)], vec![(0.0, 0.0, 0.0)]);
    for step in evenly(MAX_STEPS, times.curve.clone()) {
        let (x, share) = (step.step as f64, 1.0 - step.share);
        line.push((x, share));
        let (low, high) =
            step.interval.map_or((share, share), |interval| (1.0 - interval.high, 1.0 - interval.low));
        band.push((x, low, high));
    }
    let markers = line.iter().skip(1).copied().collect();
    if let (Some(&(_, share)), Some(&(_, low, high))) = (line.last(), band.last()) {
        line.push((budget as f64, share));
        band.push((budget as f64, low, high));
    }
    if 2 < times.curve.iter().map(|step| step.events).sum::<usize>() {
        marks.push(arms.mark(norm, Shape::StepBand(band)));
    }
    marks.push(arms.mark(norm, Shape::Steps(Stroke::Solid, line)));
    marks.push(arms.mark(norm, Shape::Markers(markers)));
}

fn notes(arms: Arms<'_>, comparison: &NormComparison, time: &TimeToBound) -> Vec<String> {
    let of = |norm: Norm, times: &TimesToBound| {
        let n = time.by_seed.len();
        let median =
            times.median_step.map_or_else(|| format!("more than {}", time.budget), |step| step.to_string());
        let mean = four_digits(times.restricted_mean);
        let norm = arms.label(norm);
        format!(
            "{norm}: {} of {n} runs get there, in a median of {median} steps, a mean of {mean}.",
            times.n_reached
        )
    };
    let mut notes = vec![of(comparison.norm, &time.norm), of(comparison.other, &time.other)];
    notes.push(format!("In means, what takes longer than {} steps counts as that.", time.budget));
    notes.extend(difference(arms, comparison, time));
    notes.push(
        "Measured after each epoch. By Kaplan and Meier: runs that stopped early are censored, runs that diverged never get there."
            .to_owned(),
    );
    if let Some(point) = &comparison.point {
        notes.push(format!("At {}, where the losses are lowest.", shortened(&point.settings)));
    } else if 1 < arms.summary.comparisons.len() {
        notes.push("The pair with the lowest losses; each pair has its own bound.".to_owned());
    }
    notes
}

/// The difference of the restricted means, paired by seed.
fn difference(arms: Arms<'_>, comparison: &NormComparison, time: &TimeToBound) -> Option<String> {
    let of = &time.difference;
    of.mean?;
    let shown = mean_with(of, of.interval);
    let difference = match of.interval {
        Some(_) => shown.replacen('(', "(95 % interval ", 1),
        None => shown,
    };
    let [norm, other] = [comparison.norm, comparison.other].map(|norm| arms.label(norm));
    Some(format!(
        "Steps of {norm} minus steps of {other}, mean of {}: {difference}.",
        Count(of.n_pairs, "pair")
    ))
}

fn table(arms: Arms<'_>, comparison: &NormComparison, seeds: &[SeedTimes]) -> Table {
    let (norm, other) = (arms.label(comparison.norm), arms.label(comparison.other));
    let mut table = Table::new(["seed", &format!("{norm}: step"), &format!("{other}: step")]);
    let step = |step: Option<u64>| step.map_or_else(|| "not reached".to_owned(), |step| step.to_string());
    let row = |times: &SeedTimes| vec![times.seed.to_string(), step(times.norm_step), step(times.other_step)];
    table.rows = seeds.iter().map(row).collect();
    table.at_most(MAX_ROWS, "summary.json")
}
