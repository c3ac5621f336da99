//! Notes on rows that are in a holdout set and also trained on.

use crate::data::split::Split;
use crate::data::table::matrix::{Cells, Matrix};
use crate::data::table::{Dataset, SourceRows};
use crate::targets::Targets;

impl Dataset {
    /// Notes with the number of validation and test rows that are also training rows.
    pub(crate) fn duplicate_notes(&self, split: &Split) -> Vec<String> {
        let parts = [("validation", &self.own_valid, &split.valid), ("test", &self.own_test, &split.test)];
        let mut trained = None;
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
            let trained = trained.get_or_insert_with(|| {
                let mut trained = hashes(&self.main, &split.train);
                trained.sort_unstable();
                trained
            });
            let count = hashes(part, rows).iter().filter(|hash| trained.binary_search(hash).is_ok()).count();
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

/// A hash of each of some rows, features and targets.
fn hashes(part: &SourceRows, rows: &[usize]) -> Vec<u64> {
    let hash = |&row: &usize| {
        let targets = match &part.targets {
            Targets::Classes(labels) => u64::from(labels[row]) + 1,
            Targets::Values(values) => values.row(row).iter().fold(0, |hash, &target| mix(hash, target)),
        };
        hash_features(&part.features, row, targets)
    };
    rows.iter().map(hash).collect()
}

/// A hash of 64 bits, so that collisions are negligible in any file that fits in memory.
fn hash_features(features: &Matrix, row: usize, start: u64) -> u64 {
    features.row(row).fold(start, |hash, (_, cells)| match cells {
        Cells::Narrow(cells) => cells.iter().fold(hash, |hash, &cell| mix(hash, f64::from(cell))),
        Cells::Wide(cells) => cells.iter().fold(hash, |hash, &cell| mix(hash, cell)),
    })
}

fn mix(hash: u64, value: f64) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let hash = (hash ^ value.to_bits()).wrapping_mul(FACTOR);
    hash ^ hash >> 32
}
