//! What came of all runs, as `summary.json`.
//!
//! A *run* is one cell. A *group* is all runs of one norm at one point of the grid; its numbers
//! are means over seeds. A *comparison* puts two norms at the same point against each other, paired by
//! seed: both networks start from the same weights and see the same batches, so the difference within a
//! pair is what the norm does. Formulas and limits: [`statistics`](crate::experiment::statistics).
//!
//! # Rules
//!
//! - *Loss* and *accuracy* (for values: *R2*) of groups and comparisons are those of the
//!   validation rows, or, where a config has none, of the training rows in evaluation mode;
//!   [`Summary::measured_on`] says which.
//! - *Final* is after the last epoch of a run, *best* the lowest loss or the highest accuracy or R2
//!   after any epoch, the state before training included. The best of many noisy numbers is better
//!   than what the network would score on fresh rows, for every norm.
//! - A run is *lost* if it diverged, or if its loss of the training rows after the last epoch, in
//!   evaluation mode, is larger than that of a constant prediction. Lost runs are counted and left out of
//!   means; in comparisons they count as worst.
//! - A run is *complete* if it did all epochs or stopped early, and is not lost. Runs that were interrupted
//!   are left out of everything.
//! - One measure, the *primary* one, is named before the run. Its comparisons (one for each pair of norms and
//!   each point, and one for each norm that is compared at two positions) are a family: their p values are adjusted by Holm's method, and their simultaneous intervals
//!   hold at once. All other measures are a second family; of them nothing is called clear unless the primary
//!   measure of the same two networks is. So if the norms do not differ at all, a summary calls any difference
//!   clear in at most 5 % of studies.
//! - The *time to a bound* is the first evaluated step at which the loss is no larger, or the accuracy or R2 no
//!   smaller, than a bound. It comes from the config, or is what the worse of the two norms reaches in half of
//!   its runs: the median of their best values.

pub(crate) mod collect;
pub(crate) mod comparison;
pub(crate) mod expected_best;
pub(crate) mod final_metrics;
pub(crate) mod json;
#[cfg(test)]
mod null_studies;
pub(crate) mod pairs;
pub(crate) mod positions;
pub(crate) mod ranking;
pub(crate) mod sequential;
#[cfg(test)]
mod tests;
pub(crate) mod time_to_bound;
pub(crate) mod types;

pub use crate::experiment::summary::comparison::{
    BoundSource, ComparisonSettings, ExpectedBest, LostRuns, MeasureComparison, NormComparison, Resolution,
    SeedTimes, TimeToBound, TimesToBound,
};
pub use crate::experiment::summary::json::SummaryError;
pub use crate::experiment::summary::positions::PositionComparison;
pub(crate) use crate::experiment::summary::positions::are_same_networks;
pub use crate::experiment::summary::sequential::{Ending, PairEnding, Stopping};
pub use crate::experiment::summary::types::{
    EnsembleSummary, GroupSummary, MeasuredOn, MetricSummary, Point, RunSummary, Scores, Summary,
};
