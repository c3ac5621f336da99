//! The measures beside the primary one.

use crate::config::ComparedMeasure;
use crate::experiment::statistics::PairedComparison;
use crate::experiment::{MeasuredOn, Summary};
use crate::report::text::layout::{Align, WIDEST, aligned, wrapped};
use crate::report::text::number::{compared, median, p_value};

/// A table for two norms without a grid; empty otherwise, because `summary.json` has them.
pub(crate) fn other_measures(summary: &Summary) -> String {
    let [comparison] = &summary.comparisons[..] else { return String::new() };
    let others = comparison.measures.get(1..).unwrap_or_default();
    if others.iter().all(|found| found.comparison.n_pairs == 0) {
        return String::new();
    }
    let mut rows = Vec::new();
    for found in others {
        let of = &found.comparison;
        let mut row = vec![format!("  {}", measure_name(summary, found.measure)), compared(of)];
        if let Some(p) = of.adjusted_p_value.filter(|_| 1 < of.n_pairs) {
            row.push(format!("p = {}", p_value(p)));
        }
        row.resize(3, String::new());
        rows.push(row);
    }
    let what = match others.iter().any(|found| found.comparison.simultaneous_interval.is_some()) {
        true => format!(": mean ({} % intervals that hold all at once)", 100.0 * summary.confidence),
        false => String::new(),
    };
    let names = format!("{} and {}", comparison.norm.name(), comparison.other.name());
    let skewed = comparison.measures.iter().filter(|found| found.comparison.is_skewed());
    let skewed = skewed.filter_map(|found| {
        Some(format!("{} {}", measure_name(summary, found.measure), median(&found.comparison)?))
    });
    let skewed: Vec<String> = skewed.collect();
    let mut notes = Vec::new();
    if !skewed.is_empty() {
        notes.push(format!(
            "skewed, so here is the median, too (signed-rank interval of this measure alone): {}",
            skewed.join("; ")
        ));
    }
    let all: Vec<&PairedComparison> = comparison.measures.iter().map(|found| &found.comparison).collect();
    notes.extend(explanations(&all));
    let notes: String = notes.iter().map(|note| wrapped(WIDEST, "  ", "    ", note)).collect();
    format!("{names}, other measures{what}\n{}{notes}", aligned(&[Align::Left; 3], &rows))
}

/// What a mean leaves out, if any of these leaves a pair out.
pub(crate) fn left_out<'a>(
    mut comparisons: impl Iterator<Item = &'a PairedComparison>,
) -> Option<&'static str> {
    let has_lost = |of: &PairedComparison| 0 < of.n_not_in_mean && of.mean.is_some();
    comparisons.any(has_lost).then_some(
        "where a run of a pair is lost, mean and interval are of the other pairs; \"better in\" and p are of all",
    )
}

/// Why intervals and p values of the measures of two norms do not agree, if they do not; the first one is the primary
/// measure.
pub(crate) fn explanations(measures: &[&PairedComparison]) -> Vec<String> {
    let [primary, others @ ..] = measures else { return Vec::new() };
    let bound = primary.adjusted_p_value;
    let is_bounded = |of: &&&PairedComparison| {
        of.adjusted_p_value == bound && of.p_value.zip(bound).is_some_and(|(p, bound)| p < bound)
    };
    let (bounded, free): (Vec<_>, Vec<_>) = others.iter().partition(is_bounded);
    let mut notes = Vec::new();
    if !primary.is_clear() && !bounded.is_empty() {
        notes.push(
            "p of other measures is at least that of the primary one: as that is not clear, none of them is called clear"
                .to_owned(),
        );
    }
    let free = free.into_iter().chain([primary]).copied();
    notes.extend(explanation(free).map(str::to_owned));
    notes
}

/// Why intervals and p values of these do not agree, if they do not.
pub(crate) fn explanation<'a>(
    mut comparisons: impl Iterator<Item = &'a PairedComparison> + Clone,
) -> Option<&'static str> {
    comparisons.clone().find(|of| of.needs_explanation())?;
    let is_sequential = comparisons.clone().any(|of| of.is_sequential);
    Some(match (is_sequential, comparisons.any(PairedComparison::is_cut)) {
        (true, _) => "p is of the e-value, intervals are confidence sequences: the two may disagree",
        (_, true) => "p is of the sign-flip test, intervals are Student's, cut at the measure's ends",
        (_, false) => "p is of the sign-flip test, intervals are Student's: the two may disagree",
    })
}

/// Such as `final validation loss`.
pub(crate) fn measure_name(summary: &Summary, measure: ComparedMeasure) -> String {
    let rows = match summary.measured_on {
        MeasuredOn::ValidationRows => "validation",
        MeasuredOn::TrainingRows => "training",
    };
    let (when, rows, what) = match measure {
        ComparedMeasure::FinalLoss => ("final ", rows, "loss"),
        ComparedMeasure::BestLoss => ("best ", rows, "loss"),
        ComparedMeasure::FinalAccuracy => ("final ", rows, "accuracy"),
        ComparedMeasure::BestAccuracy => ("best ", rows, "accuracy"),
        ComparedMeasure::FinalR2 => ("final ", rows, "R2"),
        ComparedMeasure::BestR2 => ("best ", rows, "R2"),
        ComparedMeasure::FinalTrainEvalLoss => ("final ", "training", "loss"),
        ComparedMeasure::TestLoss => ("", "test", "loss"),
        ComparedMeasure::TestAccuracy => ("", "test", "accuracy"),
        ComparedMeasure::TestR2 => ("", "test", "R2"),
    };
    format!("{when}{rows} {what}")
}
