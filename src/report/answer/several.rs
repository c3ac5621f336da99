//! Three or more norms without a grid.

use crate::experiment::Summary;
use crate::nn::Norm;
use crate::report::answer::outlook::outlook_of_best;
use crate::report::answer::{
    Answer, MAX_LISTED, Verdict, followed_by, listed, lost_runs, mean_name, seeds_that_can_be_clear,
};
use crate::report::labels::Labels;
use crate::report::text::number::{four_digits, p_value};
use crate::report::text::summary::other_measures::measure_name;
use crate::text::Count;

pub(crate) fn answer(summary: &Summary, labels: &Labels) -> Answer {
    let measure = measure_name(summary, summary.primary);
    let ranked = ranked(summary);
    let Some(&(best, value)) = ranked.first() else {
        let first = format!("None of {} norms has a run that was completed.", summary.norms.len());
        let sentences = std::iter::once(first)
            .chain(lost_runs(summary, labels).map(|lost| format!("Lost runs: {lost}.")));
        return Answer { verdict: Verdict::Failed, sentences: sentences.collect() };
    };
    let clear = clearly_worse(summary, best);
    let n_clear = n_clear(summary);
    let verdict = match (n_clear, too_few(summary)) {
        (1.., _) => Verdict::Clear,
        (0, None) => Verdict::NotClear,
        (0, Some(_)) => Verdict::TooFewSeeds,
    };
    let names: Vec<String> = clear.iter().map(|&norm| labels.norm(norm)).collect();
    let than = match (names.len(), verdict) {
        (0, Verdict::TooFewSeeds) => "; too few seeds to tell it from any other".to_owned(),
        (0, _) => "; not clearly better than any other".to_owned(),
        (n, _) if n == summary.norms.len() - 1 => "; clearly better than each of the others".to_owned(),
        (_, _) => format!("; clearly better than {}", listed(&names)),
    };
    let n_norms = summary.norms.len();
    let mean = four_digits(value);
    let first = format!(
        "Of {n_norms} norms, {} has the best {measure}, {mean} in the {}{than}.",
        labels.norm(best),
        mean_name(summary.primary)
    );
    let third = followed_by(seeds(summary, n_clear), outlook_of_best(summary, labels, best));
    let sentences = vec![first, order(summary, labels, &ranked), third];
    Answer { verdict, sentences }
}

/// The norms with the mean that they are ranked by, the best first; those without a completed run are left out.
fn ranked(summary: &Summary) -> Vec<(Norm, f64)> {
    let groups = summary.ranked_groups().into_iter();
    groups.filter_map(|group| Some((group.norm, group.center(summary.primary)?))).collect()
}

/// The norms that `best` is clearly better than.
fn clearly_worse(summary: &Summary, best: Norm) -> Vec<Norm> {
    let worse = |comparison: &crate::experiment::NormComparison| {
        let of = comparison.measures.first().map(|primary| &primary.comparison)?;
        let (winner, loser) = match of.favors_first() {
            true => (comparison.norm, comparison.other),
            false => (comparison.other, comparison.norm),
        };
        (of.is_clear() && winner == best).then_some(loser)
    };
    summary.comparisons.iter().filter_map(worse).collect()
}

fn n_clear(summary: &Summary) -> usize {
    let primary = summary.comparisons.iter().filter_map(|comparison| comparison.measures.first());
    primary.filter(|primary| primary.comparison.is_clear()).count()
}

/// Seeds, and how many are needed, if these are too few.
fn too_few(summary: &Summary) -> Option<(usize, usize)> {
    let primary = summary.comparisons.iter().filter_map(|comparison| comparison.measures.first());
    let most = primary.map(|primary| primary.comparison).max_by_key(|of| of.n_pairs)?;
    Some((most.n_pairs, seeds_that_can_be_clear(&most)?))
}

fn order(summary: &Summary, labels: &Labels, ranked: &[(Norm, f64)]) -> String {
    let name = |(norm, mean): &(Norm, f64)| format!("{} {}", labels.norm(*norm), four_digits(*mean));
    let names: Vec<String> = ranked.iter().take(MAX_LISTED).map(name).collect();
    let more = match ranked.len().saturating_sub(MAX_LISTED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let lost = lost_runs(summary, labels).map(|lost| format!("; lost runs, which count as worst: {lost}"));
    let lost = lost.unwrap_or_default();
    format!("From best to worst: {}{more}{lost}.", names.join(", "))
}

fn seeds(summary: &Summary, n_clear: usize) -> String {
    let n_pairs = summary.comparisons.len();
    let pairs = format!("{n_clear} of the {n_pairs} pairs of norms differ clearly");
    match too_few(summary) {
        Some((n, enough)) => format!(
            "{} cannot be clear with {n_pairs} pairs of norms at once; {enough} can (compare.seeds).",
            Count(n, "seed")
        ),
        None => {
            let primary = summary.comparisons.iter().filter_map(|comparison| comparison.measures.first());
            let most = primary.map(|primary| primary.comparison).max_by_key(|of| of.n_pairs);
            let n = most.map_or(0, |of| of.n_pairs);
            if most.is_some_and(|of| of.is_sequential) {
                return format!(
                    "{pairs}, after {}, with p = 1/e adjusted for all of them at once (Holm).",
                    Count(n, "seed")
                );
            }
            let least = most.map_or(1.0, |of| of.smallest_p_value);
            format!(
                "{pairs}, with p adjusted for all of them at once (Holm); {} can give p = {} at best, before that.",
                Count(n, "seed"),
                p_value(least)
            )
        }
    }
}
