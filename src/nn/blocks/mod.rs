//! Sums over the rows of a batch that is cut into blocks.
//!
//! With `training.blocks` the rows of each batch are cut into that number of blocks of neighbors. A sum over the rows is
//! taken in each block, and the sums of the blocks are added in [one fixed tree](crate::kernel::add_blocks). Where a block
//! is computed does not matter, so several processes can each have some of the blocks, and every number of processes,
//! as every number of threads, gives the same bits.
//!
//! A layer sees nothing of this: it takes sums over rows with the methods of
//! [`PassContext`](crate::nn::PassContext), and is shown the rows
//! that are here.

mod branches;
pub(crate) mod gather;
pub(crate) mod sums;

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use ndarray::{ArrayView2, ArrayViewMut2, s};

use crate::kernel::real::Real;
use crate::kernel::{RowBlocks, ThreadPool, add_blocks, even_part, par_all_finite, weight_gradient};
use crate::nn::Network;
use crate::nn::blocks::branches::Branches;
use crate::nn::blocks::gather::Gather;

/// The blocks of a batch that are here, and how sums over all of them are put together.
pub struct BatchBlocks<F> {
    count: usize,
    max_rows: usize, // of a batch
    here: RowBlocks,
    others: Arc<dyn Gather>,
    buffers: Mutex<Buffers<F>>,
    /// Where the parts of each process end, in blocks.
    ends: Vec<usize>,
    branches: Branches,
}

/// What is exchanged; allocated once.
struct Buffers<F> {
    /// Sums of all blocks.
    sums: Vec<f64>,
    /// Where the parts of each process end, in bytes, and those for each other process.
    ends: [Vec<usize>; 2],
    weights: WeightSums<F>,
}

/// Sums of weights, of which the blocks here may have several that are added to those of other processes.
struct WeightSums<F> {
    here: Vec<F>,
    sent: Vec<F>,
    received: Vec<F>,
}

impl<F: Real> BatchBlocks<F> {
    /// `count` blocks of batches of up to `max_rows` rows for `network`, shared out evenly over the processes.
    ///
    /// # Panics
    ///
    /// If there are more processes than blocks, or more blocks than rows.
    pub fn new(count: usize, max_rows: usize, network: &Network<F>, others: Arc<dyn Gather>) -> Self {
        let (processes, process) = (others.processes(), others.process());
        assert!(processes <= count, "{processes} processes for {count} blocks");
        let numbers = even_part(count, processes, process);
        let largest = network.params().map(|param| param.value.len()).max().unwrap_or(0);
        let here = RowBlocks::new(max_rows, count, numbers);
        let ends: Vec<usize> =
            (0..processes).map(|process| even_part(count, processes, process).end).collect();
        let branches = Branches::new(count, processes);
        let own = even_part(largest, processes, process).len() + 1;
        let numbers = |count: usize| vec![F::zero(); if processes > 1 { count } else { 0 }];
        let weights = WeightSums {
            here: numbers(branches.count_of(process) * largest),
            sent: numbers(branches.count_of(process) * largest),
            received: numbers(branches.total() * own),
        };
        let sums = vec![0.0; count * 3 * network.widest()];
        let buffers = Mutex::new(Buffers { sums, ends: [ends.clone(), ends.clone()], weights });
        Self { count, max_rows, here, others, buffers, ends, branches }
    }

    /// How many blocks there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Begins a batch of this many rows, and returns those of them that are here.
    ///
    /// # Panics
    ///
    /// If there are more blocks than rows.
    pub fn begin(&mut self, batch_rows: usize) -> Range<usize> {
        self.here = RowBlocks::new(batch_rows, self.count, self.here.numbers());
        self.here.rows()
    }

    /// The most rows of a batch that are here.
    pub fn max_rows(&self) -> usize {
        (self.max_rows * self.here.len()).div_ceil(self.count)
    }

    /// The blocks that are here.
    pub(crate) fn here(&self) -> RowBlocks {
        self.here
    }

    /// All blocks of the largest batch.
    pub(crate) fn largest(&self) -> RowBlocks {
        RowBlocks::new(self.max_rows, self.count, 0..self.count)
    }

    /// All blocks.
    pub(crate) fn all(&self) -> RowBlocks {
        RowBlocks::new(self.here.batch_rows(), self.count, 0..self.count)
    }

    /// `fill` computes `size` numbers for each block that is here; `then` sees those of all blocks.
    pub(crate) fn gathered<R>(
        &self,
        size: usize,
        fill: impl FnOnce(&mut [f64]),
        then: impl FnOnce(&mut [f64]) -> R,
    ) -> R {
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let Buffers { sums, ends: [ends, _], .. } = &mut *buffers;
        // Of ghost batches, there may be more numbers: from the first batch on.
        if sums.len() < self.count * size {
            sums.resize(self.count * size, 0.0);
        }
        let sums = &mut sums[..self.count * size];
        let own = self.here.numbers();
        fill(&mut sums[own.start * size..own.end * size]);
        ends.iter_mut().zip(&self.ends).for_each(|(end, blocks)| *end = blocks * size * size_of::<f64>());
        self.others.all_gather(f64::bytes_mut(sums), ends);
        then(sums)
    }

