//! The records of epochs as two tables of bytes, with all bits of every number.

use crate::train::{EpochRecord, Quality, Score};

/// Columns of the counts: epoch, step, and which numbers there are.
const COUNTS: usize = 3;
/// Columns of the numbers, see [`epochs_to`].
const NUMBERS: usize = 8;

/// What the last column of the counts says.
const HAS_LEARNING_RATE: u64 = 1;
const HAS_TRAIN_LOSS: u64 = 2;
const HAS_VALID: u64 = 4;
/// R2 in place of accuracy.
const IS_R2: u64 = 8;

/// Two tables with a row for each epoch.
pub(crate) struct EpochTable {
    rows: usize,
    /// `u64` in little-endian order.
    pub(crate) counts: Vec<u8>,
    /// `f64` in little-endian order.
    pub(crate) numbers: Vec<u8>,
}

impl EpochTable {
    pub(crate) fn counts_shape(&self) -> Vec<usize> {
        vec![self.rows, COUNTS]
    }

    pub(crate) fn numbers_shape(&self) -> Vec<usize> {
        vec![self.rows, NUMBERS]
    }
}

/// The tables of `epochs`.
pub(crate) fn epochs_to(epochs: &[EpochRecord]) -> EpochTable {
    let mut counts = Vec::with_capacity(epochs.len() * COUNTS * 8);
    let mut numbers = Vec::with_capacity(epochs.len() * NUMBERS * 8);
    for record in epochs {
        let flag = |is_set: bool, flag: u64| if is_set { flag } else { 0 };
        let flags = flag(record.learning_rate.is_some(), HAS_LEARNING_RATE)
            | flag(record.train_loss.is_some(), HAS_TRAIN_LOSS)
            | flag(record.valid.is_some(), HAS_VALID)
            | flag(matches!(record.train.quality, Quality::R2(_)), IS_R2);
        for count in [record.epoch, record.step, flags] {
            counts.extend(count.to_le_bytes());
        }
        let valid = record.valid.unwrap_or(record.train);
        for number in [
            record.learning_rate.unwrap_or_default(),
            record.train_loss.unwrap_or_default(),
            record.train.loss,
            record.train.quality.value(),
            valid.loss,
            valid.quality.value(),
            record.train_seconds,
            record.eval_seconds,
        ] {
            numbers.extend(number.to_le_bytes());
        }
    }
    EpochTable { rows: epochs.len(), counts, numbers }
}

/// The epochs of two tables; none if they are not such tables.
pub(crate) fn epochs_from(counts: &[u8], numbers: &[u8]) -> Option<Vec<EpochRecord>> {
    let (counts, counts_rest) = counts.as_chunks::<8>();
    let (numbers, numbers_rest) = numbers.as_chunks::<8>();
    let (counts, counts_cut) = counts.as_chunks::<COUNTS>();
    let (numbers, numbers_cut) = numbers.as_chunks::<NUMBERS>();
    let is_cut = [counts_rest, numbers_rest].iter().any(|rest| !rest.is_empty())
        || [counts_cut, numbers_cut].iter().any(|rest| !rest.is_empty());
    if is_cut || counts.len() != numbers.len() {
        return None;
    }
    let record = |(counts, numbers): (&[[u8; 8]; COUNTS], &[[u8; 8]; NUMBERS])| {
        let [epoch, step, flags] = counts.map(u64::from_le_bytes);
        let [
            learning_rate,
            train_loss,
            loss,
            quality,
            valid_loss,
            valid_quality,
            train_seconds,
            eval_seconds,
        ] = numbers.map(f64::from_le_bytes);
        let has = |flag: u64| flags & flag != 0;
        let score = |loss, quality| {
            let quality = if has(IS_R2) { Quality::R2(quality) } else { Quality::Accuracy(quality) };
            Score { loss, quality }
        };
        EpochRecord {
            epoch,
            step,
            learning_rate: has(HAS_LEARNING_RATE).then_some(learning_rate),
            train_loss: has(HAS_TRAIN_LOSS).then_some(train_loss),
            train: score(loss, quality),
            valid: has(HAS_VALID).then(|| score(valid_loss, valid_quality)),
            train_seconds,
            eval_seconds,
        }
    };
    Some(counts.iter().zip(numbers).map(record).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_whole_table_is_refused() {
        assert_eq!(epochs_from(&[], &[]).map(|epochs| epochs.len()), Some(0));
        let (counts, numbers) = ([0; 8 * COUNTS], [0; 8 * NUMBERS]);
        assert_eq!(epochs_from(&counts, &numbers).map(|epochs| epochs.len()), Some(1));
        for (counts, numbers) in [
            (&counts[..1], &[][..]),
            (&counts[..8], &[]),
            (&[], &numbers[..1]),
            (&[], &numbers[..8]),
            (&counts, &[]),
            (&[], &numbers),
        ] {
            assert!(epochs_from(counts, numbers).is_none(), "{} {}", counts.len(), numbers.len());
        }
    }
}
