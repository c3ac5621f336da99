//! What is known before the first step, so that nothing has to fail at step 400.

use crate::config::Plan;
use crate::data::{Batches, LastBatch, Sampling};
use crate::nn::LayerSpec;

/// The batches of an epoch, in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preflight {
    /// Steps in each epoch.
    pub steps_per_epoch: u64,
    /// Rows of the smallest and of the largest batch.
    pub batch_rows: (usize, usize),
    /// What becomes of a tail that is not a whole batch, in words; none if there is no tail.
    pub tail: Option<String>,
}

/// A plan and its data do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{rows} training rows with training.batch_size = {batch_size} and training.last_batch = \"{last_batch}\" make a \
     batch of 1 row, but batch norm needs at least 2 rows; set training.last_batch = \"merge\""
)]
pub struct BatchOfOne {
    rows: usize,
    batch_size: usize,
    last_batch: &'static str,
}

/// Plans the batches of an epoch over `rows` training rows.
///
/// # Errors
///
/// If a batch would have one row and the network normalises batches.
pub fn preflight(plan: &Plan, rows: usize) -> Result<Preflight, BatchOfOne> {
    let training = &plan.training;
    let batch_size = training.batch_size;
    let batches = Batches::new(rows, batch_size, training.last_batch, training.sampling, training.seed);
    let batch_rows = batches.sizes();
    if batch_rows.0 < 2 && plan.layers.iter().any(LayerSpec::is_norm) {
        return Err(BatchOfOne { rows, batch_size, last_batch: name(training.last_batch) });
    }
    let tail = (!rows.is_multiple_of(batch_size) && rows > batch_size).then(|| {
        let tail = rows % batch_size;
        let fate = match (training.sampling, training.last_batch) {
            (Sampling::Replacement, _) => {
                "rows are drawn with replacement, an epoch is the whole batches only".to_owned()
            }
            (Sampling::Shuffle, LastBatch::Drop) => "dropped, others each epoch".to_owned(),
            (Sampling::Shuffle, LastBatch::Merge) if 2 * tail < batch_size => {
                format!("merged into the batch before, which has {} rows", batch_rows.1)
            }
            (Sampling::Shuffle, LastBatch::Merge | LastBatch::Keep) => "a batch of their own".to_owned(),
        };
        format!("{tail} of {rows} training rows are left over by batches of {batch_size}: {fate}")
    });
    Ok(Preflight { steps_per_epoch: batches.per_epoch() as u64, batch_rows, tail })
}

fn name(last_batch: LastBatch) -> &'static str {
    match last_batch {
        LastBatch::Merge => "merge",
        LastBatch::Keep => "keep",
        LastBatch::Drop => "drop",
    }
}
