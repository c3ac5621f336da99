//! The batches of an epoch, planned before the first step.

use crate::data::{BatchSampler, LastBatch, Sampling, joins_batch_before};
use crate::nn::{FewOutputs, LayerSpec, Loss, few_outputs};
use crate::train::TrainingSpec;

/// The batches of an epoch, in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchPlan {
    /// Steps in each epoch.
    pub steps_per_epoch: u64,
    /// Rows of the smallest batch.
    pub smallest_batch: usize,
    /// Rows of the largest batch.
    pub largest_batch: usize,
    /// The incomplete batch at the end of an epoch; none if the batches divide the rows evenly.
    pub remainder: Option<Remainder>,
}

/// Training rows that do not fill a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remainder {
    /// How many there are in each epoch.
    pub rows: usize,
    /// What is done with them.
    pub handling: RemainderHandling,
}

/// What is done with training rows that do not fill a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemainderHandling {
    /// They are left out; each epoch leaves out other rows.
    Dropped,
    /// They join the batch before them.
    Merged,
    /// They are a smaller batch.
    Kept,
    /// Rows are drawn with replacement, so an epoch has complete batches only.
    NotDrawn,
}

/// Why a network cannot be trained on some data in such batches.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchPlanError {
    /// A batch of one row has no variance.
    #[error(
        "{rows} training rows with training.batch_size = {batch_size} and training.last_batch = \"{}\" \
         make a batch of 1 row, but {norm} needs at least 2 rows; {}",
        .last_batch.name(),
        remedy(*.rows, *.batch_size)
    )]
    BatchOfOne {
        /// The norm that takes its statistics from the batch.
        norm: &'static str,
        /// Rows to train on.
        rows: usize,
        /// Rows of a complete batch.
        batch_size: usize,
        /// What is done with an incomplete batch.
        last_batch: LastBatch,
    },
    /// Nothing can be trained on.
    #[error("there are no training rows")]
    NoRows,
    /// The largest batch has fewer rows than a ghost batch.
    #[error(
        "a batch, or a block of it, has at most {batch} rows, fewer than the {ghost} of a ghost batch; set `rows` of \
         ghost_batch_norm to at most {batch}"
    )]
    SmallerThanGhost {
        /// Rows of the largest batch or block.
        batch: usize,
        /// Rows of a ghost batch.
        ghost: usize,
    },
    /// There are more blocks than rows in a batch.
    #[error(
        "training.blocks = {blocks}, but a batch has only {batch} rows; set training.blocks to at most {batch}{larger}"
    )]
    MoreBlocksThanRows {
        /// Blocks of each batch.
        blocks: usize,
        /// Rows of the smallest batch.
        batch: usize,
        /// What else can be done.
        larger: &'static str,
    },
    /// A block of one row has no variance.
    #[error(
        "training.blocks = {blocks} cuts a batch of {batch} rows into blocks of 1 row, but {norm} normalizes each block \
         by itself and needs at least 2 rows; set training.blocks to at most {}",
        .batch / 2
    )]
    BlockOfOne {
        /// The norm.
        norm: &'static str,
        /// Blocks of each batch.
        blocks: usize,
        /// Rows of the smallest batch.
        batch: usize,
    },
    /// `logistic_loss` has one logit for two classes.
    #[error("logistic_loss is for 2 classes, but the label has {classes}; use softmax_loss")]
    NotTwoClasses {
        /// Classes of the label.
        classes: usize,
    },
    /// A norm of each row before the loss has too few outputs.
    #[error(
        "{norm} before the loss normalizes {outputs} output{} of each row together, which leaves nothing but a sign to \
         learn; put a norm over the batch there, such as batch_norm, or none",
        if *.outputs == 1 { "" } else { "s" }
    )]
    NormOfFewOutputs {
        /// The norm.
        norm: &'static str,
        /// How many outputs it normalizes together.
        outputs: usize,
    },
}

