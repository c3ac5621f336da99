//! Cross-validation: the rows that are not test rows, in parts of about the same size, each of which is the
//! validation rows once.

use std::collections::HashMap;

use rand::seq::SliceRandom;

use crate::data::split::{Split, SplitRule};
use crate::random::stream;
use crate::settings::settings;

settings! {
    /// One part of a cross-validation. The rows that are not test rows are cut into `of` parts, stratified and
    /// grouped like the split; this one has the validation rows, the others the training rows.
    pub struct Fold {
        /// Which part, from 1.
        index: usize = 1, range(1..=1000);
        /// How many parts there are.
        of: usize = 5, range(2..=1000);
    }
}

impl Copy for Fold {}
impl Eq for Fold {}

/// What decides the split of the rows: a seed, and in a cross-validation a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SplitKey {
    /// Of everything that is drawn.
    pub seed: u64,
    /// The part with the validation rows; none to draw them by their share.
    pub fold: Option<Fold>,
}

impl From<u64> for SplitKey {
    fn from(seed: u64) -> Self {
        Self { seed, fold: None }
    }
}

impl SplitRule {
    /// The split of one part of a cross-validation: the test rows are those of the seed, and the others are in the
    /// same parts for every `fold.index`. None where a column says which rows are for what.
    pub(crate) fn draw_fold(&self, strata: &[u32], seed: u64, fold: Fold) -> Option<Split> {
        let units: Option<Vec<u32>> = match self {
            Self::Rows(_) => None,
            Self::Groups(groups) => Some(groups.of_rows().to_vec()),
            Self::Keys(keys) => Some(numbered(keys.of_rows())),
            Self::Fixed(_) => return None,
        };
        let Split { mut train, valid, test } = self.draw(strata, seed);
        train.extend(valid);
        train.sort_unstable();
        let unit_of = |row: usize| units.as_ref().map_or(row as u32, |units| units[row]);
        let fold_of = deal(&train, unit_of, strata, seed, fold.of);
        let is_valid = |row: &usize| fold_of[&unit_of(*row)] + 1 == fold.index;
        let (valid, train) = train.into_iter().partition(is_valid);
        Some(Split { train, valid, test })
    }
}

/// Equal keys as equal numbers, in the order of their first rows.
fn numbered(keys: &[u64]) -> Vec<u32> {
    let mut numbers = HashMap::new();
    keys.iter()
        .map(|key| {
            let next = numbers.len() as u32;
            *numbers.entry(*key).or_insert(next)
        })
        .collect()
}

/// The part of each unit: a row, or rows that stay together.
///
/// Greedy: the largest units first, those of the same size in random order, each to the part that has least of
/// what the unit has, in rows and by stratum.
fn deal(
    rows: &[usize],
    unit_of: impl Fn(usize) -> u32,
    strata: &[u32],
    seed: u64,
    parts: usize,
) -> HashMap<u32, usize> {
    let n_strata = strata.iter().max().map_or(0, |&last| last as usize + 1);
    let mut places: HashMap<u32, usize> = HashMap::new();
    // For each unit, its rows in each stratum that it has, then in all.
    let mut units: Vec<(u32, Vec<(usize, f64)>)> = Vec::new();
    let mut totals = vec![0.0; n_strata + 1];
    for &row in rows {
        let unit = unit_of(row);
        let place = *places.entry(unit).or_insert_with(|| {
            units.push((unit, Vec::new()));
            units.len() - 1
        });
        for stratum in strata.get(row).map(|&stratum| stratum as usize).into_iter().chain([n_strata]) {
            totals[stratum] += 1.0;
            match units[place].1.iter_mut().find(|(found, _)| *found == stratum) {
                Some((_, count)) => *count += 1.0,
                None => units[place].1.push((stratum, 1.0)),
            }
        }
    }
    units.shuffle(&mut stream(seed, "folds", &[]));
    let size =
        |tally: &[(usize, f64)]| tally.iter().find(|(stratum, _)| *stratum == n_strata).map(|all| all.1);
    units.sort_by(|left, right| size(&right.1).unwrap_or(0.0).total_cmp(&size(&left.1).unwrap_or(0.0)));
    let mut held = vec![vec![0.0; n_strata + 1]; parts];
    let mut fold_of = HashMap::with_capacity(units.len());
    for (unit, tally) in units {
        // What the squares of the rows grow by, relative to those of all parts, so that rare classes count as well.
        let cost = |part: &usize| -> f64 {
            let grown = |&(stratum, rows): &(usize, f64)| {
                rows * (rows + 2.0 * held[*part][stratum]) / totals[stratum]
            };
            tally.iter().map(grown).sum()
        };
        let best = (0..parts).min_by(|left, right| cost(left).total_cmp(&cost(right))).unwrap_or_default();
        tally.iter().for_each(|&(stratum, rows)| held[best][stratum] += rows);
        fold_of.insert(unit, best);
    }
    fold_of
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::split::{Groups, Shares, SplitSizes};

    fn all(rule: &SplitRule, strata: &[u32], of: usize) -> Vec<Split> {
        (1..=of).map(|index| rule.draw_fold(strata, 7, Fold { index, of }).expect("folds")).collect()
    }

    /// Every row that is not a test row is a validation row once.
    fn assert_parts(splits: &[Split], rows: usize) {
        let mut valid: Vec<usize> = splits.iter().flat_map(|split| split.valid.clone()).collect();
        valid.extend(&splits[0].test);
        valid.sort_unstable();
        assert_eq!(valid, (0..rows).collect::<Vec<_>>());
        for split in splits {
            assert_eq!(split.test, splits[0].test);
            assert_eq!(split.train.len() + split.valid.len() + split.test.len(), rows);
        }
    }

    #[test]
    fn parts_have_the_same_size_and_the_same_share_of_each_class() {
        let strata: Vec<u32> = (0..103).map(|row| u32::from(row % 10 == 0)).collect();
        let rule = SplitRule::Rows(Shares::new(&[92, 11], 0.2, 0.1));
        let splits = all(&rule, &strata, 5);
        assert_parts(&splits, 103);
        for split in &splits {
            assert!((18..=19).contains(&split.valid.len()), "{}", split.valid.len());
            let rare = split.valid.iter().filter(|&&row| strata[row] == 1).count();
            assert!((1..=3).contains(&rare), "{rare} of 10");
        }
        assert_eq!(splits[0].test, rule.draw(&strata, 7).test);
    }

    #[test]
    fn rows_of_a_group_stay_together() {
        let groups: Vec<u32> =
            (0..20_u32).flat_map(|group| std::iter::repeat_n(group, 1 + group as usize % 4)).collect();
        let rule = SplitRule::Groups(Groups::new(groups.clone(), 20, SplitSizes { valid: 0.2, test: 0.2 }));
        let splits = all(&rule, &[], 4);
        assert_parts(&splits, groups.len());
        for split in &splits {
            let of = |rows: &[usize]| {
                rows.iter().map(|&row| groups[row]).collect::<std::collections::HashSet<_>>()
            };
            assert!(of(&split.train).is_disjoint(&of(&split.valid)));
        }
    }

    #[test]
    fn a_column_that_says_which_rows_are_for_what_leaves_nothing_to_cut() {
        assert_eq!(SplitRule::Fixed(Split::default()).draw_fold(&[], 7, Fold { index: 1, of: 2 }), None);
    }
}
