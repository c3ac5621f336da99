//! Two norms without a grid.

use crate::experiment::statistics::{PairedComparison, PairedForm};
use crate::experiment::{NormComparison, Resolution, Summary, TimeToBound, TimesToBound};
use crate::report::answer::{Answer, Verdict, lost_runs, metric_name, seeds_that_can_be_clear};
use crate::report::labels::Labels;
use crate::report::text::number::{compared, four_digits, median, p_value, signed};
use crate::report::text::summary::other_measures::measure_name;
use crate::text::Count;

pub(crate) fn answer(summary: &Summary, labels: &Labels, comparison: &NormComparison) -> Answer {
    let names = [comparison.norm, comparison.other].map(|norm| labels.norm(norm));
    let measure = measure_name(summary, summary.primary);
    let primary = comparison.measures.first().map(|primary| &primary.comparison);
    let Some(of) = primary.filter(|of| 0 < of.n_pairs) else {
        let [norm, other] = names;
        let first =
            format!("{norm} and {other} cannot be compared: no seed has two numbers for the {measure}.");
        return Answer { verdict: Verdict::Failed, sentences: vec![first] };
    };
    let verdict = match (of.is_clear(), seeds_that_can_be_clear(of)) {
        (true, _) => Verdict::Clear,
        (false, None) => Verdict::NotClear,
        (false, Some(_)) => Verdict::TooFewSeeds,
    };
    let with = [
        lost_runs(summary, labels).map(|lost| format!("lost runs: {lost}")),
        comparison.time_to_bound.as_ref().map(|time| time_to_bound(&names, time)),
    ];
    let with: Vec<String> = with.into_iter().flatten().collect();
    let mut sentences = vec![first(summary, &names, &measure, of, verdict)];
    if !with.is_empty() {
        sentences.push(format!("{}.", capital(&with.join("; "))));
    }
    sentences.push(seeds(of, comparison.resolution.as_ref()));
    Answer { verdict, sentences }
}

/// The verdict, the size of the difference, and how sure it is.
fn first(
    summary: &Summary,
    names: &[String; 2],
    measure: &str,
    of: &PairedComparison,
    verdict: Verdict,
) -> String {
    let [norm, other] = names;
    let head = match (verdict, of.favors_first()) {
        (Verdict::Clear, true) => format!("{norm} is better than {other} in the {measure}"),
        (Verdict::Clear, false) => format!("{norm} is worse than {other} in the {measure}"),
        (Verdict::TooFewSeeds, _) => format!("Too few seeds to tell {norm} from {other} in the {measure}"),
        _ => format!("No clear difference between {norm} and {other} in the {measure}"),
    };
    let size = of.mean.map(|_| format!(": {}", sized(of, other, summary.confidence))).unwrap_or_default();
    if of.n_pairs == 1 {
        return format!("{head}{size}, in the only seed.");
    }
    let left_out = match of.n_not_in_mean {
        0 => String::new(),
        n if n == of.n_pairs => ", where a run of each pair is lost".to_owned(),
        n => format!(" in the {} without lost runs", Count(of.n_pairs - n, "pair")),
    };
    let won = of.wins.unwrap_or_default() * of.n_pairs as f64 - 0.5 * of.ties as f64;
    let p = p_value(of.adjusted_p_value.unwrap_or(1.0));
    let skewed = median(of).filter(|_| of.is_skewed());
    let skewed = skewed
        .map_or(String::new(), |median| format!(" The differences are skewed: their median is {median}."));
    let ties = if of.ties == 0 { String::new() } else { format!(" and equal in {}", of.ties) };
    format!(
        "{head}{size}{left_out}; {norm} is better in {won:.0} of {} seeds{ties}, p\u{a0}=\u{a0}{p}.{skewed}",
        of.n_pairs
    )
}

