//! What was measured of whole networks while they were trained, over the steps.

use crate::diagnose::{Quantity, RunDiagnostics};
use crate::experiment::Summary;
use crate::experiment::run_id::network_name;
use crate::nn::Norm;
use crate::probe::percentiles;
use crate::report::chart::axis::{Axis, AxisScale};
use crate::report::chart::figure::{Figure, LegendEntry, Panel, Sample};
use crate::report::chart::figures::arms::Arms;
use crate::report::chart::plot::{Plot, PlotMark, Shape, Stroke, evenly};
use crate::report::measured_end::{MeasuredEnd, at_last_steps};
use crate::report::table::Table;
use crate::report::text::number::{NO_NUMBER, four_digits};
use crate::text::shortened;

/// Width and height of a panel, in pixels.
const PANEL: (f64, f64) = (400.0, 220.0);
/// Points of a curve.
const MAX_CURVE: usize = 40;
/// Markers of a curve, about: several curves of a color differ by them.
const MAX_MARKERS: usize = 2;
/// Rows of the table.
const MAX_ROWS: usize = 32;

/// What has a panel, the loss first: without it, a smoothness would praise a network on a plateau.
const PANELS: [(Quantity, &str); 6] = [
    (Quantity::Loss, "loss of the fixed batch"),
    (Quantity::EffectiveSmoothness, "effective smoothness"),
    (Quantity::Sharpness, "sharpness"),
    (Quantity::GradientDistance, "change of the gradient in a step"),
    (Quantity::LossRange, "range of the loss in a step"),
    (Quantity::NoiseScale, "noise scale (rows)"),
];

/// The medians of a norm over its seeds, by step, for each quantity of [`PANELS`] and the residual of the sharpness.
struct Measured {
    norm: Norm,
    end: MeasuredEnd,
    by_quantity: Vec<Vec<(u64, f64)>>,
}

/// A panel for each quantity of whole networks, with a curve for each norm; with a grid, of its best point. About
/// `max_points` points are drawn in all panels together. None where none was measured.
pub(crate) fn network(
    title: &str,
    arms: Arms<'_>,
    runs: &[RunDiagnostics],
    max_points: usize,
) -> Option<Figure> {
    let norms = arms.summary.norms.iter();
    let measured: Vec<Measured> = norms.filter_map(|&norm| Measured::of(arms.summary, norm, runs)).collect();
    let most = (max_points / PANELS.len() / measured.len().max(1)).clamp(10, MAX_CURVE);
    let panels = PANELS.iter().enumerate();
    let panels = panels.filter_map(|(place, (_, name))| panel(arms, &measured, (place, name), most));
    let plots: Vec<Panel> = panels.map(Panel::plot).collect();
    if plots.is_empty() {
        return None;
    }
    let entry = |of: &Measured| LegendEntry::new(Sample::Arm(arms.arm(of.norm)), arms.label(of.norm));
    let mut notes = vec![
        "Medians over the seeds, on a fixed batch of training rows. On a plateau the loss is smooth, too: compare smoothness, \
         sharpness and changes where the losses are the same."
            .to_owned(),
    ];
    let ends = measured.iter().filter_map(|of| of.end.last_step(&arms.label(of.norm)));
    notes.extend(at_last_steps(ends));
    if arms.summary.has_grid() {
        notes.push("Each norm at its best grid point.".to_owned());
    }
    if measured.iter().any(|of| of.by_quantity[NOISE_SCALE].iter().any(|(_, value)| value.is_infinite())) {
        notes.push(
            "The noise scale is infinite, and not drawn, where the noise covers the gradient.".to_owned(),
        );
    }
    Some(Figure {
        name: "network",
        title: shortened(title),
        plots,
        legend: measured.iter().map(entry).collect(),
        notes,
        table: table(arms, &measured),
        source: "diagnostics.csv",
    })
}

/// The place of the noise scale in [`PANELS`].
const NOISE_SCALE: usize = PANELS.len() - 1;

impl Measured {
    /// None where nothing was measured.
    fn of(summary: &Summary, norm: Norm, runs: &[RunDiagnostics]) -> Option<Self> {
        let first = || summary.groups.iter().find(|group| group.norm == norm);
        let group = summary.best_group(norm).or_else(first)?;
        let settings = group.point.as_ref().map(|point| &*point.settings).unwrap_or_default();
        let network = network_name(norm.name(), settings);
        let of_network: Vec<&RunDiagnostics> = runs.iter().filter(|run| run.network == network).collect();
        let quantities =
            PANELS.map(|(quantity, _)| quantity).into_iter().chain([Quantity::SharpnessResidual]);
        let by_quantity: Vec<_> = quantities.map(|quantity| medians(quantity, &of_network)).collect();
        by_quantity.iter().any(|values| !values.is_empty()).then(|| {
            let end = MeasuredEnd::of(summary, &network, of_network.iter().copied());
            Self { norm, end, by_quantity }
        })
    }

