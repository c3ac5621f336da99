//! `compare.seeds` and `compare.vary`: over how many seeds norms are compared, and what a seed varies.

use serde::{Deserialize, Serialize, Serializer};

use crate::config::plan::spec::ConfigSpec;
use crate::config::problems::Problems;
use crate::settings::{Allowed, Configurable, range, settings};
use crate::train::TrainingSpec;

/// Enough for any interval; bounds what a small file can ask for.
const MAX_SEEDS: usize = 10_000;

/// The seeds of a comparison, as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Seeds {
    /// This many.
    Count(u64),
    List(Vec<u64>),
    Until(UntilClear),
}

impl Configurable for Seeds {
    const ALLOWED: Allowed = Allowed::Either(&[
        Allowed::Integer(range!(1..=10_000)),
        Allowed::List { of: &u64::ALLOWED, min: 1, max: MAX_SEEDS },
        UntilClear::ALLOWED,
    ]);
}

settings! {
    /// Seeds are added until the comparison of `compare.primary` is clear, or the difference is known to be smaller
    /// than one that matters. The evidence may be looked at as often as one likes: if the norms do not differ, it
    /// is called clear in at most 5 % of studies.
    pub struct UntilClear {
        /// What ends it.
        until: UntilWhat = UntilWhat::Clear;
        /// Seeds before the first look. After each look a quarter more are added, at least one.
        min: u64 = 5, range(2..=10_000);
        /// Seeds after which it ends undecided.
        max: u64 = 40, range(2..=10_000);
        /// The smallest difference that matters, as in `compare.smallest`.
        smallest: Option<f64>, absent("`compare.smallest`"), range(> 0.0);
    }
}

settings! {
    /// What ends a comparison.
    pub enum UntilWhat {
        /// A clear difference, or clearly none that matters.
        Clear = "clear";
    }
}

impl UntilClear {
    /// Numbers of seeds after which the evidence is looked at: `min`, each time a quarter more, `max`.
    pub fn looks(&self) -> Vec<usize> {
        let (max, mut n) = (self.max as usize, self.min as usize);
        let mut looks = Vec::new();
        while n < max {
            looks.push(n);
            n += (n / 4).max(1);
        }
        looks.push(max);
        looks
    }
}

/// The seeds of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedPlan {
    /// Every seed that may be used; at least one, no two the same.
    pub all: Vec<u64>,
    /// The rule by which only the first of them are used.
    pub until: Option<UntilClear>,
}

/// As in a config: a list, or the rule.
impl Serialize for SeedPlan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.until {
            Some(until) => until.serialize(serializer),
            None => self.all.serialize(serializer),
        }
    }
}

settings! {
    /// What a seed decides.
    pub enum SeededPart {
        /// Which rows are for training, validation and test.
        Split = "split";
        /// The initial weights.
        Weights = "weights";
        /// The order of the rows, and dropout.
        Order = "order";
    }
}

/// What the seeds of a comparison vary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Vary {
    /// Everything.
    All(VaryAll),
    /// These parts; the others are those of `training.seed`.
    Parts(Vec<SeededPart>),
}

settings! {
    /// The word for everything.
    pub enum VaryAll {
        /// Split, weights and order.
        All = "all";
    }
}

impl Configurable for Vary {
    const ALLOWED: Allowed = Allowed::Either(&[
        VaryAll::ALLOWED,
        Allowed::List { of: &SeededPart::ALLOWED, min: 1, max: SeededPart::ALL.len() },
    ]);
}

impl Vary {
    /// `training` with this seed, which varies these parts only.
    pub fn seeded(&self, training: &TrainingSpec, seed: u64) -> TrainingSpec {
        let mut seeded = TrainingSpec { seed, ..training.clone() };
        let Self::Parts(parts) = self else { return seeded };
        let fixed = |part, own: Option<u64>| match parts.contains(&part) {
            true => None,
            false => Some(own.unwrap_or(training.seed)),
        };
        seeded.split_seed = fixed(SeededPart::Split, training.split_seed);
        seeded.weights_seed = fixed(SeededPart::Weights, training.weights_seed);
        seeded.order_seed = fixed(SeededPart::Order, training.order_seed);
        seeded
    }
}

/// The seeds that `written` means; numbers count from `first` on. `taken` are others, in use.
pub(crate) fn resolve(
    written: &Seeds,
    first: u64,
    taken: &[u64],
    spec: &ConfigSpec,
    problems: &mut Problems,
) -> SeedPlan {
    let path = "compare.seeds";
    match written {
        Seeds::Count(count) => SeedPlan { all: counted(path, first, *count, problems), until: None },
        Seeds::List(seeds) => {
            refuse_repeats(path, seeds, u64::to_string, problems);
            for (index, seed) in seeds.iter().enumerate().filter(|(_, seed)| taken.contains(seed)) {
                let message = format!(
                    "{seed} is among the seeds of compare.tune, from training.seed = {} on; a fresh one is needed",
                    spec.training.seed
                );
                problems.push(&format!("{path}[{index}]"), message);
            }
            SeedPlan { all: seeds.clone(), until: None }
        }
        Seeds::Until(until) => {
            if until.max < until.min && problems.is_valid(path) {
                let message = format!("{} is less than min = {}; use at least as many", until.max, until.min);
                problems.push("compare.seeds.max", message);
            }
            let smallest = spec.compare.as_ref().and_then(|compare| compare.smallest);
            if until.smallest.is_some() && smallest.is_some() {
                problems
                    .push("compare.seeds.smallest", "compare.smallest says the same; leave out one of them");
            }
            SeedPlan { all: counted(path, first, until.max, problems), until: Some(until.clone()) }
        }
    }
}

/// `count` seeds from `first` on.
pub(crate) fn counted(path: &str, first: u64, count: u64, problems: &mut Problems) -> Vec<u64> {
    let last = first.checked_add(count.saturating_sub(1)).filter(|last| i64::try_from(*last).is_ok());
    if last.is_none() {
        let message = format!("{count} seeds from {first} on exceed the largest seed, 2^63 - 1");
        problems.push(path, message);
    }
    last.map(|last| (first..=last).collect()).unwrap_or_default()
}

pub(crate) fn refuse_repeats<T: Ord>(
    path: &str,
    items: &[T],
    show: impl Fn(&T) -> String,
    problems: &mut Problems,
) {
    let mut seen = std::collections::BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        if !seen.insert(item) {
            problems.push(&format!("{path}[{index}]"), format!("{} is listed twice", show(item)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_a_quarter_apart() {
        let until = UntilClear { min: 5, max: 40, ..UntilClear::default() };
        assert_eq!(until.looks(), [5, 6, 7, 8, 10, 12, 15, 18, 22, 27, 33, 40]);
        assert_eq!(UntilClear { min: 3, max: 3, ..until }.looks(), [3]);
    }

    #[test]
    fn what_is_not_varied_keeps_the_first_seed() {
        let training = TrainingSpec { seed: 7, order_seed: Some(1), ..TrainingSpec::default() };
        let all = Vary::All(VaryAll::All).seeded(&training, 9);
        assert_eq!((all.split_key().seed, all.seed_of_weights(), all.seed_of_order()), (9, 9, 1));
        let weights = Vary::Parts(vec![SeededPart::Weights]).seeded(&training, 9);
        assert_eq!((weights.split_key().seed, weights.seed_of_weights(), weights.seed_of_order()), (7, 9, 1));
        let order = Vary::Parts(vec![SeededPart::Order, SeededPart::Split]).seeded(&training, 9);
        assert_eq!((order.split_key().seed, order.seed_of_weights(), order.seed_of_order()), (9, 7, 9));
    }
}
