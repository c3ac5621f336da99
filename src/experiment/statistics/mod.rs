//! What several seeds say: means, differences between runs that share a seed, and how sure they are.
//!
//! One method per file, each with its formula and source. Everything is a function of the numbers
//! alone; where signs are drawn, the draws are always the same.
//!
//! # What an interval means
//!
//! - The interval of a mean over seeds ([`Estimate`], [`PairedComparison`]) holds the *mean* over all
//!   seeds, in 95 % of studies. It is not about a single run: where *another seed* would end is
//!   within `m -+ t s sqrt(1 + 1/n)`, which is `sqrt(n + 1)` times as wide.
//! - Seeds vary the split, the initial weights and the batches, on the same file. What *other rows*
//!   from the same source would give is the interval of a metric of one run, over its rows
//!   ([`metrics`](crate::metrics)); what *other data* would give, nothing here says.
//! - Losses are compared as ratios, because they are skewed and can span decades: intervals of
//!   differences of losses hold the mean far too seldom.
//! - A *lost* run, which diverged or ended worse than a constant prediction, has no loss that an
//!   average could use. In everything that goes by order or by sign it counts as worst; means are of
//!   the other runs, and say how many those are.

mod counts;
#[cfg(test)]
mod coverage;
mod e_value;
mod estimate;
mod expected_best;
mod holm;
mod kaplan_meier;
mod no_interval;
mod paired;
mod paired_form;
mod power;
mod sign_flip;
mod sign_flip_power;
mod signed_rank;

pub use crate::experiment::statistics::counts::sign_test;
pub use crate::experiment::statistics::e_value::{CLEAR_EVIDENCE, confidence_sequence, e_value};
pub use crate::experiment::statistics::estimate::{Estimate, censored_median};
pub use crate::experiment::statistics::expected_best::expected_best;
pub use crate::experiment::statistics::holm::holm;
pub use crate::experiment::statistics::kaplan_meier::{KaplanMeier, ObservedTime, SurvivalStep};
pub use crate::experiment::statistics::no_interval::NoInterval;
pub(crate) use crate::experiment::statistics::paired::signed_differences;
pub use crate::experiment::statistics::paired::{OpenInterval, PairedComparison, Reading};
pub use crate::experiment::statistics::paired_form::PairedForm;
pub use crate::experiment::statistics::power::{
    detectable_effect, detectable_effect_among, fewest_pairs, power, seeds_needed, seeds_needed_among,
};
pub use crate::experiment::statistics::sign_flip::{sign_flip_p, smallest_sign_flip_p};
pub(crate) use crate::experiment::statistics::signed_rank::MAX_PAIRS;
pub use crate::experiment::statistics::signed_rank::{hodges_lehmann, signed_rank_interval};
pub use crate::metrics::{CONFIDENCE, Interval};

/// Values that the tests of several methods use: accuracies of two networks over eight seeds.
#[cfg(test)]
pub(crate) mod example {
    pub(crate) const A: [f64; 8] = [0.9738, 0.9766, 0.9861, 0.9694, 0.9716, 0.9805, 0.9750, 0.9661];
    pub(crate) const B: [f64; 8] = [0.9655, 0.9722, 0.9694, 0.9655, 0.9683, 0.9777, 0.9600, 0.9666];

    pub(crate) fn differences() -> Vec<f64> {
        A.iter().zip(B).map(|(a, b)| a - b).collect()
    }
}
