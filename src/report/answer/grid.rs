//! Norms at the points of a grid.

use crate::experiment::{GroupSummary, NormComparison, Summary};
use crate::report::answer::outlook::outlook;
use crate::report::answer::{
    Answer, Verdict, followed_by, listed, lost_runs, mean_name, seeds_that_can_be_clear,
};
use crate::report::chart::figures::setting::numbers;
use crate::report::labels::Labels;
use crate::report::text::number::four_digits;
use crate::report::text::summary::grid_point::PointColumns;
use crate::report::text::summary::other_measures::measure_name;
use crate::text::{Count, shortened};

/// Clear differences that a sentence names.
const MAX_NAMED: usize = 3;
/// Ends of a grid that are named.
const MAX_EDGES: usize = 2;

pub(crate) fn answer(summary: &Summary, labels: &Labels) -> Answer {
    let best: Vec<&GroupSummary> =
        summary.norms.iter().filter_map(|&norm| summary.best_group(norm)).collect();
    if best.is_empty() {
        let first = "No run was completed at any point of the grid.".to_owned();
        let sentences = std::iter::once(first)
            .chain(lost_runs(summary, labels).map(|lost| format!("Lost runs: {lost}.")));
        return Answer { verdict: Verdict::Failed, sentences: sentences.collect() };
    }
    let lost = lost_runs(summary, labels).map(|lost| format!("lost runs: {lost}"));
    let (verdict, clear) = at_the_same_point(summary, labels);
    let mut sentences = vec![at_the_best_points(summary, labels, &best)];
    let second: Vec<String> = clear.into_iter().chain(lost).collect();
    if !second.is_empty() {
        let second = second.join("; ");
        let second = second.strip_prefix("lost").map(|rest| format!("Lost{rest}")).unwrap_or(second);
        sentences.push(format!("{second}."));
    }
    sentences.extend(positions(summary));
    let rests_on = followed_by(seeds(summary), outlook(summary, labels));
    sentences.push(followed_by(rests_on, edges(summary, labels, &best)));
    Answer { verdict, sentences }
}

fn at_the_best_points(summary: &Summary, labels: &Labels, best: &[&GroupSummary]) -> String {
    let points = PointColumns::of_summary(summary);
    let measure = measure_name(summary, summary.primary);
    let n_points = summary.groups.iter().filter(|group| group.norm == best[0].norm).count();
    let value = |group: &&GroupSummary| {
        let mean = group.center(summary.primary).map_or_else(|| "-".to_owned(), four_digits);
        let point = group.point.as_ref().and_then(|point| points.label_with(group.norm, point));
        let point = point.map(|point| format!(" ({point})")).unwrap_or_default();
        format!("{mean} with {}{point}", labels.norm(group.norm))
    };
    let mut groups = best.to_vec();
    groups.sort_by(|left, right| left.order(right, summary.primary));
    let values: Vec<String> = groups.iter().take(super::MAX_LISTED).map(value).collect();
    let has_seeds = best.iter().any(|group| 1 < group.n_completed);
    let mean =
        if has_seeds { format!(" ({} over seeds)", mean_name(summary.primary)) } else { String::new() };
    let at = match (n_points, best.len()) {
        (1, _) => "At the only grid point".to_owned(),
        (_, 1) => format!("At the best of {n_points} grid points"),
        _ => format!("Each at its best of {n_points} grid points"),
    };
    format!("{at}, the {measure}{mean} is {}.", listed(&values))
}

/// How many comparisons at one point are clear; none without a comparison.
fn at_the_same_point(summary: &Summary, labels: &Labels) -> (Verdict, Option<String>) {
    let primary = summary.comparisons.iter().filter_map(|comparison| comparison.measures.first());
    let of: Vec<_> = primary.map(|primary| primary.comparison).filter(|of| 0 < of.n_pairs).collect();
    if of.is_empty() {
        return (Verdict::NoComparison, None);
    }
    let n_clear = of.iter().filter(|of| of.is_clear()).count();
    let is_few =
        of.iter().max_by_key(|of| of.n_pairs).is_some_and(|of| seeds_that_can_be_clear(of).is_some());
    let verdict = match n_clear {
        0 if is_few => Verdict::TooFewSeeds,
        0 => Verdict::NotClear,
        _ => Verdict::Clear,
    };
    let all = of.len();
    let favored = of.iter().filter(|of| of.favors_first()).count();
    let text = match &summary.norms[..] {
        [first, second] if all == 1 => {
            let (better, worse) = if favored == 1 { (first, second) } else { (second, first) };
            format!(
                "At the only point where both can be compared, {} is better than {}, {}",
                labels.norm(*better),
                labels.norm(*worse),
                if n_clear == 1 { "and the difference is clear" } else { "but the difference is not clear" }
            )
        }
        [first, second] => format!(
            "At the same point, {} is better than {} at {favored} of {all} points{}, and the difference is clear at {n_clear}",
            labels.norm(*first),
            labels.norm(*second),
            exceptions(summary)
        ),
        _ => format!(
            "At the same point, {n_clear} of {all} comparisons of two norms are clear{}",
            named(summary, labels)
        ),
    };
    (verdict, Some(text))
}