/// Such as `0.50 times that of none (95 % interval 0.29 to 0.86)`.
fn sized(of: &PairedComparison, other: &str, confidence: f64) -> String {
    let interval = format!("({}\u{a0}% interval ", 100.0 * confidence);
    let size = match of.simultaneous_interval {
        Some(_) => compared(of).replacen('(', &interval, 1),
        None => compared(of).replacen("(all equal)", "(all equal: no interval)", 1),
    };
    match of.form {
        PairedForm::Ratio => size.replacen("times", &format!("times that of {other}"), 1),
        _ => size,
    }
}

/// How soon both get to a bound that both can reach.
fn time_to_bound(names: &[String; 2], time: &TimeToBound) -> String {
    let n = time.by_seed.len();
    // The first one says that they are medians.
    let steps = |of: &TimesToBound, first: bool| match of.median_step {
        Some(step) => format!("{step} steps{}", if first { " (median)" } else { "" }),
        None => {
            let median = if first { "median; " } else { "" };
            format!("more than {} steps ({median}{} of {n} runs get there)", time.budget, of.n_reached)
        }
    };
    let [norm, other] = names;
    let others = [(time.same, "at the same step in"), (time.undecided, "undecided in")]
        .into_iter()
        .filter(|(seeds, _)| *seeds > 0);
    let others: String = others.map(|(seeds, how)| format!(", {how} {seeds}")).collect();
    format!(
        "{norm} gets to a {} of {} in {}, {other} in {}; it is earlier in {} of {n} seeds{others}",
        metric_name(time.metric),
        four_digits(time.bound),
        steps(&time.norm, true),
        steps(&time.other, false),
        time.earlier,
    )
}

/// What this number of seeds can show.
fn seeds(of: &PairedComparison, resolution: Option<&Resolution>) -> String {
    let n = of.n_pairs;
    if n == 1 {
        return "One seed has no interval and no test: another seed may turn it around (compare.seeds)."
            .to_owned();
    }
    let few = seeds_that_can_be_clear(of).map(|enough| {
        let least = p_value(of.smallest_p_value);
        format!("with {n} seeds p is at least {least}, so {enough} or more are needed to be clear")
    });
    let shown = resolution.map(|found| {
        let what = if of.form == PairedForm::Ratio { "ratio" } else { "difference" };
        let number = if of.form == PairedForm::Ratio { four_digits } else { signed };
        let needed = match found.seeds_needed {
            Some(seeds) => format!("{seeds} seeds"),
            None => "more than a million seeds".to_owned(),
        };
        let (chance, wanted) = (100.0 * found.power, number(found.wanted));
        match found.detectable.filter(|_| few.is_none()) {
            Some(detectable) => format!(
                "if the true {what} is {1}, {0} seeds find it in {chance}\u{a0}% of studies; for {wanted} it takes {needed}",
                found.n_pairs,
                number(detectable),
            ),
            None => format!("to find a true {what} of {wanted} in {chance}\u{a0}% of studies takes {needed}"),
        }
    });
    let parts: Vec<String> = few.iter().cloned().chain(shown).collect();
    match parts.is_empty() {
        true if of.mean.is_none() => {
            format!(
                "This rests on {n} seeds, and on which runs are lost: there is no size of the difference."
            )
        }
        true if of.n_pairs - of.n_not_in_mean == 1 => {
            format!("This rests on {n} seeds, of which one has no lost run: there is no interval.")
        }
        true if of.is_sequential => {
            format!("This rests on {n} seeds, which were added until the rule of compare.seeds ended.")
        }
        true => format!("This rests on {n} seeds, whose differences have no spread."),
        false => format!("{}.", capital(&parts.join("; "))),
    }
}

/// Begins a sentence, but keeps names of norms as they are.
fn capital(text: &str) -> String {
    for (start, capital) in [("with ", "With "), ("lost ", "Lost "), ("if ", "If "), ("to ", "To ")] {
        if let Some(rest) = text.strip_prefix(start) {
            return format!("{capital}{rest}");
        }
    }
    text.to_owned()
}
