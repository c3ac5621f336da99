//! Random splits that keep groups together, stratified by class as far as the groups allow.

use rand::seq::SliceRandom;

use crate::data::split::{Split, SplitPart, SplitSizes};
use crate::random::stream;

/// The group of each row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Groups {
    of_rows: Vec<u32>,
    count: usize,
    sizes: SplitSizes,
}

/// The limit on rounds in which every group may move once; far fewer are needed.
const ROUNDS: usize = 20;

impl Groups {
    /// `of_rows` are numbers below `count`, each of which occurs.
    pub(crate) fn new(of_rows: Vec<u32>, count: usize, sizes: SplitSizes) -> Self {
        Self { of_rows, count, sizes }
    }

    /// The group of each row.
    pub(crate) fn of_rows(&self) -> &[u32] {
        &self.of_rows
    }

    /// The number of groups.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The parts that have a share.
    pub(crate) fn parts(&self) -> usize {
        SplitPart::ALL.iter().filter(|part| part.share(self.sizes) > 0.0).count()
    }

    /// The split of one seed; `strata` are the classes of all rows, empty for regression.
    ///
    /// Greedy: in random order, each group goes to the part that most needs its rows, in number and by
    /// class; then groups move as long as that brings the parts closer to their shares. A part with a
    /// share gets a group if there are enough.
    pub(crate) fn draw(&self, strata: &[u32], seed: u64) -> Split {
        let mut order: Vec<usize> = (0..self.count).collect();
        order.shuffle(&mut stream(seed, "split", &[]));
        let mut parts = GroupAssignment::new(self, strata);
        for &group in &order {
            let part = parts.best_part(group);
            parts.put(group, part);
        }
        for _ in 0..ROUNDS {
            if !order.iter().fold(false, |moved, &group| parts.improve(group) | moved) {
                break;
            }
        }
        parts.fill_empty_parts(&order);
        Split::new(self.of_rows.iter().map(|&group| parts.part_of(group as usize)))
    }
}

/// The part of each group while the groups are assigned.
struct GroupAssignment {
    /// For each group, its number of rows in each stratum, then in all.
    tallies: Vec<Vec<(usize, f64)>>,
    /// The rows of each stratum, then all rows.
    totals: Vec<f64>,
    shares: [f64; 3],
    /// The same for the groups in each part.
    held: [Vec<f64>; 3],
    groups_in: [usize; 3],
    part_of: Vec<usize>,
}

impl GroupAssignment {
    fn new(groups: &Groups, strata: &[u32]) -> Self {
        let n_strata = strata.iter().max().map_or(0, |&last| last as usize + 1);
        let mut rows: Vec<(u32, usize)> = groups
            .of_rows
            .iter()
            .enumerate()
            .map(|(row, &group)| (group, strata.get(row).map_or(n_strata, |&stratum| stratum as usize)))
            .collect();
        rows.sort_unstable();
        let mut tallies = vec![Vec::new(); groups.count];
        let mut totals = vec![0.0; n_strata + 1];
        for same_group in rows.chunk_by(|left, right| left.0 == right.0) {
            let tally: &mut Vec<(usize, f64)> = &mut tallies[same_group[0].0 as usize];
            if n_strata > 0 {
                let same = same_group.chunk_by(|left, right| left.1 == right.1);
                tally.extend(same.map(|same| (same[0].1, same.len() as f64)));
            }
            tally.push((n_strata, same_group.len() as f64));
            for &(stratum, rows) in tally.iter() {
                totals[stratum] += rows;
            }
        }
        Self {
            tallies,
            shares: SplitPart::ALL.map(|part| part.share(groups.sizes)),
            held: SplitPart::ALL.map(|_| vec![0.0; n_strata + 1]),
            groups_in: [0; 3],
            part_of: vec![0; groups.count],
            totals,
        }
    }

    /// How much farther from its share a part is with a group than without, in squared differences. Each
    /// is divided by the rows of its stratum, so that rare classes count as much as common ones.
    fn cost(&self, group: usize, part: usize, is_in: bool) -> f64 {
        let cost = |&(stratum, rows): &(usize, f64)| {
            let others = self.held[part][stratum] - if is_in { rows } else { 0.0 };
            let excess = others - self.shares[part] * self.totals[stratum];
            rows * (rows + 2.0 * excess) / self.totals[stratum]
        };
        self.tallies[group].iter().map(cost).sum()
    }

    /// The best part for a group that is not in one.
    fn best_part(&self, group: usize) -> usize {
        let parts = (0..3).filter(|&part| self.shares[part] > 0.0);
        let cost = |part: &usize| self.cost(group, *part, false);
        parts.min_by(|left, right| cost(left).total_cmp(&cost(right))).unwrap_or_default()
    }

    fn put(&mut self, group: usize, part: usize) {
        self.count(group, part, 1.0);
        self.groups_in[part] += 1;
        self.part_of[group] = part;
    }

