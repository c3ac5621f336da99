//! What came of all runs, as `summary.json`.
//!
//! A *run* is one cell. A *group* is all runs of one norm at one point of the grid; its numbers
//! are means over seeds. A *comparison* puts the first-listed norm against another one at the
//! same point, paired by seed: both networks start from the same weights and see the same
//! batches, so the difference within a pair is what the norm does. Formulas and limits of the
//! intervals: [`statistics`](crate::experiment::statistics).
//!
//! # Rules
//!
//! - *Loss* and *accuracy* (for values: *R2*) of groups and comparisons are those of the
//!   validation rows, or, where a config has none, of the training rows in evaluation mode;
//!   [`Summary::measured_on`] says which.
//! - *Final* is after the last epoch of a run, *best* the lowest loss or the highest accuracy or R2
//!   after any epoch, the state before training included. The best of many noisy numbers is better
//!   than what the network would score on fresh rows, for every norm.
//! - A run *completed* if it did all epochs or stopped early. The others, diverged or
//!   interrupted, are counted and left out of means and differences; so a mean speaks of the
//!   completed runs only.
//! - *Steps to reach the other's best loss*: for each seed, the first evaluated step at which a
//!   run's loss is no larger than the best loss of the other norm's run. Losses are evaluated
//!   after each epoch, which is the resolution. The other run must have completed. A run that
//!   never gets there, or diverges before, counts as *not reached*, later than any step; the
//!   median is over all seeds in that sense, and none where half of them or more did not reach it.

pub(crate) mod collect;
pub(crate) mod final_metrics;
pub(crate) mod json;
pub(crate) mod pairs;
#[cfg(test)]
mod tests;
pub(crate) mod types;

pub use crate::experiment::summary::json::SummaryError;
pub use crate::experiment::summary::types::{
    Differences, GroupSummary, MeasuredOn, MetricSummary, NormComparison, Point, RunSummary, Scores,
    SeedStep, StepsToReach, Summary,
};