/// The points that say otherwise than most, if they are few, such as ` (not at optimizer.learning_rate=0.03)`.
fn exceptions(summary: &Summary) -> String {
    let points = PointColumns::of_summary(summary);
    let of_point = |comparison: &NormComparison| {
        let of = &comparison.measures.first().filter(|primary| 0 < primary.comparison.n_pairs)?.comparison;
        Some((of.favors_first(), points.label(comparison.point.as_ref()?)))
    };
    let (favored, others): (Vec<_>, Vec<_>) =
        summary.comparisons.iter().filter_map(of_point).partition(|(favors_first, _)| *favors_first);
    let (only, few) = if others.len() <= favored.len() { ("not", others) } else { ("only", favored) };
    let names: Vec<String> = few.into_iter().map(|(_, label)| label).collect();
    let is_few = (1..=MAX_NAMED).contains(&names.len());
    if is_few { format!(" ({only} at {})", listed(&names)) } else { String::new() }
}

/// Where a norm is best at the end of what the grid tried of a key, of three numbers or more: beyond it may be a better
/// point. None where no norm is.
fn edges(summary: &Summary, labels: &Labels, best: &[&GroupSummary]) -> Option<String> {
    let settings =
        |group: &GroupSummary| group.point.as_ref().map(|point| numbers(&point.settings)).unwrap_or_default();
    let all: Vec<(String, f64)> = summary.groups.iter().flat_map(settings).collect();
    let mut found: Vec<(String, bool, Vec<String>)> = Vec::new();
    for group in best {
        for (key, value) in settings(group) {
            let values = || all.iter().filter(|(other, _)| *other == key).map(|(_, value)| *value);
            let (low, high) = values()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), of| (low.min(of), high.max(of)));
            let is_between = |of: f64| low < of && of < high;
            if is_between(value) || !values().any(is_between) {
                continue;
            }
            let (is_high, norm) = (value == high, labels.norm(group.norm));
            match found.iter_mut().find(|(other, at_high, _)| *other == key && *at_high == is_high) {
                Some((_, _, norms)) => norms.push(norm),
                None => found.push((key, is_high, vec![norm])),
            }
        }
    }
    let sentence = |(key, is_high, norms): &(String, bool, Vec<String>)| {
        let (end, beyond) = if *is_high { ("largest", "larger") } else { ("smallest", "smaller") };
        format!(
            "The best {} of {} is the {end} of the grid; a {beyond} one may be better.",
            shortened(key),
            listed(norms)
        )
    };
    let sentences: Vec<String> = found.iter().take(MAX_EDGES).map(sentence).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// The clear differences, if they are few.
fn named(summary: &Summary, labels: &Labels) -> String {
    let points = PointColumns::of_summary(summary);
    let name = |comparison: &NormComparison| {
        let of = &comparison.measures.first()?.comparison;
        let than = if of.favors_first() { "better" } else { "worse" };
        let sides = [comparison.norm, comparison.other];
        let placed = sides.into_iter().find(|norm| norm.has_position()).unwrap_or(comparison.norm);
        let at = comparison.point.as_ref().and_then(|point| points.label_with(placed, point));
        let at = at.map_or_else(String::new, |at| format!(" ({at})"));
        let [norm, other] = sides.map(|norm| labels.norm(norm));
        of.is_clear().then(|| format!("{norm} is {than} than {other}{at}"))
    };
    let clear: Vec<String> = summary.comparisons.iter().filter_map(name).collect();
    if clear.is_empty() || MAX_NAMED < clear.len() { String::new() } else { format!(": {}", listed(&clear)) }
}

/// How many norms are clearly better at one of their positions; none unless these are compared.
fn positions(summary: &Summary) -> Option<String> {
    let all = &summary.positions;
    let clear = |after: bool| {
        let found = all.iter().map(|position| &position.measure.comparison);
        found.filter(|of| of.is_clear() && of.favors_first() == after).count()
    };
    let n = Count(all.len(), "comparison");
    (!all.is_empty()).then(|| {
        format!(
            "Of {n} of a norm after the activation with the same norm before it, after is clearly better in {}, before in {}.",
            clear(true),
            clear(false)
        )
    })
}

fn seeds(summary: &Summary) -> String {
    let same_rows = match summary.norms.len() {
        _ if summary.primary.is_of_test() => "the best points were chosen on validation rows",
        1 => "the best point was chosen on the rows that it is measured on, so it is optimistic",
        _ => "the best points were chosen on the rows that they are measured on, so they are optimistic",
    };
    let primary = summary.comparisons.iter().filter_map(|comparison| comparison.measures.first());
    let most = primary.map(|primary| primary.comparison).max_by_key(|of| of.n_pairs);
    let few = most.and_then(|of| {
        let enough = seeds_that_can_be_clear(&of)?;
        Some(format!(
            "{} cannot be clear with {} at once, {enough} can",
            Count(of.n_pairs, "seed"),
            Count(of.family, "comparison")
        ))
    });
    match few {
        Some(few) => format!("{few}; {same_rows}."),
        None => format!("T{}.", &same_rows[1..]),
    }
}