    fn take(&mut self, group: usize) {
        let part = self.part_of[group];
        self.count(group, part, -1.0);
        self.groups_in[part] -= 1;
    }

    fn count(&mut self, group: usize, part: usize, sign: f64) {
        for &(stratum, rows) in &self.tallies[group] {
            self.held[part][stratum] += sign * rows;
        }
    }

    /// Moves a group if that is better by more than rounding error; true if it moved.
    fn improve(&mut self, group: usize) -> bool {
        let from = self.part_of[group];
        if self.groups_in[from] == 1 {
            return false;
        }
        let stay = self.cost(group, from, true);
        self.take(group);
        let to = self.best_part(group);
        let is_better = self.cost(group, to, false) < stay - 1e-9;
        self.put(group, if is_better { to } else { from });
        is_better
    }

    /// Gives each empty part with a share the group that costs least, if another part can spare it.
    fn fill_empty_parts(&mut self, order: &[usize]) {
        for part in 0..3 {
            if self.shares[part] <= 0.0 || self.groups_in[part] > 0 {
                continue;
            }
            let can_spare = |group: &usize| self.groups_in[self.part_of[*group]] > 1;
            let cost =
                |group: usize| self.cost(group, part, false) - self.cost(group, self.part_of[group], true);
            let spare = order.iter().copied().filter(can_spare);
            if let Some(group) = spare.min_by(|&left, &right| cost(left).total_cmp(&cost(right))) {
                self.take(group);
                self.put(group, part);
            }
        }
    }

    fn part_of(&self, group: usize) -> SplitPart {
        SplitPart::ALL[self.part_of[group]]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn draw(of_rows: &[u32], strata: &[u32], valid: f64, test: f64, seed: u64) -> Split {
        let count = of_rows.iter().max().map_or(0, |&last| last as usize + 1);
        Groups::new(of_rows.to_vec(), count, SplitSizes { valid, test }).draw(strata, seed)
    }

    /// The groups of the rows of 60 groups of 1 to 12 rows, not in order.
    fn uneven() -> Vec<u32> {
        (0..60_u32).flat_map(|group| std::iter::repeat_n(group * 37 % 60, group as usize % 12 + 1)).collect()
    }

    #[test]
    fn shares_are_met_within_a_small_group() {
        let rows = uneven();
        for seed in 0..20 {
            let split = draw(&rows, &[], 0.2, 0.1, seed);
            let share = |part: &[usize]| part.len() as f64 - 0.2 * rows.len() as f64;
            assert!(share(&split.valid).abs() <= 1.5, "{} of {}", split.valid.len(), rows.len());
        }
        assert_ne!(draw(&rows, &[], 0.2, 0.0, 1), draw(&rows, &[], 0.2, 0.0, 2));
        assert_eq!(draw(&rows, &[], 0.2, 0.0, 1), draw(&rows, &[], 0.2, 0.0, 1));
    }

    #[test]
    fn splits_are_stratified_as_far_as_groups_allow() {
        // Every group has one class, and one row in eight is of the rare one.
        let rows = uneven();
        let classes: Vec<u32> = rows.iter().map(|group| u32::from(group % 8 == 0)).collect();
        let rare = classes.iter().filter(|&&class| class == 1).count() as f64;
        for seed in 0..20 {
            let split = draw(&rows, &classes, 0.25, 0.0, seed);
            let found = split.valid.iter().filter(|&&row| classes[row] == 1).count() as f64;
            assert!((found - 0.25 * rare).abs() <= 3.0, "{found} of {rare}");
        }
    }

    #[test]
    fn every_part_has_a_group_if_there_are_enough() {
        let split = draw(&[0, 0, 0, 0, 0, 0, 0, 0, 1, 2], &[], 0.1, 0.1, 3);
        assert_eq!((split.train.len(), split.valid.len() + split.test.len()), (8, 2));
        assert_eq!(draw(&[0, 0, 1, 1, 1], &[], 0.01, 0.0, 3).valid.len(), 2);
    }

    proptest! {
        #[test]
        fn all_rows_of_a_group_are_in_the_same_part(
            of_rows in prop::collection::vec(0_u32..9, 1..80),
            strata in prop::option::of(Just([0_u32, 1, 2])),
            valid in 0.0..0.5_f64,
            test in 0.0..0.4_f64,
            seed in any::<u64>(),
        ) {
            let strata: Vec<u32> =
                strata.map_or(Vec::new(), |strata| (0..of_rows.len()).map(|row| strata[row * row % 3]).collect());
            let split = draw(&of_rows, &strata, valid, test, seed);
            let parts = [&split.train, &split.valid, &split.test];
            let mut all: Vec<usize> = parts.iter().flat_map(|part| part.iter().copied()).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..of_rows.len()).collect::<Vec<_>>());
            for group in 0..9 {
                let holders = parts.iter().filter(|part| part.iter().any(|&row| of_rows[row] == group));
                prop_assert!(holders.count() <= 1);
            }
        }
    }
}
