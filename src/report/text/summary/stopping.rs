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
    let is_undecided = stopping.pairs.iter().any(|pair| pair.ending == Ending::Undecided);
    let start = match (is_undecided, n as u64 == max) {
        (true, true) => format!("seeds were added up to the most allowed, {n}, and it is still undecided"),
        (true, false) => format!("seeds were added, {n} in all (at most {max}), and it is undecided"),
        (false, true) => format!("seeds were added until it was clear, {n} in all (the most allowed)"),
        (false, false) => format!("seeds were added until it was clear, {n} in all (at most {max})"),
    };
    Some(format!("{start}: {}. p and intervals hold for any number of seeds.", sentences.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::UntilClear;
    use crate::experiment::Stopping;
    use crate::experiment::synthetic::twins;

    #[test]
    fn what_is_undecided_was_not_added_to_until_it_was_clear() {
        let text = |ending, n_seeds, max| {
            let pair = PairEnding { norm: Norm::BatchNorm, other: Norm::None, point: None, ending };
            let rule = UntilClear { max, ..UntilClear::default() };
            let mut summary = Summary::of(&twins(2));
            summary.stopping = Some(Stopping { rule, n_seeds, pairs: vec![pair] });
            stopping(&summary).replace("\n  ", " ")
        };
        let text_of = [text(Ending::Clear, 3, 5), text(Ending::Clear, 5, 5), text(Ending::Undecided, 5, 5)];
        let expected = [
            "seeds were added until it was clear, 3 in all (at most 5): the difference of batch_norm and none is clear.",
            "seeds were added until it was clear, 5 in all (the most allowed): the difference of batch_norm and none",
            "seeds were added up to the most allowed, 5, and it is still undecided: batch_norm and none are undecided.",
        ];
        for (text, expected) in text_of.iter().zip(expected) {
            assert!(text.starts_with(expected), "{text}");
        }
    }
}
