//! How the adding of seeds ended, as text.

use crate::experiment::{Ending, PairEnding, Summary};
use crate::report::text::layout::{WIDEST, wrapped};

/// One sentence for each pair of norms and each point; empty where the number of seeds was fixed.
pub(crate) fn stopping(summary: &Summary) -> String {
    let Some(stopping) = &summary.stopping else { return String::new() };
    let (n, max) = (stopping.n_seeds, stopping.rule.max);
    let sentence = |pair: &PairEnding| {
        let point = pair.point.as_ref().map_or(String::new(), |point| format!(" at {}", point.settings));
        let (norm, other) = (pair.norm.name(), pair.other.name());
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
    let text = format!(
        "seeds were added until it was clear, {n} in all ({end}): {}. p and intervals hold for any number of seeds.",
        sentences.join("; ")
    );
    wrapped(WIDEST, "", "  ", &text)
}
