//! Blocks of the rows of a batch, and the order in which their sums are added.
//!
//! A sum over the rows of a batch is taken in each block, over its rows in order, and the sums of the blocks are added
//! in a tree: 1 is added to 0, 3 to 2, 5 to 4 and so on; then 2 to 0, 6 to 4; then 4 to 0. A sum that would be
//! after the last block is not there. So the sum does not depend on where a block is computed, and neighbors that are
//! computed at the same place are often added there.

use std::ops::Range;

use crate::parallel::partition::even_part;

/// Neighboring ones of the blocks into which the rows of a batch are cut, in sizes that differ by at most one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowBlocks {
    batch_rows: usize,
    count: usize,
    first: usize,
    end: usize,
}

impl RowBlocks {
    /// The blocks `numbers` of `count`, for a batch of this many rows.
    ///
    /// # Panics
    ///
    /// If a block would be empty, or there are not as many blocks.
    pub fn new(batch_rows: usize, count: usize, numbers: Range<usize>) -> Self {
        assert!(count <= batch_rows, "{count} blocks of {batch_rows} rows");
        assert!(numbers.start < numbers.end && numbers.end <= count, "blocks {numbers:?} of {count}");
        Self { batch_rows, count, first: numbers.start, end: numbers.end }
    }

    /// Their numbers, from 0.
    pub fn numbers(self) -> Range<usize> {
        self.first..self.end
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.end - self.first
    }

    /// Whether there are none; there always are some.
    pub fn is_empty(self) -> bool {
        self.first == self.end
    }

    /// The number of rows in the whole batch.
    pub fn batch_rows(self) -> usize {
        self.batch_rows
    }

    /// Their rows in the batch.
    pub fn rows(self) -> Range<usize> {
        self.block(self.first).start..self.block(self.end - 1).end
    }

    /// The rows of each, counted from the first row of the first one.
    pub fn each(self) -> impl Iterator<Item = Range<usize>> {
        (0..self.len()).map(move |index| self.nth(index))
    }

    /// Those of the `index`-th.
    pub(crate) fn nth(self, index: usize) -> Range<usize> {
        let (before, rows) = (self.block(self.first).start, self.block(self.first + index));
        rows.start - before..rows.end - before
    }

    /// The same in the order of the tree: each part is as many of these blocks as are added to each other before
    /// any other block is.
    pub fn subtrees(self) -> impl Iterator<Item = Self> + Clone {
        let mut first = self.first;
        std::iter::from_fn(move || {
            let rest = self.end - first;
            if rest == 0 {
                return None;
            }
            let fits =
                |size: &usize| first.is_multiple_of(*size) && (first + size).min(self.count) <= self.end;
            let size = (0..usize::BITS - 1).map(|power| 1 << power).take_while(fits).last().unwrap_or(1);
            let end = (first + size).min(self.count);
            let part = Self { first, end, ..self };
            first = end;
            Some(part)
        })
    }

    fn block(self, block: usize) -> Range<usize> {
        even_part(self.batch_rows, self.count, block)
    }
}

/// Adds the sums of blocks: those of the blocks after the first, each of `size` numbers, to that of the first, in the
/// order of the tree.
pub fn add_blocks(sums: &mut [f64], size: usize) {
    if size == 0 {
        return;
    }
    let count = sums.len() / size;
    let mut step = 1;
    while step < count {
        for block in (0..count - step).step_by(2 * step) {
            let (before, after) = sums.split_at_mut((block + step) * size);
            let total = &mut before[block * size..][..size];
            total.iter_mut().zip(&after[..size]).for_each(|(total, sum)| *total += sum);
        }
        step *= 2;
    }
}

/// How often a sum is added to one before it, when the sums of blocks are taken in their order from a block whose
/// number is a multiple of a power of two that is not less than their count: `block` is counted from there.
///
/// All sums that have not been added to one before are on a stack, of this [depth](stack_depth).
pub(crate) fn additions_after(block: usize) -> usize {
    block.trailing_ones() as usize
}

/// The most sums on a stack before the last one of `count` blocks.
pub(crate) fn stack_depth(count: usize) -> usize {
    (usize::BITS - count.leading_zeros()) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree as a text, such as `((0+1)+2)`.
    fn tree(count: usize) -> String {
        let mut sums: Vec<String> = (0..count).map(|block| block.to_string()).collect();
        let mut step = 1;
        while step < count {
            for block in (0..count - step).step_by(2 * step) {
                sums[block] = format!("({}+{})", sums[block], sums[block + step]);
            }
            step *= 2;
        }
        sums.swap_remove(0)
    }

    #[test]
    fn a_stack_adds_in_the_order_of_the_tree() {
        for count in 1..70 {
            let mut stack: Vec<String> = Vec::new();
            for block in 0..count {
                let mut sum = block.to_string();
                let additions = if block + 1 == count { stack.len() } else { additions_after(block) };
                for _ in 0..additions {
                    sum = format!("({}+{sum})", stack.pop().expect("a sum before"));
                }
                stack.push(sum);
                assert!(block + 1 == count || stack.len() <= stack_depth(count), "{count}");
            }
            assert_eq!(stack, [tree(count)]);
        }
    }

    #[test]
    fn sums_are_added_in_the_order_of_the_tree() {
        // 1 is lost next to 1e16, but two of them are not.
        let mut sums = [1e16, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        let expected = (1e16 + 1.0) + (1.0 + 1.0) + ((1.0 + 1.0) + 1.0);
        add_blocks(&mut sums, 1);
        assert_eq!(sums[0], expected);
        assert_ne!(sums[0], 1e16);
        let mut pairs = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0];
        add_blocks(&mut pairs, 2);
        assert_eq!(pairs[..2], [6.0, 60.0]);
    }

    #[test]
    fn blocks_are_all_rows_in_order_wherever_they_are() {
        for (rows, count) in [(8, 8), (9, 4), (100, 7), (5, 1)] {
            for processes in 1..=count {
                let mut next = 0;
                for process in 0..processes {
                    let here = RowBlocks::new(rows, count, even_part(count, processes, process));
                    let parts: Vec<RowBlocks> = here.subtrees().collect();
                    assert_eq!(parts.iter().map(|part| part.len()).sum::<usize>(), here.len());
                    assert_eq!(parts.iter().flat_map(|part| part.numbers()).collect::<Vec<_>>(), {
                        here.numbers().collect::<Vec<_>>()
                    });
                    for block in here.each() {
                        assert_eq!(here.rows().start + block.start, next);
                        assert!(!block.is_empty());
                        next += block.len();
                    }
                    assert_eq!(here.rows().end, next);
                }
                assert_eq!(next, rows);
            }
        }
    }

    #[test]
    fn parts_are_whole_branches_of_the_tree() {
        let parts = |count, numbers| {
            let parts = RowBlocks::new(100, count, numbers).subtrees();
            parts.map(|part| [part.first, part.end]).collect::<Vec<_>>()
        };
        assert_eq!(parts(8, 0..8), [[0, 8]]);
        assert_eq!(parts(8, 3..8), [[3, 4], [4, 8]]);
        assert_eq!(parts(7, 2..7), [[2, 4], [4, 7]]);
        assert_eq!(parts(6, 0..6), [[0, 6]]);
        assert_eq!(parts(6, 1..4), [[1, 2], [2, 4]]);
    }
}