impl BatchPlan {
    /// Plans the batches of an epoch over `rows` training rows with `outputs` classes or target values.
    ///
    /// # Errors
    ///
    /// If there are no rows, a batch would have one row and the network has a norm over the batch, or the loss or a norm
    /// before it is not for that many classes or values.
    pub fn new(
        layers: &[LayerSpec],
        training: &TrainingSpec,
        rows: usize,
        outputs: usize,
    ) -> Result<Self, BatchPlanError> {
        if layers.last().and_then(LayerSpec::loss) == Some(Loss::Logistic) && outputs != 2 {
            return Err(BatchPlanError::NotTwoClasses { classes: outputs });
        }
        if let Some(FewOutputs { norm, outputs }) = few_outputs(layers, outputs) {
            return Err(BatchPlanError::NormOfFewOutputs { norm, outputs });
        }
        if rows == 0 {
            return Err(BatchPlanError::NoRows);
        }
        let &TrainingSpec { batch_size, last_batch, sampling, .. } = training;
        let batches = BatchSampler::new(rows, batch_size, last_batch, sampling, training.seed_of_order());
        let (smallest_batch, largest_batch) = batches.sizes();
        if let Some(norm) = layers.iter().find(|layer| layer.needs_batch()).filter(|_| smallest_batch < 2) {
            return Err(BatchPlanError::BatchOfOne { norm: norm.kind(), rows, batch_size, last_batch });
        }
        let blocks = training.blocks;
        if blocks > smallest_batch {
            let larger = if smallest_batch < batch_size.min(rows) {
                ", or training.last_batch to \"drop\""
            } else if rows < batch_size {
                ", or use more training rows"
            } else {
                ", or training.batch_size to at least as many"
            };
            return Err(BatchPlanError::MoreBlocksThanRows { blocks, batch: smallest_batch, larger });
        }
        let ghosts = || layers.iter().filter(|layer| layer.ghost_rows().is_some());
        if let Some(norm) = ghosts().next().filter(|_| smallest_batch / blocks < 2) {
            return Err(BatchPlanError::BlockOfOne { norm: norm.kind(), blocks, batch: smallest_batch });
        }
        let (ghost, batch) =
            (ghosts().filter_map(LayerSpec::ghost_rows).max(), largest_batch.div_ceil(blocks));
        if let Some(ghost) = ghost.filter(|&ghost| ghost > batch) {
            return Err(BatchPlanError::SmallerThanGhost { batch, ghost });
        }
        let remainder = (!rows.is_multiple_of(batch_size) && rows > batch_size).then(|| {
            let remainder = rows % batch_size;
            let handling = match (sampling, last_batch) {
                (Sampling::Replacement, _) => RemainderHandling::NotDrawn,
                (Sampling::Shuffle, LastBatch::Drop) => RemainderHandling::Dropped,
                (Sampling::Shuffle, LastBatch::Merge) if joins_batch_before(remainder, batch_size) => {
                    RemainderHandling::Merged
                }
                (Sampling::Shuffle, LastBatch::Merge | LastBatch::Keep) => RemainderHandling::Kept,
            };
            Remainder { rows: remainder, handling }
        });
        Ok(Self { steps_per_epoch: batches.per_epoch() as u64, smallest_batch, largest_batch, remainder })
    }
}

