//! The saved weights on held-out rows, next to baselines.

use crate::experiment::{HoldoutSet, Subject, Summary};
use crate::report::chart::axis::{Axis, AxisScale};
use crate::report::chart::figure::{Figure, LegendEntry, Panel, Sample};
use crate::report::chart::figures::arms::Arms;
use crate::report::chart::plot::{Plot, PlotMark, Shape, Stroke};
use crate::report::table::Table;
use crate::report::text::summary::final_metrics::{Contender, completed_seeds, contenders, unconverged_note};
use crate::text::{shortened, shortened_to};

/// Height of a row, in pixels.
const ROW: f64 = 27.0;
/// Panels at most.
const MAX_PANELS: usize = 2;
/// Characters of the name of a row.
const MAX_NAME: usize = 26;

/// A panel for each of two metrics, a row for each norm and the linear model; the table has all metrics and also the
/// constant prediction. Of the test rows if there are any, otherwise of the validation rows. None without them.
pub(crate) fn contender_figure(title: &str, arms: Arms<'_>) -> Option<Figure> {
    let sets = [(HoldoutSet::TestRows, "test rows"), (HoldoutSet::ValidationRows, "validation rows")];
    let (name, found) = sets.iter().find_map(|(rows, name)| {
        let found = contenders(arms.summary, arms.labels, *rows);
        (!found.is_empty()).then_some((*name, found))
    })?;
    let metrics: Vec<&str> = found[0].metrics();
    let shown: Vec<&Contender<'_>> =
        found.iter().filter(|contender| contender.of != Subject::Constant).collect();
    let panels = chosen(&metrics).into_iter().map(|metric| Panel::plot(panel(arms, metric, &shown)));
    let n_runs = arms.summary.runs.len();
    let of = if n_runs == 1 { "over the rows" } else { "of the mean over seeds" };
    let mut notes = vec![format!("The saved weights on the {name}; lines are 95 % intervals {of}.")];
    if let Some(of) = completed_seeds(&found) {
        notes.push(format!("Of completed seeds: {of}."));
    }
    if arms.summary.has_grid() {
        notes.push("Each norm at its best grid point, which was chosen on the validation rows.".to_owned());
    }
    notes.extend(unconverged_note(arms.summary));
    notes.push("The constant prediction is in the table.".to_owned());
    Some(Figure {
        name: "baselines",
        title: shortened(title),
        plots: panels.collect(),
        legend: vec![LegendEntry::new(Sample::Stroke(Stroke::Thick), "95 % interval")],
        notes,
        table: table(&metrics, &found, arms.summary),
        source: "summary.json",
    })
}

/// The metrics that are drawn.
fn chosen<'m>(metrics: &[&'m str]) -> Vec<&'m str> {
    let wanted = ["accuracy", "log_loss", "rmse", "r2"];
    let is_wanted = |metric: &&&str| wanted.iter().any(|wanted| metric.rsplit('.').next() == Some(wanted));
    let found: Vec<&str> = metrics.iter().filter(is_wanted).copied().take(MAX_PANELS).collect();
    if found.is_empty() { metrics.iter().copied().take(MAX_PANELS).collect() } else { found }
}

fn panel(arms: Arms<'_>, metric: &str, contenders: &[&Contender<'_>]) -> Plot {
    let mut marks = Vec::new();
    let mut all = Vec::new();
    for (index, contender) in contenders.iter().enumerate() {
        let Some(measure) = contender.measure(arms.summary, metric) else { continue };
        let Some(value) = measure.value else { continue };
        let y = Axis::row(index);
        let arm = contender.norm.filter(|_| contender.of == Subject::Network).map(|norm| arms.arm(norm));
        all.push(value);
        if let Some(interval) = measure.interval {
            all.extend([interval.low, interval.high]);
            let span = vec![(interval.low, y), (interval.high, y)];
            marks.push(PlotMark { arm, shape: Shape::Line(Stroke::Thick, span) });
        }
        marks.push(PlotMark { arm, shape: Shape::Markers(vec![(value, y)]) });
    }
    let scale =
        if metric.ends_with("loss") { AxisScale::fitting(all.iter().copied()) } else { AxisScale::Linear };
    let name = |contender: &&Contender<'_>| shortened_to(&contender.name, MAX_NAME);
    Plot {
        title: shortened(metric),
        x_title: shortened(metric),
        x: Axis::around(scale, all, 0.06, 6),
        y: Axis::rows(contenders.iter().map(name)),
        other_y: None,
        marks,
        readout: None,
        size: (480.0, 72.0 + ROW * (contenders.len() as f64 + 0.2)),
    }
}

fn table(metrics: &[&str], contenders: &[Contender<'_>], summary: &Summary) -> Table {
    let head = std::iter::once(String::new()).chain(metrics.iter().map(|metric| shortened(metric))).collect();
    let row = |contender: &Contender<'_>| {
        let cells = metrics.iter().map(|metric| contender.mean_and_interval(summary, metric));
        std::iter::once(contender.name.clone()).chain(cells).collect()
    };
    Table { head, rows: contenders.iter().map(row).collect(), left_out: None }
}
