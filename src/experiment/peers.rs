//! Other processes that train runs together with this one.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::config::Plan;
use crate::nn::Gather;
use crate::train::RunState;

/// Other processes, which train every run together with this one.
pub trait Peers: Sync {
    /// Has them begin the run of `plan`: from a network with this [hash](crate::model::result_hash), or from a state.
    /// All go on once all are ready.
    ///
    /// # Errors
    ///
    /// What is wrong with one of them; then none begins.
    fn begin(&self, plan: &Plan, start: RunStart<'_>) -> Result<Arc<dyn Gather>, String>;
}

/// What a run begins with.
#[derive(Clone, Copy)]
pub enum RunStart<'a> {
    /// The network with this hash.
    Network(&'a str),
    /// The state of the same run.
    State(&'a RunState),
}

/// Who does the runs of a comparison.
#[derive(Clone, Copy)]
pub struct Crew<'a> {
    /// Threads of this process, for all runs in progress.
    pub threads: NonZeroUsize,
    /// Other processes; runs are then done one after the other.
    pub peers: Option<&'a dyn Peers>,
}

impl From<NonZeroUsize> for Crew<'_> {
    fn from(threads: NonZeroUsize) -> Self {
        Self { threads, peers: None }
    }
}
