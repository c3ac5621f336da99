//! Metrics of each class, and the confusion matrix.

use std::cmp::Ordering;

use crate::eval::Evaluation;
use crate::metrics::{CONFIDENCE, ClassMeasures, Classification, Measure};
use crate::report::text::evaluation::metric::measure_and_interval;
use crate::report::text::layout::{Align, WIDEST, aligned, aligned_within, indented};
use crate::report::text::number::NO_NUMBER;
use crate::text::shortened;

/// The most classes that are shown one by one.
const MOST_CLASSES: usize = 30;
/// Of more classes, how many are.
const SHOWN_CLASSES: usize = 20;
/// The most mistakes that are listed.
const MOST_MISTAKES: usize = 10;

/// Rows, precision, recall and F1 of each class; of many classes, those with the lowest F1.
pub(crate) fn class_table(evaluation: &Evaluation, metrics: &Classification) -> String {
    let mut classes: Vec<(&String, &ClassMeasures)> = evaluation.names.iter().zip(&metrics.classes).collect();
    let n_classes = classes.len();
    let mut about = String::new();
    if n_classes > MOST_CLASSES {
        // Classes without a value come last.
        let f1 = |class: &ClassMeasures| class.f1.value.unwrap_or(f64::INFINITY);
        classes.sort_by(|(_, a), (_, b)| f1(a).partial_cmp(&f1(b)).unwrap_or(Ordering::Equal));
        classes.truncate(SHOWN_CLASSES);
        about = format!("the {SHOWN_CLASSES} of {n_classes} classes with the lowest f1; --json has all\n");
    }
    let shares =
        ["precision", "recall", "f1"].map(|name| format!("{name} ({} % interval)", 100.0 * CONFIDENCE));
    let heads = ["class", "rows", "predicted"].map(str::to_owned);
    let mut rows = vec![heads.into_iter().chain(shares).collect::<Vec<_>>()];
    rows.extend(classes.into_iter().map(|(name, class)| {
        let counts = [shortened(name), class.rows.to_string(), class.predicted.to_string()];
        counts.into_iter().chain(class.measures().map(|(name, measure)| share(name, measure))).collect()
    }));
    let (left, right) = (Align::Left, Align::Right);
    aligned_within(WIDEST, 1, &[left, right, right, left, left, left], &rows) + &about
}

/// A metric with its interval, if it has one.
fn share(name: &str, measure: Measure) -> String {
    let (value, interval) = measure_and_interval(name, measure);
    if interval == NO_NUMBER { value } else { format!("{value} {interval}") }
}

/// The confusion matrix if it fits, otherwise its most frequent mistakes.
pub(crate) fn confusion(evaluation: &Evaluation, metrics: &Classification) -> String {
    let n_classes = evaluation.names.len();
    if n_classes <= MOST_CLASSES {
        let table = indented("  ", &matrix(evaluation, metrics));
        if table.lines().all(|line| line.chars().count() <= WIDEST) {
            return format!("confusion matrix: true classes down, predicted classes across\n{table}");
        }
    }
    let mistakes = metrics.confusion.mistakes();
    if mistakes.is_empty() {
        return String::new();
    }
    let shown = mistakes.len().min(MOST_MISTAKES);
    let heading = match shown == mistakes.len() {
        true => "misclassified rows, the most frequent pairs first".to_owned(),
        false => {
            format!("misclassified rows: the {shown} most frequent of {} pairs of classes", mistakes.len())
        }
    };
    let mut rows = vec![["rows", "true class", "predicted"].map(str::to_owned).to_vec()];
    let name = |class: u32| shortened(&evaluation.names[class as usize]);
    rows.extend(
        mistakes
            .into_iter()
            .take(shown)
            .map(|(truth, prediction, count)| vec![count.to_string(), name(truth), name(prediction)]),
    );
    let table = aligned(&[Align::Right, Align::Left, Align::Left], &rows);
    format!("{heading}\n{}", indented("  ", &table))
}

fn matrix(evaluation: &Evaluation, metrics: &Classification) -> String {
    let names: Vec<String> = evaluation.names.iter().map(|name| shortened(name)).collect();
    let heading = std::iter::once(String::new()).chain(names.iter().cloned()).collect();
    let classes = 0..names.len() as u32;
    let cell = |rows: u64| if rows == 0 { ".".to_owned() } else { rows.to_string() };
    let row = |(truth, name): (u32, &String)| {
        let cells = classes.clone().map(|prediction| cell(metrics.confusion.rows(truth, prediction)));
        std::iter::once(name.clone()).chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = std::iter::once(heading).chain((0..).zip(&names).map(row)).collect();
    let mut columns = vec![Align::Right; names.len() + 1];
    columns[0] = Align::Left;
    aligned(&columns, &rows)
}
