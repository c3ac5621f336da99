//! Many runs: the same network with other norms, settings and seeds.

mod assessment;
mod cell;
mod datasets;
mod jobs;
mod runner;
pub mod statistics;
mod summary;
#[cfg(test)]
pub(crate) mod synthetic;
mod twin;

pub use assessment::{Assessment, Contender, HeldBack, NamedMeasure};
pub use cell::{Cell, RunRecord};
pub use datasets::DataSets;
pub use jobs::jobs;
pub use runner::{FinishedRun, Job, RunError, one_step, run_all};
pub use summary::{
    Differences, GroupSummary, MeasuredOn, MetricSummary, NormComparison, Point, RunSummary, Scores,
    SeedStep, StepsToReach, Summary, SummaryError,
};
pub use twin::{norm_of, twin};
