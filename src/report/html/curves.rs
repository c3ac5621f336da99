//! The files about the curves of a model's classes: tables, charts and a page.

use maud::html;
use serde::Serialize;

use crate::metrics::ClassCurves;
use crate::report::chart::figures::class_curves::{NamedCurves, curve_figures, curves_figure};
use crate::report::chart::style::SERIES_STYLES;
use crate::report::html::page::{page, section};
use crate::text::shortened;

/// The names of the files of [`curve_files`].
pub const CURVE_FILES: [&str; 7] = [
    "curves.csv",
    "reliability.csv",
    "roc.svg",
    "precision_recall.svg",
    "lift.svg",
    "reliability.svg",
    "curves.html",
];

/// A row of `curves.csv`.
#[derive(Serialize)]
struct CurveRow<'a> {
    class: &'a str,
    threshold: Option<f64>,
    rows: f64,
    true_positive_rate: f64,
    false_positive_rate: f64,
    precision: Option<f64>,
    lift: Option<f64>,
}

/// A row of `reliability.csv`.
#[derive(Serialize)]
struct ReliabilityRow<'a> {
    class: &'a str,
    low: f64,
    high: f64,
    rows: u64,
    mean_probability: f64,
    share: Option<f64>,
    interval_low: Option<f64>,
    interval_high: Option<f64>,
}

/// All files about the curves of classes, of which `names` has all: name and content. `model` and `data` name what was
/// evaluated.
///
/// # Errors
///
/// If a table cannot be written as CSV, which does not happen in memory.
pub fn curve_files(
    curves: &[ClassCurves],
    names: &[String],
    model: &str,
    data: &str,
) -> Result<Vec<(String, Vec<u8>)>, csv::Error> {
    let named = NamedCurves { curves, names };
    let title = format!("{} on {}", shortened(model), shortened(data));
    let points = curves.iter().flat_map(|of_class| {
        of_class.points.iter().map(move |point| CurveRow {
            class: &names[of_class.class],
            threshold: point.threshold.is_finite().then_some(point.threshold),
            rows: point.rows,
            true_positive_rate: point.true_positive_rate,
            false_positive_rate: point.false_positive_rate,
            precision: of_class.precision(point),
            lift: of_class.lift(point),
        })
    });
    let bins = curves.iter().flat_map(|of_class| {
        of_class.reliability.iter().map(move |bin| ReliabilityRow {
            class: &names[of_class.class],
            low: bin.low,
            high: bin.high,
            rows: bin.rows,
            mean_probability: bin.mean_probability,
            share: bin.share.value,
            interval_low: bin.share.interval.map(|interval| interval.low),
            interval_high: bin.share.interval.map(|interval| interval.high),
        })
    });
    let mut files =
        vec![("curves.csv".to_owned(), csv_of(points)?), ("reliability.csv".to_owned(), csv_of(bins)?)];
    let charts = curve_figures(&title, named);
    files.extend(charts.into_iter().map(|(name, figure)| (format!("{name}.svg"), figure.svg().into_bytes())));
    let file = |name: &str| html! { a href=(name) { code { (name) } } };
    let body = html! {
        header {
            h1 { (title) }
            p.sub { "bntrain " (env!("CARGO_PKG_VERSION")) }
        }
        (section("curves", "Curves of the classes", curves_figure(&title, named).html(&file)))
    };
    files.push(("curves.html".to_owned(), page(&title, SERIES_STYLES.len(), None, &body).into_bytes()));
    Ok(files)
}

fn csv_of(rows: impl Iterator<Item = impl Serialize>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
