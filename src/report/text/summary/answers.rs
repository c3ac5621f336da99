//! What came of a comparison, in words.

use crate::experiment::statistics::{PairedComparison, PairedForm, smallest_sign_flip_p};
use crate::experiment::{NormComparison, Resolution, Summary, TimeToBound, TimesToBound};
use crate::report::text::layout::{Align, WIDEST, aligned_within, wrapped};
use crate::report::text::number::{NO_NUMBER, compared, four_digits, p_value, signed};
use crate::report::text::summary::grid_point::PointColumns;
use crate::report::text::summary::other_measures::measure_name;
use crate::train::Metric;

/// Before the further lines of an answer.
const INDENT: &str = "  ";
/// More than there can be.
const MAX_SEEDS: usize = 10_000;

/// Of two norms without a grid: which is better in the primary measure, which runs are lost, which is faster,
/// and what this number of seeds can show. Of more, a table of the primary measure. Empty without a comparison.
pub(crate) fn answers(summary: &Summary) -> String {
    match &summary.comparisons[..] {
        [] => String::new(),
        [comparison] => answer(summary, comparison),
        comparisons => table(summary, comparisons),
    }
}

fn answer(summary: &Summary, comparison: &NormComparison) -> String {
    let Some(primary) = comparison.measures.first() else { return String::new() };
    let of = &primary.comparison;
    let (norm, other) = (comparison.norm.name(), comparison.other.name());
    let measure = measure_name(summary, primary.measure);
    if of.n_pairs == 0 {
        let text = format!("{norm} and {other}: no seed with two numbers for the {measure}");
        return wrapped(WIDEST, "", INDENT, &text);
    }
    let verdict = match (of.is_clear(), of.favors_first()) {
        (true, true) => format!("{norm} is better than {other}"),
        (true, false) => format!("{norm} is worse than {other}"),
        (false, _) if seeds_that_can_be_clear(of).is_some() => {
            format!("too few seeds to tell {norm} from {other}")
        }
        (false, _) => format!("no clear difference between {norm} and {other}"),
    };
    let mean = of.mean.map(|_| format!(": {}", compared(of))).unwrap_or_default();
    let first = wrapped(WIDEST, "", INDENT, &format!("{verdict} in the {measure}{mean}"));
    let lines = [
        seeds(summary, comparison, of),
        lost(comparison),
        comparison.time_to_bound.as_ref().map(|time| time_to_bound(comparison, time)).unwrap_or_default(),
        comparison.resolution.as_ref().map(|found| resolution(of.form, found)).unwrap_or_default(),
    ];
    let lines = lines.iter().filter(|line| !line.is_empty());
    std::iter::once(first).chain(lines.map(|line| wrapped(WIDEST, INDENT, "    ", line))).collect()
}

/// Over how many seeds, in how many better, and how sure.
fn seeds(summary: &Summary, comparison: &NormComparison, of: &PairedComparison) -> String {
    let n_pairs = of.n_pairs;
    if n_pairs == 1 {
        return "one seed: no interval, and no test".to_owned();
    }
    let all = n_pairs + of.n_incomplete;
    let pairs = if of.n_incomplete == 0 { n_pairs.to_string() } else { format!("{n_pairs} of {all}") };
    let confidence = 100.0 * summary.confidence;
    let mean = match (of.n_not_in_mean, of.simultaneous_interval) {
        (_, None) => String::new(),
        (0, Some(_)) => format!("mean over seeds ({confidence}\u{a0}% interval); "),
        (n, Some(_)) => {
            format!("mean over {} without lost runs ({confidence}\u{a0}% interval); ", n_pairs - n)
        }
    };
    let wins = of.wins.unwrap_or_default() * n_pairs as f64;
    let p = p_value(of.adjusted_p_value.unwrap_or(1.0));
    let few = match seeds_that_can_be_clear(of) {
        None => String::new(),
        Some(enough) => {
            let least = p_value(of.smallest_p_value);
            format!(" (at least {least} with {n_pairs} seeds; {enough} or more can be clear)")
        }
    };
    let name = comparison.norm.name();
    format!("{pairs} pairs by seed; {mean}{name} better in {wins}; p\u{a0}=\u{a0}{p}{few}")
}

/// If so few pairs cannot be clear: how many can.
fn seeds_that_can_be_clear(of: &PairedComparison) -> Option<usize> {
    if of.is_sequential {
        return None;
    }
    let can = |n: &usize| of.family as f64 * smallest_sign_flip_p(*n) <= 0.05;
    if can(&of.n_pairs) { None } else { (of.n_pairs..=MAX_SEEDS).find(can) }
}

