//! Many runs: the same network with other norms, settings and seeds.

pub(crate) mod assessment;
pub(crate) mod constant;
pub(crate) mod datasets;
pub(crate) mod peers;
pub(crate) mod requirement;
pub(crate) mod run_id;
pub(crate) mod runner;
pub(crate) mod search;
pub(crate) mod shares;
pub mod statistics;
pub(crate) mod study;
pub(crate) mod summary;
#[cfg(test)]
pub(crate) mod synthetic;
pub(crate) mod tuning;

pub(crate) use crate::experiment::assessment::assess_ensemble;
pub use crate::experiment::assessment::{Assessment, ConfusionCell, HoldoutSet, NamedMeasure, Subject};
pub(crate) use crate::experiment::constant::constant_loss;
pub use crate::experiment::datasets::DataSets;
pub use crate::experiment::peers::{Crew, Peers, RunStart};
#[cfg(feature = "cli")]
pub(crate) use crate::experiment::requirement::{Condition, Requirement};
pub use crate::experiment::run_id::{RunId, RunRecord};
pub use crate::experiment::runner::{Companion, Job, RunError, calibration, check_models, one_step, run_all};
pub use crate::experiment::search::{TriedPoint, final_job, ranked, search_jobs};
pub use crate::experiment::shares::{Share, dealt_out, undivided};
pub use crate::experiment::study::{all_jobs, next_jobs, split_records};
pub use crate::experiment::summary::{
    BoundSource, ComparisonSettings, Ending, EnsembleSummary, ExpectedBest, GroupSummary, LostRuns,
    MeasureComparison, MeasuredOn, MetricSummary, NormComparison, PairEnding, Point, PositionComparison,
    Resolution, RunSummary, Scores, SeedTimes, Stopping, Summary, SummaryError, TimeToBound, TimesToBound,
};
pub use crate::experiment::tuning::{
    BestRatio, Edge, EdgeWarning, TunedNorm, TunedPoint, Tuning, UsableRange, tuned_settings,
};
