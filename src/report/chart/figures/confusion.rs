//! Which classes are taken for which.

use std::collections::BTreeMap;

use crate::experiment::Summary;
use crate::nn::Norm;
use crate::report::chart::figure::{Figure, Panel};
use crate::report::chart::figures::arms::Arms;
use crate::report::chart::matrix::ConfusionMatrix;
use crate::report::results::{ConfusionRow, RunResults};
use crate::report::table::Table;
use crate::text::shortened_to;

/// Classes of a matrix that can be read.
const MAX_CLASSES: usize = 16;
/// Matrices side by side.
const MAX_PANELS: usize = 4;
/// Rows of the table.
const MAX_MISTAKES: usize = 40;
/// Characters of a class.
const MAX_NAME: usize = 12;

/// Rows by true and predicted class.
type Counts<'a> = BTreeMap<(&'a str, &'a str), u64>;

/// A matrix for each of the first norms, summed over the seeds; the table has the most frequent mistakes. Of the test
/// rows if there are any, and with a grid at the best point of each norm. None of regression.
pub(crate) fn confusion(title: &str, arms: Arms<'_>, run: &RunResults) -> Option<Figure> {
    let set = ["test_rows", "validation_rows"];
    let set = set.into_iter().find(|set| run.confusion.iter().any(|row| row.rows == *set))?;
    let counts: Vec<(Norm, Counts<'_>)> = arms
        .summary
        .norms
        .iter()
        .map(|&norm| (norm, counts(arms.summary, norm, set, &run.confusion)))
        .collect();
    let classes: Vec<&str> =
        run.run["classes"].as_array()?.iter().filter_map(|class| class.as_str()).collect();
    let plots = match classes.len() {
        1..=MAX_CLASSES => counts
            .iter()
            .filter(|(_, counts)| !counts.is_empty())
            .take(MAX_PANELS)
            .map(|(norm, counts)| Panel::Matrix(matrix(arms.label(*norm), &classes, counts)))
            .collect(),
        _ => Vec::new(),
    };
    let table = table(arms, &counts);
    if plots.is_empty() && table.rows.is_empty() {
        return None;
    }
    let rows = if set == "test_rows" { "test rows" } else { "validation rows" };
    let n_left_out = counts.len().saturating_sub(MAX_PANELS);
    let mut notes = vec![format!(
        "The saved weights on the {rows}, summed over the seeds; mistakes are shaded more strongly."
    )];
    let lost = lost_runs(arms, set, &run.confusion);
    if plots.is_empty() {
        notes = vec![format!(
            "{} classes are too many for a matrix; the table has the most frequent mistakes.",
            classes.len()
        )];
    } else if 0 < n_left_out {
        notes.push(format!("{n_left_out} further norms are in confusion.csv."));
    }
    notes.extend(lost);
    Some(Figure {
        name: "confusion",
        title: title.to_owned(),
        plots,
        legend: Vec::new(),
        notes,
        table,
        source: "confusion.csv",
    })
}

/// Says which lost or interrupted runs are in the sums, although means leave them out.
fn lost_runs(arms: Arms<'_>, set: &str, rows: &[ConfusionRow]) -> Option<String> {
    let of_norm = |&norm: &Norm| {
        let best = arms.summary.best_group(norm).and_then(|group| group.point.as_ref());
        let is_counted = |seed: u64| {
            let point = best.map(|point| point.settings.as_str()).unwrap_or_default();
            rows.iter().any(|row| {
                row.norm == norm.name() && row.point == point && row.rows == set && row.seed == seed
            })
        };
        let runs = arms.summary.runs.iter().filter(|run| run.norm == norm && run.point.as_ref() == best);
        let counted: Vec<_> = runs.filter(|run| is_counted(run.seed)).collect();
        let n_lost = counted.iter().filter(|run| !run.is_complete()).count();
        (0 < n_lost).then(|| format!("{n_lost} of {} with {}", counted.len(), arms.label(norm)))
    };
    let lost: Vec<String> = arms.summary.norms.iter().filter_map(of_norm).collect();
    (!lost.is_empty()).then(|| {
        format!(
            "The sums have lost and interrupted runs as well, which means leave out: {}.",
            lost.join(", ")
        )
    })
}

fn counts<'a>(summary: &Summary, norm: Norm, set: &str, rows: &'a [ConfusionRow]) -> Counts<'a> {
    let best = summary.best_group(norm).and_then(|group| group.point.as_ref());
    let point = best.map(|point| point.settings.as_str()).unwrap_or_default();
    let mut counts = Counts::new();
    for row in rows.iter().filter(|row| row.norm == norm.name() && row.point == point && row.rows == set) {
        let count = counts.entry((&row.truth, &row.prediction)).or_default();
        *count = count.saturating_add(row.count);
    }
    counts
}

fn matrix(title: String, classes: &[&str], counts: &Counts<'_>) -> ConfusionMatrix {
    let count = |truth: &str, prediction: &str| counts.get(&(truth, prediction)).copied().unwrap_or(0);
    let row = |truth: &&str| classes.iter().map(|prediction| count(truth, prediction)).collect();
    ConfusionMatrix {
        title,
        counts: classes.iter().map(row).collect(),
        classes: classes.iter().map(|class| shortened_to(class, MAX_NAME)).collect(),
    }
}

/// The mistakes of all norms together, the most frequent first.
fn table(arms: Arms<'_>, counts: &[(Norm, Counts<'_>)]) -> Table {
    let mut pairs: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for ((truth, prediction), count) in counts.iter().flat_map(|(_, counts)| counts) {
        if truth != prediction {
            let sum: &mut u64 = pairs.entry((truth, prediction)).or_default();
            *sum = sum.saturating_add(*count);
        }
    }
    let mut pairs: Vec<_> = pairs.into_iter().collect();
    pairs.sort_by_key(|&(pair, count)| (std::cmp::Reverse(count), pair));
    let head = ["true class", "predicted"].map(str::to_owned).into_iter();
    let head = head.chain(counts.iter().map(|(norm, _)| arms.label(*norm))).collect();
    let row = |(pair, _): ((&str, &str), u64)| {
        let of = |(_, counts): &(Norm, Counts<'_>)| counts.get(&pair).copied().unwrap_or(0).to_string();
        let names = [pair.0, pair.1].map(|class| shortened_to(class, 40)).into_iter();
        names.chain(counts.iter().map(of)).collect()
    };
    Table { head, rows: pairs.into_iter().map(row).collect(), left_out: None }
        .at_most(MAX_MISTAKES, "confusion.csv")
}
