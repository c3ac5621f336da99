//! The rows of one seed, and what is odd about how they are divided.

use crate::data::error::{DataError, ErrorKind};
use crate::data::split::Split;
use crate::data::table::matrix::{Cells, Matrix};
use crate::data::table::{Dataset, Part};
use crate::text::QuotedNames;

impl Dataset {
    /// Draws the rows of one seed.
    pub(crate) fn split(&self, seed: u64) -> Result<Split, DataError> {
        let split = self.division.draw(&self.main.labels, seed);
        let fail = |fault| Err(DataError::new(&self.main.source.path, fault));
        if split.train.is_empty() {
            return fail(ErrorKind::NoTrainRowOfKeys);
        }
        for ((key, share), rows) in self.held_back.into_iter().zip([&split.valid, &split.test]) {
            if share > 0.0 && rows.is_empty() {
                return fail(ErrorKind::NoRowOfKeys { key, share });
            }
        }
        Ok(split)
    }

    /// Names the classes that no row to train on has.
    pub(crate) fn note_untrained(&self, train: &[usize]) -> Option<String> {
        let mut is_trained = vec![false; self.classes.len()];
        for &row in train {
            if let Some(&label) = self.main.labels.get(row) {
                is_trained[label as usize] = true;
            }
        }
        let untrained = self.classes.iter().zip(is_trained).filter(|(_, is_trained)| !is_trained);
        let names: Vec<String> = untrained.map(|(name, _)| name.clone()).collect();
        (!names.is_empty()).then(|| format!("classes without a row to train on: {}", QuotedNames(&names)))
    }

    /// Counts the rows that are held back and yet trained on.
    pub(crate) fn note_twice(&self, split: &Split) -> Vec<String> {
        let parts = [("validation", &self.own_valid, &split.valid), ("test", &self.own_test, &split.test)];
        let mut seen = None;
        let mut notes = Vec::new();
        for (kind, own, rows) in parts {
            let all: Vec<usize>;
            let (part, rows) = match own {
                Some(own) => {
                    all = (0..own.rows()).collect();
                    (own, &all)
                }
                None => (&self.main, rows),
            };
            if rows.is_empty() {
                continue;
            }
            let seen = seen.get_or_insert_with(|| SeenRows::of(&self.main, &split.train));
            let count = seen.count_in(part, rows);
            if count > 0 {
                notes.push(format!(
                    "{count} of {} {kind} rows are also among the training rows, value by value",
                    rows.len()
                ));
            }
        }
        notes
    }
}

/// Rows of a part by what is in them.
#[derive(Debug)]
struct SeenRows {
    hashes: Vec<u64>,
}

impl SeenRows {
    /// Some rows of a part.
    fn of(part: &Part, rows: &[usize]) -> Self {
        let mut hashes = hashes(part, rows);
        hashes.sort_unstable();
        Self { hashes }
    }

    /// How many of some rows are among these, what is learnt included.
    fn count_in(&self, part: &Part, rows: &[usize]) -> usize {
        hashes(part, rows).iter().filter(|hash| self.hashes.binary_search(hash).is_ok()).count()
    }
}

fn hashes(part: &Part, rows: &[usize]) -> Vec<u64> {
    let width = part.targets.len() / part.rows();
    let hash_of = |&row: &usize| {
        let label = part.labels.get(row).map_or(0, |&label| u64::from(label) + 1);
        let targets = &part.targets[row * width..(row + 1) * width];
        hash(&part.raw, row, targets.iter().fold(label, |hash, target| mixed(hash, *target)))
    };
    rows.iter().map(hash_of).collect()
}

/// Of 64 bits, of which chance makes no two alike in any file that fits here.
fn hash(matrix: &Matrix, row: usize, start: u64) -> u64 {
    let mut hash = start;
    let mut add = |value: f64| hash = mixed(hash, value);
    for (_, cells) in matrix.row(row) {
        match cells {
            Cells::Narrow(cells) => cells.iter().for_each(|&cell| add(f64::from(cell))),
            Cells::Wide(cells) => cells.iter().for_each(|&cell| add(cell)),
        }
    }
    hash
}

fn mixed(hash: u64, value: f64) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let hash = (hash ^ value.to_bits()).wrapping_mul(FACTOR);
    hash ^ hash >> 32
}
