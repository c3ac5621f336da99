//! Decisions at thresholds, as text.

use crate::metrics::{DecisionCounts, Interval, share_of};
use crate::report::text::layout::{Align, aligned};
use crate::report::text::number::{NO_NUMBER, four_digits};

/// A line for each threshold; `costs` are those of a false positive and of a false negative.
pub fn decision_table(decisions: &[(&str, f64, DecisionCounts)], costs: Option<(f64, f64)>) -> String {
    if decisions.is_empty() {
        return String::new();
    }
    let mut head = vec!["", "threshold", "precision (95 %)", "recall (95 %)", "tp", "fp", "fn", "tn"];
    if costs.is_some() {
        head.insert(2, "cost per row");
    }
    let mut rows = vec![head.into_iter().map(str::to_owned).collect::<Vec<_>>()];
    for (name, threshold, counts) in decisions {
        let DecisionCounts { true_positives: tp, false_positives: fp, false_negatives, true_negatives } =
            *counts;
        let mut row = vec![(*name).to_owned(), format!("{threshold:.4}")];
        row.extend(costs.map(|(fp, fal)| four_digits(counts.cost(fp, fal))));
        row.extend([with_interval(tp, tp + fp), with_interval(tp, tp + false_negatives)]);
        row.extend([tp, fp, false_negatives, true_negatives].map(|count| count.to_string()));
        rows.push(row);
    }
    let columns = [&[Align::Left][..], &vec![Align::Right; rows[0].len() - 1]].concat();
    aligned(&columns, &rows)
}

fn with_interval(part: usize, whole: usize) -> String {
    match share_of(part, whole) {
        Some(Interval { low, high }) => {
            format!("{:.2} ({low:.2} to {high:.2})", part as f64 / whole as f64)
        }
        None => NO_NUMBER.to_owned(),
    }
}
