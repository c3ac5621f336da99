//! Splitting by a hash of key cells: a row keeps its part when other rows are added or removed.

use sha2::{Digest, Sha256};

use crate::data::split::{Split, SplitPart, SplitSizes};

/// The keys of all rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Keys {
    of_rows: Vec<u64>,
    sizes: SplitSizes,
}

/// The key of a cell: a hash of its trimmed text.
pub(crate) fn cell_key(text: &str) -> u64 {
    first_bytes(Sha256::new().chain_update(b"bntrain/1/cell").chain_update(text))
}

/// The key of a row: a hash of those of its key cells.
pub(crate) fn row_key(cells: impl IntoIterator<Item = u64>) -> u64 {
    let mut hash = Sha256::new();
    hash.update(b"bntrain/1/row");
    for cell in cells {
        hash.update(cell.to_le_bytes());
    }
    first_bytes(hash)
}

impl Keys {
    pub(crate) fn new(of_rows: Vec<u64>, sizes: SplitSizes) -> Self {
        Self { of_rows, sizes }
    }

    /// The key of each row.
    pub(crate) fn of_rows(&self) -> &[u64] {
        &self.of_rows
    }

    /// The split of one seed. A hash of seed and key is a number in `0..1`: those below `valid` are
    /// validation rows, those from `1 - test` on are test rows. So a larger share takes training rows
    /// only.
    pub(crate) fn draw(&self, seed: u64) -> Split {
        let mut prefix = Sha256::new();
        prefix.update(b"bntrain/1/split_by");
        prefix.update(seed.to_le_bytes());
        let SplitSizes { valid, test } = self.sizes;
        Split::new(self.of_rows.iter().map(|key| {
            let position = unit(first_bytes(prefix.clone().chain_update(key.to_le_bytes())));
            match position {
                position if position < valid => SplitPart::Valid,
                position if position >= 1.0 - test => SplitPart::Test,
                _ => SplitPart::Train,
            }
        }))
    }
}

fn first_bytes(hash: Sha256) -> u64 {
    let hash: [u8; 32] = hash.finalize().into();
    u64::from_le_bytes(hash[..8].try_into().expect("8 of 32 bytes"))
}

/// A hash as a number in `0..1`.
fn unit(hash: u64) -> f64 {
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<const N: usize>(cells: [&str; N]) -> u64 {
        row_key(cells.map(cell_key))
    }

    fn keys(rows: std::ops::Range<usize>, valid: f64, test: f64) -> Keys {
        let of_rows = rows.map(|row| of([&format!("id{row}"), "x"])).collect();
        Keys::new(of_rows, SplitSizes { valid, test })
    }

    #[test]
    fn rows_keep_their_part_when_rows_are_added() {
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
    fn a_key_depends_on_its_cells_and_on_where_one_ends() {
        assert_eq!(of(["a", "b"]), of(["a", "b"]));
        let others = [of(["ab"]), of(["ab", ""]), of(["", "ab"]), of(["b", "a"]), of(["a"])];
        assert!(!others.contains(&of(["a", "b"])));
        // Pinned: another hash would change the split of existing files.
        assert_eq!(of(["a", "b"]), 4550027288104166033);
        assert_eq!(keys(0..40, 0.3, 0.2).draw(1).valid, [1, 6, 7, 9, 10, 15, 19, 20, 23, 24, 26, 33, 34, 36]);
    }
}