    /// Like [`gathered`](Self::gathered), but `then` sees the sums over all blocks.
    pub(crate) fn total<R>(
        &self,
        size: usize,
        fill: impl FnOnce(&mut [f64]),
        then: impl FnOnce(&[f64]) -> R,
    ) -> R {
        self.gathered(size, fill, |sums| {
            add_blocks(sums, size);
            then(&sums[..size])
        })
    }

    /// `x' dy` over all rows of the batch, and whether all of it is finite.
    ///
    /// Each process adds what it can by itself: branches of the tree. All branches of a part of the weights are sent to
    /// one process, which adds them; then the parts are put together. So a process sends about as much as two
    /// arrays of weights, however many processes and blocks there are.
    pub(crate) fn weight_gradient(
        &self,
        pool: &ThreadPool,
        x: &ArrayView2<'_, F>,
        dy: &ArrayView2<'_, F>,
        dw: &mut ArrayViewMut2<'_, F>,
    ) -> bool {
        let processes = self.others.processes();
        if processes == 1 {
            return weight_gradient(pool, x, dy, Some(self.here), dw);
        }
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let Buffers { ends: [sent_ends, received_ends], weights, .. } = &mut *buffers;
        let (process, shape, len) = (self.others.process(), dw.dim(), dw.len());
        let part = |process| even_part(len, processes, process);

        let first = self.here.rows().start;
        for (branch, sums) in self.here.subtrees().zip(weights.here.chunks_exact_mut(len)) {
            let rows = branch.rows().start - first..branch.rows().end - first;
            let (x, dy) = (x.slice(s![rows.clone(), ..]), dy.slice(s![rows, ..]));
            let mut sums = ArrayViewMut2::from_shape(shape, sums).expect("room for the weights");
            weight_gradient(pool, &x, &dy, Some(branch), &mut sums);
        }

        let (mut sent, mut received) = (0, 0);
        for other in 0..processes {
            for sums in weights.here.chunks_exact(len).take(self.branches.count_of(process)) {
                let sums = &sums[part(other)];
                weights.sent[sent..][..sums.len()].copy_from_slice(sums);
                sent += sums.len();
            }
            received += self.branches.count_of(other) * part(process).len();
            (sent_ends[other], received_ends[other]) = (sent * size_of::<F>(), received * size_of::<F>());
        }
        let sums = &mut weights.received[..received];
        let sent = F::bytes(&weights.sent[..sent]);
        self.others.all_to_all(sent, sent_ends, F::bytes_mut(sums), received_ends);

        let dw = dw.as_slice_mut().expect("gradients are in row-major layout");
        self.branches.add(sums, part(process).len());
        dw[part(process)].copy_from_slice(&sums[..part(process).len()]);
        for (other, end) in sent_ends.iter_mut().enumerate() {
            *end = part(other).end * size_of::<F>();
        }
        self.others.all_gather(F::bytes_mut(dw), sent_ends);
        par_all_finite(pool, dw)
    }
}

/// The most bytes that are put together at once to train tensors of these shapes in `count` blocks with up to `ghosts`
/// ghost batches each.
pub fn most_exchanged<F>(
    count: usize,
    processes: usize,
    ghosts: usize,
    shapes: impl Iterator<Item = [usize; 2]>,
) -> usize {
    let (largest, widest) = shapes.fold((0, 0), |(largest, widest): (usize, usize), [rows, columns]| {
        (largest.max(rows * columns), widest.max(rows).max(columns))
    });
    let branches = Branches::new(count, processes);
    let sent = branches.max_count() * largest;
    let received = branches.total() * largest.div_ceil(processes);
    (sent.max(received).max(largest) * size_of::<F>())
        .max(count * widest * size_of::<f64>() * usize::max(3, 2 * ghosts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_exchange_is_that_of_weights_or_of_sums() {
        let shapes = || [[100, 300], [300, 2]].into_iter();
        let of_weights = |count, processes| most_exchanged::<f32>(count, processes, 0, shapes());
        // A branch for each process.
        assert_eq!(of_weights(2, 2), 4 * 30_000);
        assert_eq!(of_weights(8, 2), 4 * 30_000);
        // Blocks 3 to 5 of 6 are the branches 3 and 4 to 5; those before are 0 to 1 and 2.
        assert_eq!(of_weights(6, 2), 4 * 2 * 30_000);
        // Blocks 0, 1 to 2, and 3 to 4 are 1, 2 and 2 branches.
        assert_eq!(of_weights(5, 3), 4 * 2 * 30_000);
        // A half of an odd number, rounded up, of each of 4 branches.
        assert_eq!(most_exchanged::<f32>(6, 2, 0, [[99, 303]].into_iter()), 4 * 4 * 14_999);
        // Three sums of the widest layer for each block.
        assert_eq!(of_weights(64, 2), 8 * 64 * 3 * 300);
        // Mean and variance of each ghost batch.
        assert_eq!(most_exchanged::<f32>(64, 2, 4, shapes()), 8 * 64 * 8 * 300);
    }
}
