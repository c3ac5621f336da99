//! Parts by a hash of key cells: a row stays in its part when others come or go.

use sha2::{Digest, Sha256};

use crate::data::split::{HeldBack, PartName, Split};

/// The keys of all rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Keys {
    of_rows: Vec<u64>,
    held_back: HeldBack,
}

/// The key of a cell, by its trimmed text.
pub(crate) fn cell_key(text: &str) -> u64 {
    first_bytes(Sha256::new().chain_update(b"bntrain/1/cell").chain_update(text))
}

/// The key of a row, by those of its key cells.
pub(crate) fn key(cells: impl IntoIterator<Item = u64>) -> u64 {
    let mut hash = Sha256::new();
    hash.update(b"bntrain/1/row");
    for cell in cells {
        hash.update(cell.to_le_bytes());
    }
    first_bytes(hash)
}

impl Keys {
    pub(crate) fn new(of_rows: Vec<u64>, held_back: HeldBack) -> Self {
        Self { of_rows, held_back }
    }

    /// The parts of one seed: a hash of seed and key is a place between 0 and 1, of which the first
    /// `valid` belong to validation and the last `test` to the test. So a larger share takes from
    /// the training rows only.
    pub(crate) fn draw(&self, seed: u64) -> Split {
        let mut prefix = Sha256::new();
        prefix.update(b"bntrain/1/split_by");
        prefix.update(seed.to_le_bytes());
        let HeldBack { valid, test } = self.held_back;
        Split::new(self.of_rows.iter().map(|key| {
            let place = unit(first_bytes(prefix.clone().chain_update(key.to_le_bytes())));
            match place {
                place if place < valid => PartName::Valid,
                place if place >= 1.0 - test => PartName::Test,
                _ => PartName::Train,
            }
        }))
    }
}

fn first_bytes(hash: Sha256) -> u64 {
    let hash: [u8; 32] = hash.finalize().into();
    u64::from_le_bytes(hash[..8].try_into().expect("8 of 32 bytes"))
}

/// As a number from 0 to 1, without 1.
fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<const N: usize>(cells: [&str; N]) -> u64 {
        key(cells.map(cell_key))
    }

    fn keys(rows: std::ops::Range<usize>, valid: f64, test: f64) -> Keys {
        let of_rows = rows.map(|row| of([&format!("id{row}"), "x"])).collect();
        Keys::new(of_rows, HeldBack { valid, test })
    }

    #[test]
    fn rows_stay_where_they_are_when_others_come() {
        let (few, many) = (keys(0..500, 0.2, 0.1).draw(7), keys(0..5000, 0.2, 0.1).draw(7));
        let first = |rows: &[usize]| rows.iter().copied().filter(|&row| row < 500).collect::<Vec<_>>();
        assert_eq!(
            few,
            Split { train: first(&many.train), valid: first(&many.valid), test: first(&many.test) }
        );
        // Three standard deviations are 0.017 and 0.013.
        assert!((many.valid.len() as f64 / 5000.0 - 0.2).abs() < 0.017, "{}", many.valid.len());
        assert!((many.test.len() as f64 / 5000.0 - 0.1).abs() < 0.013, "{}", many.test.len());
        let larger = keys(0..500, 0.4, 0.1).draw(7);
        assert!(few.valid.iter().all(|row| larger.valid.contains(row)));
        assert_eq!(few.test, larger.test);
        assert_ne!(few.valid, keys(0..500, 0.2, 0.1).draw(8).valid);
    }

    #[test]
    fn the_same_key_is_in_the_same_part_and_cells_do_not_run_together() {
        assert_eq!(of(["a", "b"]), of(["a", "b"]));
        let others = [of(["ab"]), of(["ab", ""]), of(["", "ab"]), of(["b", "a"]), of(["a"])];
        assert!(!others.contains(&of(["a", "b"])));
        // Moved by a change of the hash, which would move rows of everyone's files.
        assert_eq!(of(["a", "b"]), 4550027288104166033);
        assert_eq!(keys(0..40, 0.3, 0.2).draw(1).valid, [1, 6, 7, 9, 10, 15, 19, 20, 23, 24, 26, 33, 34, 36]);
    }
}
