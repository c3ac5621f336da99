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
}

impl<'a> From<&'a ThreadPool> for Workers<'a> {
    fn from(pool: &'a ThreadPool) -> Self {
        Self { pool, processes: Arc::new(Alone) }
    }
}
