//! What came of a training, in three sentences: for the top of a report, and of the text on the terminal.
//!
//! The first one has the verdict with its size and how sure it is, the second what it comes with, the third what
//! it rests on and what would change it.

pub(crate) mod grid;
pub(crate) mod outlook;
pub(crate) mod pair;
pub(crate) mod several;
pub(crate) mod single;
#[cfg(test)]
mod tests;

use crate::config::ComparedMeasure;
use crate::experiment::statistics::{PairedComparison, smallest_sign_flip_p};
use crate::experiment::{GroupSummary, Summary};
use crate::report::labels::Labels;
use crate::text::Count;
use crate::train::{Metric, Outcome};

/// More than there can be.
const MAX_SEEDS: usize = 10_000;
/// Norms that a sentence lists.
pub(crate) const MAX_LISTED: usize = 8;

/// A verdict, and the sentences that give it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) verdict: Verdict,
    pub(crate) sentences: Vec<String>,
}

/// What can be said of the primary measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Norms differ, and not by chance.
    Clear,
    /// Chance can explain what differs.
    NotClear,
    /// With this number of seeds, nothing could be clear.
    TooFewSeeds,
    /// Nothing was compared.
    NoComparison,
    /// Nothing was trained to its end.
    Failed,
}

impl Verdict {
    /// In two or three words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Clear => "a clear difference",
            Self::NotClear => "no clear difference",
            Self::TooFewSeeds => "too few seeds",
            Self::NoComparison => "no comparison",
            Self::Failed => "no result",
        }
    }

    /// The class in the style sheet.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::NotClear => "not-clear",
            Self::TooFewSeeds => "too-few",
            Self::NoComparison => "single",
            Self::Failed => "failed",
        }
    }
}

/// The answer of a summary, with the norms as `labels` call them.
pub(crate) fn answer(summary: &Summary, labels: &Labels) -> Answer {
    if summary.runs.is_empty() {
        return Answer { verdict: Verdict::Failed, sentences: vec!["No run was started.".to_owned()] };
    }
    let mut answer = match (summary.has_grid(), &summary.comparisons[..]) {
        (true, _) => grid::answer(summary, labels),
        (false, []) => single::answer(summary, labels),
        (false, [comparison]) => pair::answer(summary, labels, comparison),
        (false, _) => several::answer(summary, labels),
    };
    answer.sentences.extend(interrupted(summary));
    answer
}

fn interrupted(summary: &Summary) -> Option<String> {
    let is_interrupted = |outcome: &Outcome| matches!(outcome, Outcome::Interrupted { .. });
    let count = summary.runs.iter().filter(|run| is_interrupted(&run.outcome)).count();
    (0 < count).then(|| format!("{} interrupted and left out of everything.", were(count)))
}

/// Two sentences of one paragraph.
pub(crate) fn followed_by(first: String, second: Option<String>) -> String {
    match second {
        Some(second) => format!("{first} {second}"),
        None => first,
    }
}

/// Such as `1 run was` or `2 runs were`.
fn were(count: usize) -> String {
    format!("{} {}", Count(count, "run"), if count == 1 { "was" } else { "were" })
}

/// If this number of pairs cannot be clear: how many can.
pub(crate) fn seeds_that_can_be_clear(of: &PairedComparison) -> Option<usize> {
    if of.is_sequential {
        return None;
    }
    let can = |n: &usize| of.family as f64 * smallest_sign_flip_p(*n) <= 0.05;
    if can(&of.n_pairs) { None } else { (of.n_pairs..=MAX_SEEDS).find(can) }
}

/// How many runs are lost, such as `2 of 5 with none`; none if no run is.
pub(crate) fn lost_runs(summary: &Summary, labels: &Labels) -> Option<String> {
    let mut parts = Vec::new();
    for &norm in &summary.norms {
        let groups: Vec<&GroupSummary> = summary.groups.iter().filter(|group| group.norm == norm).collect();
        let lost: usize = groups.iter().map(|group| group.n_lost).sum();
        let all: usize = groups.iter().map(|group| group.n_runs).sum();
        if 0 < lost {
            parts.push(format!("{lost} of {all} with {}", labels.norm(norm)));
        }
    }
    let more = parts.len().saturating_sub(MAX_LISTED);
    parts.truncate(MAX_LISTED);
    let more = if 0 < more { format!(", and with {more} more norms") } else { String::new() };
    (!parts.is_empty()).then(|| format!("{}{more}", parts.join(", ")))
}

/// Such as `validation loss`.
pub(crate) fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::TrainLoss | Metric::TrainEvalLoss => "training loss",
        Metric::TrainAccuracy => "training accuracy",
        Metric::TrainR2 => "training R2",
        Metric::ValidLoss => "validation loss",
        Metric::ValidAccuracy => "validation accuracy",
        Metric::ValidR2 => "validation R2",
    }
}

/// What norms are ranked by, over seeds.
pub(crate) fn mean_name(measure: ComparedMeasure) -> &'static str {
    if measure.is_loss() { "geometric mean" } else { "mean" }
}

/// `a`, `a and b` or `a, b and c`.
pub(crate) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
