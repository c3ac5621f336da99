//! What would change the answer of several comparisons.
//!
//! Where none is clear, it is the number of seeds for the one that is nearest to it; otherwise the smallest difference
//! that could have been seen. Both are of the test that decides what is clear, each comparison at its share of the level
//! (Bonferroni).

use crate::experiment::Summary;
use crate::experiment::run_id::{POSITION, settings_with};
use crate::experiment::statistics::{
    PairedComparison, PairedForm, detectable_effect_among, seeds_needed_among,
};
use crate::nn::Norm;
use crate::probe::percentiles;
use crate::report::answer::seeds_that_can_be_clear;
use crate::report::labels::Labels;
use crate::report::text::number::{four_digits, p_value, signed};
use crate::report::text::summary::grid_point::PointColumns;
use crate::text::Count;

/// The chance of finding a difference.
const POWER: f64 = 0.8;

/// Differences this many standard deviations from 0 are clear with the fewest seeds that can be.
const MAX_DISTANCE: f64 = 100.0;

/// A comparison in the primary measure, and what is compared.
type Named<'a> = (String, &'a PairedComparison);

/// In a sentence or two; none without a spread, and of seeds that are added as they are needed.
pub(crate) fn outlook(summary: &Summary, labels: &Labels) -> Option<String> {
    let all = primaries(summary, labels);
    match all.iter().any(|(_, of)| of.is_clear()) {
        true => smallest(&all),
        false => nearest(&all, "Nearest to being clear is"),
    }
}

/// The same of several norms without a grid, where `best` is what a reader would take: of pairs that are not clear, only
/// those with it count.
pub(crate) fn outlook_of_best(summary: &Summary, labels: &Labels, best: Norm) -> Option<String> {
    let all = primaries(summary, labels);
    if all.iter().any(|(_, of)| of.is_clear()) {
        return smallest(&all);
    }
    let has_best = summary.comparisons.iter().filter(|pair| !pair.measures.is_empty());
    let has_best = has_best.map(|pair| pair.norm == best || pair.other == best);
    let of_best: Vec<Named<'_>> =
        all.into_iter().zip(has_best).filter(|(_, has)| *has).map(|(of, _)| of).collect();
    nearest(&of_best, &format!("Of the pairs with {}, nearest to being clear is", labels.norm(best)))
}

/// All of the family.
fn primaries<'a>(summary: &'a Summary, labels: &Labels) -> Vec<Named<'a>> {
    let points = PointColumns::of_summary(summary);
    let of_norms = summary.comparisons.iter().filter_map(|comparison| {
        let sides = [comparison.norm, comparison.other];
        let placed = sides.into_iter().find(|norm| norm.has_position()).unwrap_or(comparison.norm);
        let at = comparison.point.as_ref().and_then(|point| points.label_with(placed, point));
        let at = at.map(|label| format!(" at {label}"));
        let [norm, other] = sides.map(|norm| labels.norm(norm));
        let at = at.unwrap_or_default();
        let has_position = comparison.point.as_ref().is_some_and(|point| point.settings.contains(POSITION));
        // A position is that of the norm.
        let is_of_first = comparison.norm.has_position() && !comparison.other.has_position();
        let name = match is_of_first && has_position {
            true => format!("{norm}{at} against {other}"),
            false => format!("{norm} against {other}{at}"),
        };
        Some((name, &comparison.measures.first()?.comparison))
    });
    let of_positions = summary.positions.iter().map(|position| {
        let others = settings_with(Norm::None.name(), &position.after.settings);
        let at = if others.is_empty() { others } else { format!(" at {}", crate::text::shortened(&others)) };
        let name = format!("{} after against before the activation{at}", labels.norm(position.norm));
        (name, &position.measure.comparison)
    });
    of_norms.chain(of_positions).collect()
}

/// The mean difference in standard deviations, of the pairs without lost runs; that of equal differences is
/// [`MAX_DISTANCE`], since nothing is known of their spread. None without a difference.
fn distance(of: &PairedComparison) -> Option<f64> {
    let deviation = of.standard_deviation?;
    let distance = (of.form.forth(of.mean?).abs() / deviation).min(MAX_DISTANCE);
    (of.favors_first() || of.favors_second()).then_some(distance).filter(|distance| distance.is_finite())
}

/// The same; none where the mean leaves lost runs out.
fn distance_of_all(of: &PairedComparison) -> Option<f64> {
    distance(of).filter(|_| of.n_not_in_mean == 0)
}

/// `head` begins the sentence.
fn nearest(all: &[Named<'_>], head: &str) -> Option<String> {
    let p = |of: &PairedComparison| of.p_value.unwrap_or(1.0);
    let differs = |of: &PairedComparison| match of.n_not_in_mean {
        0 => distance(of).is_some(),
        _ => p(of) < 1.0,
    };
    let (name, of) = all.iter().filter(|(_, of)| differs(of)).min_by(|(_, left), (_, right)| {
        let effect = |of: &PairedComparison| distance(of).unwrap_or(0.0);
        p(left).total_cmp(&p(right)).then(effect(right).total_cmp(&effect(left)))
    })?;
    let p = match seeds_that_can_be_clear(of) {
        Some(_) => String::new(),
        None => format!(", p\u{a0}=\u{a0}{}", p_value(of.adjusted_p_value.unwrap_or(1.0))),
    };
    let Some(distance) = distance_of_all(of) else {
        let (lost, pairs) = (of.n_not_in_mean, Count(of.n_pairs, "pair"));
        return Some(format!(
            "{head} {name}: a run is lost in {lost} of {pairs}{p}. How many seeds make a difference in lost runs clear is not known."
        ));
    };
    let (what, size) = match of.form {
        PairedForm::Ratio => ("ratio", format!("{} times", four_digits(of.mean?))),
        _ => ("difference", signed(of.mean?)),
    };
    let first = format!("{head} {name}: {size}{p}");
    if of.is_sequential {
        return Some(format!("{first}."));
    }
    let needed = match seeds_needed_among(distance, POWER, of.family) {
        // Such a difference is mostly clear with these seeds, and was not.
        Some(needed) if needed <= of.n_pairs as u64 => return Some(format!("{first}.")),
        Some(needed) => format!("{needed} seeds"),
        None => "more than a million seeds".to_owned(),
    };
    let luck = match all.len() {
        1 => String::new(),
        n => format!("; the nearest of {n} tends to look larger than it is"),
    };
    Some(format!("{first}. If that is the true {what}, {needed} find it in 80\u{a0}% of studies{luck}."))
}

fn smallest(all: &[Named<'_>]) -> Option<String> {
    let measured = || all.iter().filter(|(_, of)| distance_of_all(of).is_some());
    let (_, of) = measured().max_by_key(|(_, of)| of.n_pairs).filter(|(_, of)| !of.is_sequential)?;
    let deviations = measured().filter_map(|(_, of)| of.standard_deviation);
    let deviations: Vec<f64> = deviations.filter(|deviation| 0.0 < *deviation).collect();
    if deviations.is_empty() {
        return None;
    }
    let deviation = percentiles(deviations, &[0.5])[0];
    let difference = detectable_effect_among(of.n_pairs as u64, POWER, of.family)? * deviation;
    let size = match of.form {
        PairedForm::Ratio => format!("ratio of {}", four_digits((-difference).exp())),
        _ => format!("difference of {}", four_digits(difference)),
    };
    Some(format!(
        "With the median spread of the comparisons, {} find a true {size} in 80\u{a0}% of studies, and smaller differences less often.",
        Count(of.n_pairs, "seed")
    ))
}
