//! Which rows each step trains on.

use std::ops::Range;

use rand::Rng;
use rand::seq::SliceRandom;

use crate::random::stream;
use crate::settings::settings;

settings! {
    /// What to do with the rows after the last whole batch of an epoch.
    pub enum LastBatch {
        /// Fewer than half a batch, or a single row, join the previous batch; others are a batch.
        Merge = "merge";
        /// They are a batch, however few.
        Keep = "keep";
        /// They are not used in this epoch.
        Drop = "drop";
    }
}

settings! {
    /// How the rows of an epoch are chosen.
    pub enum Sampling {
        /// Every row once, in a new order each epoch.
        Shuffle = "shuffle";
        /// Each row of each batch drawn from all rows, as in the CS231n solver; `rows / batch_size` whole
        /// batches make an epoch.
        Replacement = "replacement";
    }
}

/// The batches of a run, which depend on seed and epoch only.
#[derive(Clone, Debug)]
pub struct BatchSampler {
    rows: usize,
    sampling: Sampling,
    seed: u64,
    ends: Vec<usize>, // of each batch, in the order of the epoch
    order: Vec<usize>,
}

impl BatchSampler {
    /// For epochs over `rows` rows.
    ///
    /// # Panics
    ///
    /// If `rows` or `batch_size` is 0; a checked config has neither.
    pub fn new(rows: usize, batch_size: usize, last: LastBatch, sampling: Sampling, seed: u64) -> Self {
        assert!(rows > 0 && batch_size > 0, "an epoch needs rows");
        let last = match sampling {
            Sampling::Shuffle => last,
            Sampling::Replacement => LastBatch::Drop,
        };
        let ends = batch_ranges(rows, batch_size, last).into_iter().map(|range| range.end).collect();
        Self { rows, sampling, seed, ends, order: Vec::with_capacity(rows) }
    }

    /// The number of batches in an epoch.
    pub fn per_epoch(&self) -> usize {
        self.ends.len()
    }

    /// The number of rows of the smallest and of the largest batch.
    pub fn sizes(&self) -> (usize, usize) {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let sizes: Vec<usize> = starts.zip(&self.ends).map(|(start, end)| end - start).collect();
        let smallest = sizes.iter().min().copied().unwrap_or(0);
        (smallest, sizes.iter().max().copied().unwrap_or(0))
    }

    /// Draws the order of `epoch` (from 1) and iterates over its batches, each a list of row indices.
    pub fn epoch(&mut self, epoch: u64) -> impl Iterator<Item = &[usize]> {
        let mut random = stream(self.seed, "shuffle", &[epoch]);
        self.order.clear();
        match self.sampling {
            Sampling::Shuffle => {
                self.order.extend(0..self.rows);
                self.order.shuffle(&mut random);
            }
            Sampling::Replacement => {
                let drawn = self.ends[self.ends.len() - 1];
                self.order.extend((0..drawn).map(|_| random.random_range(0..self.rows)));
            }
        }
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.order[start..end])
    }
}

/// Cuts `rows` rows, at least one, into batches of `batch_size`; `last` says what is done with the rows
/// after the last complete one. Fewer rows than a batch are one batch.
pub fn batch_ranges(rows: usize, batch_size: usize, last: LastBatch) -> Vec<Range<usize>> {
    let whole = rows / batch_size;
    let tail = rows % batch_size;
    let mut batches: Vec<_> = (0..whole).map(|batch| batch * batch_size..(batch + 1) * batch_size).collect();
    match batches.last_mut() {
        _ if tail == 0 => {}
        Some(batch) if last == LastBatch::Merge && joins_batch_before(tail, batch_size) => batch.end = rows,
        Some(_) if last == LastBatch::Drop => {}
        _ => batches.push(rows - tail..rows),
    }
    batches
}

/// Whether [`LastBatch::Merge`] appends this many rows, at least 1, to the batch before. A single row always
/// joins it, since it cannot be normalised by itself.
pub(crate) fn joins_batch_before(tail: usize, batch_size: usize) -> bool {
    2 * tail < batch_size || tail == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(rows: usize, batch_size: usize, last: LastBatch) -> Vec<usize> {
        let mut batches = BatchSampler::new(rows, batch_size, last, Sampling::Shuffle, 1);
        let sizes: Vec<usize> = batches.epoch(1).map(<[usize]>::len).collect();
        let (smallest, largest) = batches.sizes();
        assert_eq!((sizes.iter().min(), sizes.iter().max()), (Some(&smallest), Some(&largest)));
        sizes
    }

    #[test]
    fn the_last_batch_is_merged_kept_or_dropped() {
        assert_eq!(sizes(101, 10, LastBatch::Merge), [10, 10, 10, 10, 10, 10, 10, 10, 10, 11]);
        assert_eq!(sizes(14, 10, LastBatch::Merge), [14]);
        assert_eq!(sizes(15, 10, LastBatch::Merge), [10, 5]);
        assert_eq!(sizes(21, 10, LastBatch::Keep), [10, 10, 1]);
        assert_eq!(sizes(21, 10, LastBatch::Drop), [10, 10]);
        assert_eq!(sizes(20, 10, LastBatch::Merge), [10, 10]);
        assert_eq!(sizes(7, 2, LastBatch::Merge), [2, 2, 3]);
        assert_eq!(sizes(7, 2, LastBatch::Keep), [2, 2, 2, 1]);
        // Fewer rows than a batch are one batch under every rule.
        for last in [LastBatch::Merge, LastBatch::Keep, LastBatch::Drop] {
            assert_eq!(sizes(3, 10, last), [3]);
        }
    }

    #[test]
    fn each_epoch_is_another_permutation() {
        let mut batches = BatchSampler::new(50, 7, LastBatch::Merge, Sampling::Shuffle, 3);
        let mut orders: Vec<Vec<usize>> =
            (1..=2).map(|epoch| batches.epoch(epoch).flatten().copied().collect()).collect();
        assert_ne!(orders[0], orders[1]);
        orders[0].sort_unstable();
        assert_eq!(orders[0], (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn sampling_with_replacement_draws_complete_batches_with_repeats() {
        let mut batches = BatchSampler::new(45, 10, LastBatch::Merge, Sampling::Replacement, 3);
        assert_eq!((batches.per_epoch(), batches.sizes()), (4, (10, 10)));
        let mut drawn: Vec<usize> = batches.epoch(1).flatten().copied().collect();
        drawn.sort_unstable();
        assert_eq!(drawn.len(), 40);
        drawn.dedup();
        assert!(drawn.len() < 40 && drawn.iter().all(|&row| row < 45));
    }
}
