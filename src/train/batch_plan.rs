//! What is known before the first step, so that nothing has to fail at step 400.

use crate::config::Plan;
use crate::data::{BatchSampler, LastBatch, Sampling};
use crate::nn::{LayerSpec, Loss};

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
pub enum Misfit {
    /// A batch of one row cannot be normalised.
    #[error(
        "{rows} training rows with training.batch_size = {batch_size} and training.last_batch = \"{last_batch}\" \
         make a batch of 1 row, but batch norm needs at least 2 rows; set training.last_batch = \"merge\""
    )]
    BatchOfOne {
        /// To train on.
        rows: usize,
        /// As planned.
        batch_size: usize,
        /// As in a config.
        last_batch: &'static str,
    },
    /// The loss has one score for two classes.
    #[error("logistic_loss is for 2 classes, but the label has {classes}; use softmax_loss")]
    NotTwoClasses {
        /// Of the label.
        classes: usize,
    },
}

/// Plans the batches of an epoch over `rows` training rows with `answers` classes or values.
///
/// # Errors
///
/// If a batch would have one row and the network normalises batches, or the loss is not for that
/// many classes.
pub fn preflight(plan: &Plan, rows: usize, answers: usize) -> Result<Preflight, Misfit> {
    if plan.layers.last().and_then(LayerSpec::loss) == Some(Loss::Logistic) && answers != 2 {
        return Err(Misfit::NotTwoClasses { classes: answers });
    }
    let training = &plan.training;
    let batch_size = training.batch_size;
    let batches = BatchSampler::new(rows, batch_size, training.last_batch, training.sampling, training.seed);
    let batch_rows = batches.sizes();
    if batch_rows.0 < 2 && plan.layers.iter().any(LayerSpec::is_norm) {
        return Err(Misfit::BatchOfOne { rows, batch_size, last_batch: name(training.last_batch) });
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
