//! How the adding of seeds ended, as text.

use crate::experiment::{Ending, PairEnding, Summary};
use crate::nn::Norm;
use crate::report::text::layout::{WIDEST, wrapped};

/// [`how_it_ended`] in lines; empty where the number of seeds was fixed.
pub(crate) fn stopping(summary: &Summary) -> String {
    let text = how_it_ended(summary, &|norm| norm.name().to_owned());
    text.map_or_else(String::new, |text| wrapped(WIDEST, "", "  ", &text))
}

/// How many seeds there were, and what came of each pair of norms at each point, with what `name` calls the norms; none
/// where the number of seeds was fixed.
pub(crate) fn how_it_ended(summary: &Summary, name: &dyn Fn(Norm) -> String) -> Option<String> {
    let stopping = summary.stopping.as_ref()?;
    let (n, max) = (stopping.n_seeds, stopping.rule.max);
    let sentence = |pair: &PairEnding| {
        let point = pair.point.as_ref().map_or(String::new(), |point| format!(" at {}", point.settings));
        let (norm, other) = (name(pair.norm), name(pair.other));
        match pair.ending {
            Ending::Clear => format!("the difference of {norm} and {other}{point} is clear"),
            Ending::NoDifferenceThatMatters => {
                format!("there is no difference that matters between {norm} and {other}{point}")
            }
            Ending::Undecided => format!("{norm} and {other}{point} are undecided"),
        }
    };
    let sentences: Vec<String> = stopping.pairs.iter().map(sentence).collect();
    let end = if n as u64 == max { "the most allowed".to_owned() } else { format!("at most {max}") };
    Some(format!(
        "seeds were added until it was clear, {n} in all ({end}): {}. p and intervals hold for any number of seeds.",
        sentences.join("; ")
    ))
}
