//! Rows that are the same in two parts.

use super::matrix::{Cells, Matrix};
use super::table::Part;

/// Rows of a part by what is in them.
#[derive(Debug)]
pub(super) struct SeenRows {
    hashes: Vec<u64>,
}

impl SeenRows {
    /// Some rows of a part.
    pub(super) fn of(part: &Part, rows: &[usize]) -> Self {
        let mut hashes = hashes(part, rows);
        hashes.sort_unstable();
        Self { hashes }
    }

    /// How many of some rows are among these, what is learnt included.
    pub(super) fn count_in(&self, part: &Part, rows: &[usize]) -> usize {
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
