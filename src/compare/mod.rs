//! Many runs: the same network with other norms, settings and seeds.

mod cell;
mod datasets;
mod jobs;
mod runner;
mod twin;

pub use cell::{Cell, RunRecord};
pub use datasets::DataSets;
pub use jobs::jobs;
pub use runner::{FinishedRun, Job, RunError, one_step, run_all};
pub use twin::{norm_of, twin};
