//! Many runs: the same network with other norms, settings and seeds.

mod cell;
pub mod statistics;
mod summary;
#[cfg(test)]
pub(crate) mod synthetic;

pub use cell::{Cell, RunRecord};
pub use summary::{
    Differences, GroupSummary, MeasuredOn, NormComparison, Point, RunSummary, Scores, SeedStep, StepsToReach,
    Summary, SummaryError,
};