    fn at(&self, place: usize, step: u64) -> Option<f64> {
        let values = &self.by_quantity[place];
        values.binary_search_by_key(&step, |(step, _)| *step).ok().map(|index| values[index].1)
    }
}

/// By step.
fn medians(quantity: Quantity, runs: &[&RunDiagnostics]) -> Vec<(u64, f64)> {
    let rows = runs.iter().flat_map(|run| &run.rows);
    let rows = rows.filter(|row| row.quantity == quantity && row.layer.is_none());
    let mut values: Vec<(u64, f64)> = rows.map(|row| (row.step, row.value)).collect();
    values.sort_by_key(|(step, _)| *step);
    let of_step =
        |values: &[(u64, f64)]| (values[0].0, percentiles(values.iter().map(|(_, value)| *value), &[0.5])[0]);
    values.chunk_by(|one, next| one.0 == next.0).map(of_step).collect()
}

fn panel(arms: Arms<'_>, measured: &[Measured], (place, name): (usize, &str), most: usize) -> Option<Plot> {
    let finite = |of: &Measured| -> Vec<(f64, f64)> {
        let values = of.by_quantity[place].iter().filter(|(_, value)| value.is_finite());
        evenly(most, values.map(|&(step, value)| (step as f64, value)).collect())
    };
    let curves: Vec<(Norm, Vec<(f64, f64)>)> = measured.iter().map(|of| (of.norm, finite(of))).collect();
    let values = || curves.iter().flat_map(|(_, curve)| curve).map(|(_, value)| *value);
    values().next()?;
    let last = measured.iter().flat_map(|of| &of.by_quantity[place]).map(|(step, _)| *step).max()?;
    let marks = curves.iter().flat_map(|(norm, curve)| {
        // The curves begin near each other.
        let markers = evenly(MAX_MARKERS, curve.clone()).split_off(usize::from(1 < curve.len()));
        let shapes = [Shape::Line(Stroke::Solid, curve.clone()), Shape::Markers(markers)];
        shapes.map(|shape| arms.mark(*norm, shape))
    });
    let marks: Vec<PlotMark> = marks.collect();
    Some(Plot {
        title: name.to_owned(),
        x_title: "step".to_owned(),
        x: Axis::whole(0, last, 6),
        y: Axis::around(AxisScale::fitting(values()), values(), 0.06, 6),
        other_y: None,
        marks,
        readout: None,
        size: PANEL,
    })
}

