//! The parts of the tree of sums that each process adds by itself.

use crate::kernel::real::Real;
use crate::kernel::{RowBlocks, even_part};

/// The branches of the tree that each process has, and how their sums are added; decided once.
pub(crate) struct Branches {
    /// How many each process has.
    counts: Vec<usize>,
    /// The places of two branches, of which the second is added to the first, in order.
    additions: Vec<[usize; 2]>,
}

impl Branches {
    /// Those of `count` blocks, shared out evenly over the processes.
    pub(crate) fn new(count: usize, processes: usize) -> Self {
        let branches =
            |process| RowBlocks::new(count, count, even_part(count, processes, process)).subtrees();
        let counts = (0..processes).map(|process| branches(process).count()).collect();
        let starts: Vec<usize> =
            (0..processes).flat_map(branches).map(|branch| branch.numbers().start).collect();
        // The place of the branch that begins with this block; none within a branch.
        let place = |block: usize| starts.binary_search(&block).ok();
        let mut additions = Vec::new();
        let mut step = 1;
        while step < count {
            for block in (0..count - step).step_by(2 * step) {
                if let (Some(total), Some(added)) = (place(block), place(block + step)) {
                    additions.push([total, added]);
                }
            }
            step *= 2;
        }
        Self { counts, additions }
    }

    /// How many this process has.
    pub(crate) fn count_of(&self, process: usize) -> usize {
        self.counts[process]
    }

    /// The most that a process has.
    pub(crate) fn max_count(&self) -> usize {
        self.counts.iter().copied().max().unwrap_or(0)
    }

    /// How many there are.
    pub(crate) fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Adds the sums of all branches, each of `size` numbers, to those of the first one.
    pub(crate) fn add<F: Real>(&self, sums: &mut [F], size: usize) {
        for &[total, added] in &self.additions {
            let (before, after) = sums.split_at_mut(added * size);
            let total = &mut before[total * size..][..size];
            total.iter_mut().zip(&after[..size]).for_each(|(total, &sum)| *total += sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the tree adds to what, such as `((0+1)+2)` for blocks 0 to 2.
    fn tree(blocks: std::ops::Range<usize>) -> String {
        if blocks.len() == 1 {
            return blocks.start.to_string();
        }
        let half = blocks.start + blocks.len().next_power_of_two() / 2;
        format!("({}+{})", tree(blocks.start..half), tree(half..blocks.end))
    }

    #[test]
    fn branches_are_added_in_the_order_of_the_tree() {
        for count in 1..34 {
            for processes in 1..=count {
                let branches = Branches::new(count, processes);
                let here = |process| RowBlocks::new(count, count, even_part(count, processes, process));
                let mut sums: Vec<String> = (0..processes)
                    .flat_map(|process| here(process).subtrees().map(|branch| tree(branch.numbers())))
                    .collect();
                assert_eq!(branches.total(), sums.len());
                for &[total, added] in &branches.additions {
                    sums[total] = format!("({}+{})", sums[total], sums[added]);
                }
                assert_eq!(sums[0], tree(0..count), "{count} blocks, {processes} processes");
            }
        }
    }

    #[test]
    fn sums_are_added_number_by_number() {
        let mut sums = [1.0, 10.0, 2.0, 20.0, 4.0, 40.0];
        Branches::new(3, 3).add(&mut sums, 2);
        assert_eq!(sums[..2], [7.0, 70.0]);
    }
}
