//! Random splits, stratified by class.

use rand::seq::SliceRandom;

use crate::data::split::Split;
use crate::random::stream;

/// How many rows of each class each part has; the same for every seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shares {
    rows: usize,
    valid: Vec<usize>,
    test: Vec<usize>,
}

impl Shares {
    /// From the number of rows of each class, or of all rows for regression.
    ///
    /// A part has `share * rows` rows, rounded, and each class in it is within one row of its share,
    /// except that every class keeps one training row.
    pub(crate) fn new(counts: &[usize], valid: f64, test: f64) -> Self {
        let mut spare: Vec<usize> = counts.iter().map(|count| count.saturating_sub(1)).collect();
        let valid = apportion(counts, valid, &mut spare);
        let test = apportion(counts, test, &mut spare);
        Self { rows: counts.iter().sum(), valid, test }
    }

    /// The number of validation rows.
    pub(crate) fn valid_rows(&self) -> usize {
        self.valid.iter().sum()
    }

    /// The number of test rows.
    pub(crate) fn test_rows(&self) -> usize {
        self.test.iter().sum()
    }

    /// The numbers of training, validation and test rows.
    pub(crate) fn sizes(&self) -> [usize; 3] {
        let (valid, test) = (self.valid_rows(), self.test_rows());
        [self.rows - valid - test, valid, test]
    }

    /// The classes without a validation row.
    pub(crate) fn absent_in_valid(&self) -> Vec<usize> {
        absent(&self.valid)
    }

    /// The classes without a test row.
    pub(crate) fn absent_in_test(&self) -> Vec<usize> {
        absent(&self.test)
    }

    /// The split of one seed; `strata` are the classes of all rows, empty for regression.
    pub(crate) fn draw(&self, strata: &[u32], seed: u64) -> Split {
        let mut rows_of = vec![Vec::new(); self.valid.len()];
        if strata.is_empty() {
            rows_of[0].extend(0..self.rows);
        }
        for (row, &stratum) in strata.iter().enumerate() {
            rows_of[stratum as usize].push(row);
        }
        let mut random = stream(seed, "split", &[]);
        let mut split = Split::default();
        for (class, mut rows) in rows_of.into_iter().enumerate() {
            rows.shuffle(&mut random);
            let (valid, rest) = rows.split_at(self.valid[class]);
            let (test, train) = rest.split_at(self.test[class]);
            split.valid.extend_from_slice(valid);
            split.test.extend_from_slice(test);
            split.train.extend_from_slice(train);
        }
        for part in [&mut split.train, &mut split.valid, &mut split.test] {
            part.sort_unstable();
        }
        split
    }
}

fn absent(part: &[usize]) -> Vec<usize> {
    (0..part.len()).filter(|&class| part[class] == 0).collect()
}

/// The rows of each class in a part with this share, by the largest-remainder method: whole rows first,
/// then one more for the classes with the largest remainders. Never more than `spare`, which they are
/// taken from.
fn apportion(counts: &[usize], share: f64, spare: &mut [usize]) -> Vec<usize> {
    let rows: usize = counts.iter().sum();
    let wanted = (share * rows as f64).round() as usize;
    let exact: Vec<f64> = counts.iter().map(|&count| share * count as f64).collect();
    let mut part: Vec<usize> =
        exact.iter().zip(spare.iter()).map(|(exact, &spare)| spare.min(exact.floor() as usize)).collect();
    let mut by_remainder: Vec<usize> = (0..counts.len()).collect();
    by_remainder.sort_by(|&left, &right| exact[right].fract().total_cmp(&exact[left].fract()));
    let missing = wanted.saturating_sub(part.iter().sum());
    let with_room = by_remainder.into_iter().filter(|&class| part[class] < spare[class]);
    for class in with_room.take(missing).collect::<Vec<_>>() {
        part[class] += 1;
    }
    for (spare, taken) in spare.iter_mut().zip(&part) {
        *spare -= taken;
    }
    part
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_match_examples_worked_out_by_hand() {
        let shares = |counts: &[usize], valid, test| {
            let shares = Shares::new(counts, valid, test);
            (shares.valid, shares.test)
        };
        assert_eq!(shares(&[50, 50, 50], 0.2, 0.1), (vec![10, 10, 10], vec![5, 5, 5]));
        // 3.5 and 1.5 of 5: the first class gets the odd row.
        assert_eq!(shares(&[7, 3], 0.5, 0.0), (vec![4, 1], vec![0, 0]));
        // 20 rows are 0.2, 0.6 and 19.2 of each: the second class is nearest to one more.
        assert_eq!(shares(&[1, 3, 96], 0.2, 0.0), (vec![0, 1, 19], vec![0, 0, 0]));
        // Nothing is left of two rows once one is for validation and one trains.
        assert_eq!(shares(&[2, 2], 0.4, 0.4), (vec![1, 1], vec![0, 0]));
        assert_eq!(shares(&[1, 1], 0.9, 0.0), (vec![0, 0], vec![0, 0]));
        // 0.29 * 100 is 28.999999999999996 in binary.
        assert_eq!(shares(&[100], 0.29, 0.0), (vec![29], vec![0]));
    }

    fn labels_and_shares() -> impl Strategy<Value = (Vec<u32>, f64, f64, u64)> {
        let labels = prop::collection::vec(0_u32..5, 1..200);
        (labels, 0.0..0.6_f64, 0.0..0.4_f64, any::<u64>())
    }

    proptest! {
        #[test]
        fn a_split_is_a_stratified_partition((labels, valid, test, seed) in labels_and_shares()) {
            let counts: Vec<usize> =
                (0..5).map(|class| labels.iter().filter(|&&label| label == class).count()).collect();
            let shares = Shares::new(&counts, valid, test);
            let split = shares.draw(&labels, seed);
            prop_assert_eq!(&split, &shares.draw(&labels, seed));

            let parts = [&split.train, &split.valid, &split.test];
            let mut all: Vec<usize> = parts.iter().flat_map(|part| part.iter().copied()).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            prop_assert!(parts.iter().all(|part| part.is_sorted()));

            for class in 0..5_u32 {
                let of_class = |part: &[usize]| part.iter().filter(|&&row| labels[row] == class).count();
                let count = counts[class as usize];
                prop_assert!(count == 0 || of_class(&split.train) >= 1);
                // Within one row of its share, unless the training row took it.
                prop_assert!((of_class(&split.valid) as f64) < valid * count as f64 + 1.0);
                prop_assert!((of_class(&split.test) as f64) < test * count as f64 + 1.0);
                if count >= 10 {
                    prop_assert!(of_class(&split.valid) as f64 > valid * count as f64 - 1.0);
                }
            }
        }
    }

    #[test]
    fn each_seed_draws_other_rows_but_as_many() {
        let labels: Vec<u32> = (0..100).map(|row| row % 2).collect();
        let shares = Shares::new(&[50, 50], 0.2, 0.0);
        let (one, other) = (shares.draw(&labels, 1), shares.draw(&labels, 2));
        assert_ne!(one.valid, other.valid);
        assert_eq!(one.train.len(), other.train.len());
        // Pinned: another random stream, or another order of draws, would change the split of existing files.
        let first = [0, 8, 14, 18, 25, 27, 29, 31, 33, 41, 52, 53, 58, 70, 73, 76, 80, 84, 89, 91];
        assert_eq!(one.valid, first);
    }
}