/// Some steps of each norm, the first and the last one among them.
fn table(arms: Arms<'_>, measured: &[Measured]) -> Table {
    let mut table = Table::new(["norm", "step"]);
    table.head.extend(PANELS.iter().map(|(_, name)| (*name).to_owned()));
    // Next to what it is of.
    table.head.insert(5, "its residual".to_owned());
    let most = (MAX_ROWS / measured.len().max(1)).max(2);
    let mut n_steps = 0;
    for of in measured {
        let mut steps: Vec<u64> = of.by_quantity.iter().flatten().map(|(step, _)| *step).collect();
        steps.sort_unstable();
        steps.dedup();
        n_steps += steps.len();
        // One more than asked for, where the last step is not one of the evenly spaced.
        for step in evenly(most - 1, steps) {
            let cell = |place: usize| match of.at(place, step) {
                Some(value) if value.is_finite() => four_digits(value),
                Some(value) if value == f64::INFINITY => "infinite".to_owned(),
                _ => NO_NUMBER.to_owned(),
            };
            let mut row = vec![arms.label(of.norm), step.to_string()];
            row.extend((0..PANELS.len()).map(cell));
            row.insert(5, cell(PANELS.len()));
            table.rows.push(row);
        }
    }
    if table.rows.len() < n_steps {
        table.left_out = Some(format!("{} of {n_steps} rows; diagnostics.csv has all.", table.rows.len()));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::DiagnosticRow;
    use crate::experiment::RunRecord;
    use crate::experiment::synthetic::{at_point, diverged, run, twins};
    use crate::report::labels::Labels;

    /// With the value `of(quantity, step)` at steps 0, 10, 20 and so on.
    fn measured(network: &str, seed: u64, n: u64, of: &dyn Fn(Quantity, u64) -> f64) -> RunDiagnostics {
        let row = |step: u64, quantity: Quantity| {
            let value = of(quantity, step);
            DiagnosticRow { epoch: step / 10, step, layer: None, quantity, value }
        };
        let quantities =
            || PANELS.map(|(quantity, _)| quantity).into_iter().chain([Quantity::SharpnessResidual]);
        let rows = (0..n).flat_map(|step| quantities().map(move |quantity| row(10 * step, quantity)));
        RunDiagnostics { network: network.to_owned(), seed, rows: rows.collect() }
    }

    fn drawn(summary: &Summary, runs: &[RunDiagnostics]) -> Option<Figure> {
        network("digits", Arms { summary, labels: &Labels::default() }, runs, 600)
    }

    #[test]
    fn each_quantity_has_a_panel_and_the_table_has_the_loss_beside_the_smoothness() {
        let summary = Summary::of(&twins(3));
        let noise = |quantity, step| match quantity {
            Quantity::NoiseScale if step == 0 => f64::INFINITY,
            Quantity::Loss => 2.0 / (1.0 + step as f64),
            _ => 1.0 + step as f64,
        };
        let mut runs: Vec<RunDiagnostics> =
            (1..=3).map(|seed| measured("batch_norm", seed, 3, &noise)).collect();
        // The median of 5, 6 and 7.
        runs.extend((1..=3).map(|seed| measured("none", seed, 3, &|_, _| 4.0 + seed as f64)));
        let figure = drawn(&summary, &runs).expect("a figure");
        let svg = figure.svg();
        for (_, name) in PANELS {
            assert!(svg.contains(&format!(">{name}</text>")), "{name}");
        }
        assert!(svg.contains("The noise scale is infinite"), "{:?}", figure.notes);
        // Three rows of two panels.
        assert_eq!(svg.matches("transform=\"translate(14 ").count(), 3);
        let head = &figure.table.head;
        assert_eq!(
            head[..6],
            ["norm", "step", "loss of the fixed batch", "effective smoothness", "sharpness", "its residual"]
        );
        let rows: Vec<String> = figure.table.rows.iter().map(|row| row.join(" ")).collect();
        assert_eq!(rows[0], "batch_norm 0 2.000 1.000 1.000 1.000 1.000 1.000 infinite");
        assert_eq!(rows[5], "none 20 6.000 6.000 6.000 6.000 6.000 6.000 6.000");
        assert_eq!(drawn(&summary, &[]).map(|figure| figure.name), None);
    }

    #[test]
    fn curves_of_fewer_seeds_at_the_end_say_so() {
        let mut records = twins(3);
        let note = |records: &[RunRecord], n_steps: [u64; 3]| {
            let one = |_, _| 1.0;
            let of = |network: &str, n_steps: [u64; 3]| {
                (1..).zip(n_steps).map(|(seed, n)| measured(network, seed, n, &one)).collect::<Vec<_>>()
            };
            let runs = [of("batch_norm", [5; 3]), of("none", n_steps)].concat();
            let notes = drawn(&Summary::of(records), &runs).expect("a figure").notes;
            notes.into_iter().find(|note| note.starts_with("Runs differ"))
        };
        assert_eq!(note(&records, [5; 3]), None);
        records
            .iter_mut()
            .filter(|run| run.id.norm == Norm::None)
            .for_each(|run| *run = diverged(run.clone()));
        let expected =
            |end| Some(format!("Runs differ in their numbers of steps: at its last one, none ({end} seeds."));
        assert_eq!(note(&records, [1, 3, 1]), expected("step 20) has 1 of 3"));
        assert_eq!(note(&records, [1; 3]), expected("step 0) has 3 of 3"));
    }

    #[test]
    fn of_a_grid_it_is_the_best_point_and_long_trainings_are_thinned() {
        let point = |index: usize, loss| {
            at_point(run(Norm::BatchNorm, 1, &[2.0, loss]), index, &format!("k={index}"))
        };
        let summary = Summary::of(&[point(1, 1.0), point(2, 0.5)]);
        let of = |index: usize| measured(&format!("batch_norm k={index}"), 1, 1000, &|_, _| index as f64);
        let figure = drawn(&summary, &[of(1), of(2)]).expect("a figure");
        assert!(figure.notes.contains(&"Each norm at its best grid point.".to_owned()));
        assert_eq!(figure.table.rows.last().map(|row| row[1..3].join(" ")), Some("9990 2.000".to_owned()));
        assert!(figure.table.rows.len() <= MAX_ROWS && figure.table.left_out.is_some());
        assert!(figure.svg().len() < 20_000, "{}", figure.svg().len());
    }
}