fn lost(comparison: &NormComparison) -> String {
    let lost = &comparison.lost;
    let (norm, other) = (lost.both + lost.only_norm, lost.both + lost.only_other);
    if norm + other == 0 {
        return String::new();
    }
    format!(
        "lost runs, which count as worst: {norm} of {n} with {}, {other} of {n} with {}; p\u{a0}=\u{a0}{}",
        comparison.norm.name(),
        comparison.other.name(),
        p_value(lost.p_value),
        n = lost.n_pairs
    )
}

fn time_to_bound(comparison: &NormComparison, time: &TimeToBound) -> String {
    let what = match time.metric {
        Metric::TrainLoss | Metric::TrainEvalLoss => "training loss",
        Metric::TrainAccuracy => "training accuracy",
        Metric::TrainR2 => "training R2",
        Metric::ValidLoss => "validation loss",
        Metric::ValidAccuracy => "validation accuracy",
        Metric::ValidR2 => "validation R2",
    };
    let n = time.by_seed.len();
    let steps = |of: &TimesToBound| match of.median_step {
        Some(step) => format!("{step} steps"),
        None => format!("more than {} steps ({} of {n} runs get there)", time.budget, of.n_reached),
    };
    let (norm, other) = (comparison.norm.name(), comparison.other.name());
    format!(
        "median time to a {what} of {}: {norm} {}, {other} {}; {norm} earlier in {}, at the same step in {}, later in {}",
        four_digits(time.bound),
        steps(&time.norm),
        steps(&time.other),
        time.earlier,
        time.same,
        time.later,
    )
}

fn resolution(form: PairedForm, found: &Resolution) -> String {
    let (what, shown): (_, fn(f64) -> String) = match form {
        PairedForm::Ratio => ("ratio", four_digits),
        _ => ("difference", signed),
    };
    let needed = match found.seeds_needed {
        Some(seeds) => format!("{seeds} seeds"),
        None => "more than a million seeds".to_owned(),
    };
    format!(
        "{} seeds show a {what} of {} with a chance of {}\u{a0}%; to show {} takes {needed}",
        found.n_pairs,
        shown(found.detectable),
        100.0 * found.power,
        shown(found.wanted)
    )
}

/// A row for each pair of norms and point.
fn table(summary: &Summary, comparisons: &[NormComparison]) -> String {
    let points = PointColumns::of(comparisons.iter().map(|comparison| &comparison.point));
    let mut head = ["norm", "other"].map(str::to_owned).to_vec();
    head.extend(points.heads());
    let n_names = head.len();
    head.extend(["mean", "better in", "p"].map(str::to_owned));
    let mut rows = vec![head];
    for comparison in comparisons {
        let Some(primary) = comparison.measures.first() else { continue };
        let of = &primary.comparison;
        let mut row = [comparison.norm.name(), comparison.other.name()].map(str::to_owned).to_vec();
        row.extend(points.cells(&comparison.point));
        row.push(compared(of));
        let wins = of.wins.map(|wins| format!("{} of {}", wins * of.n_pairs as f64, of.n_pairs));
        row.push(wins.unwrap_or_else(|| NO_NUMBER.to_owned()));
        let p = of.adjusted_p_value.filter(|_| 1 < of.n_pairs);
        row.push(p.map_or_else(|| NO_NUMBER.to_owned(), p_value));
        rows.push(row);
    }
    let of = comparisons.iter().filter_map(|comparison| comparison.measures.first());
    let most = of.map(|found| found.comparison).max_by_key(|comparison| comparison.n_pairs);
    let measure = measure_name(summary, summary.primary);
    let mut text = format!("{measure}, paired by seed");
    if most.is_some_and(|most| 1 < most.n_pairs) {
        let confidence = 100.0 * summary.confidence;
        text.push_str(&format!(
            "; {confidence} % intervals and p hold for all {} rows at once",
            rows.len() - 1
        ));
    }
    let few = most.filter(|most| 1 < most.n_pairs).and_then(|most| {
        let enough = seeds_that_can_be_clear(&most)?;
        Some(format!("{} seeds cannot be clear, {enough} can\n", most.n_pairs))
    });
    let few = few.unwrap_or_default();
    let columns = vec![Align::Left; rows[0].len()];
    format!("{}\n{}{few}", wrapped(WIDEST, "", "", &text), aligned_within(WIDEST, n_names, &columns, &rows))
}