/// What to change about batches of one row.
fn remedy(rows: usize, batch_size: usize) -> &'static str {
    if rows < 2 {
        "use more training rows"
    } else if batch_size < 2 {
        "set training.batch_size to 2 or more"
    } else {
        "set training.last_batch = \"merge\""
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{batch_norm, ghost_batch_norm, layer_norm, output_affine, softmax_loss};

    fn remainder(sampling: Sampling, last_batch: LastBatch, rows: usize) -> Option<Remainder> {
        let training = TrainingSpec { batch_size: 10, sampling, last_batch, ..TrainingSpec::default() };
        BatchPlan::new(&[softmax_loss()], &training, rows, 3).expect("a plan").remainder
    }

    #[test]
    fn an_incomplete_batch_is_merged_kept_or_dropped() {
        let merged = Remainder { rows: 4, handling: RemainderHandling::Merged };
        assert_eq!(remainder(Sampling::Shuffle, LastBatch::Merge, 24), Some(merged));
        let kept = Remainder { rows: 5, handling: RemainderHandling::Kept };
        assert_eq!(remainder(Sampling::Shuffle, LastBatch::Merge, 25), Some(kept));
        let dropped = Remainder { rows: 5, handling: RemainderHandling::Dropped };
        assert_eq!(remainder(Sampling::Shuffle, LastBatch::Drop, 25), Some(dropped));
        let not_drawn = Remainder { rows: 5, handling: RemainderHandling::NotDrawn };
        assert_eq!(remainder(Sampling::Replacement, LastBatch::Merge, 25), Some(not_drawn));
        assert_eq!(remainder(Sampling::Shuffle, LastBatch::Drop, 20), None);
    }

    #[test]
    fn batch_norm_needs_batches_of_two_rows() {
        let layers = [output_affine(), batch_norm(), softmax_loss()];
        let training =
            TrainingSpec { batch_size: 10, last_batch: LastBatch::Keep, ..TrainingSpec::default() };
        let error = BatchPlan::new(&layers, &training, 21, 3).expect_err("a batch of 1 row");
        let last_batch = LastBatch::Keep;
        assert_eq!(
            error,
            BatchPlanError::BatchOfOne { norm: "batch_norm", rows: 21, batch_size: 10, last_batch }
        );
        assert_eq!(BatchPlan::new(&layers, &training, 22, 3).map(|plan| plan.smallest_batch), Ok(2));
        assert_eq!(BatchPlan::new(&layers, &training, 0, 3), Err(BatchPlanError::NoRows));
        let ghosts = [output_affine(), ghost_batch_norm(), softmax_loss()];
        let error = BatchPlan::new(&ghosts, &training, 22, 3).expect_err("smaller than a ghost batch");
        assert_eq!(error, BatchPlanError::SmallerThanGhost { batch: 10, ghost: 16 });
        let by_rows = [output_affine(), layer_norm(), softmax_loss()];
        assert_eq!(BatchPlan::new(&by_rows, &training, 21, 3).map(|plan| plan.smallest_batch), Ok(1));
        assert_eq!(
            BatchPlan::new(&by_rows, &training, 21, 2).expect_err("two outputs").to_string(),
            "layer_norm before the loss normalizes 2 outputs of each row together, which leaves nothing but a sign to learn; \
             put a norm over the batch there, such as batch_norm, or none"
        );
    }

    #[test]
    fn the_advice_about_a_batch_of_one_row_helps() {
        let layers = [output_affine(), batch_norm(), softmax_loss()];
        let plan = |rows, batch_size, last_batch| {
            let training = TrainingSpec { batch_size, last_batch, ..TrainingSpec::default() };
            BatchPlan::new(&layers, &training, rows, 3)
        };
        for (rows, batch_size, last_batch, advice) in [
            (1, 8, LastBatch::Merge, "use more training rows"),
            (2, 1, LastBatch::Merge, "set training.batch_size to 2 or more"),
            (9, 1, LastBatch::Merge, "set training.batch_size to 2 or more"),
            (9, 2, LastBatch::Keep, "set training.last_batch = \"merge\""),
        ] {
            let message = plan(rows, batch_size, last_batch).expect_err("a batch of 1 row").to_string();
            assert!(message.ends_with(&format!("needs at least 2 rows; {advice}")), "{message}");
        }
        for rows in 2..20 {
            for batch_size in 2..20 {
                assert!(plan(rows, batch_size, LastBatch::Merge).is_ok(), "{rows} {batch_size}");
            }
        }
    }
}
