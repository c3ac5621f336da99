//! Who trains a network.

use std::sync::Arc;

use crate::kernel::ThreadPool;
use crate::nn::{Alone, Gather};

/// Who trains a network: threads, and other processes that have some of the blocks of each batch.
#[derive(Clone)]
pub struct Workers<'a> {
    /// The threads of this process.
    pub pool: &'a ThreadPool,
    /// This process and the others.
    pub processes: Arc<dyn Gather>,
    /// How many of the threads take part in a step.
    pub team: StepTeam,
}

/// How many threads take part in a training step. The result does not depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepTeam {
    /// As many as are fastest now, which is measured while training.
    #[default]
    Fastest,
    /// All, to measure how fast that is.
    All,
}

impl<'a> From<&'a ThreadPool> for Workers<'a> {
    fn from(pool: &'a ThreadPool) -> Self {
        Self { pool, processes: Arc::new(Alone), team: StepTeam::default() }
    }
}
