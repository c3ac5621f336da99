//! What the evaluation of the training rows shows: units that are dead, and how far running statistics are off.

use ndarray::ArrayView2;

use crate::kernel::real::Real;
use crate::kernel::with_simd;
use crate::nn::{Network, Workspace};
use crate::probe::{LayerBlock, percentiles};

/// The layers of one evaluation, as far as they were seen.
pub(crate) struct SeenRows<F> {
    blocks: Vec<SeenBlock<F>>,
}

struct SeenBlock<F> {
    /// The layer that puts out the block's activations.
    output: usize,
    first_row: Vec<F>,
    /// Units that had the same output in all rows, so far.
    dead: Vec<usize>,
    /// The running statistics' layer, and what it saw.
    norm: Option<(usize, SampledMoments)>,
}

/// Rows for the moments of what a norm sees, spread evenly over the training rows: all would take longer than a step.
/// The mean of 256 rows is off by 0.06 deviations.
const SAMPLED_ROWS: usize = 256;

/// Mean and variance of each column over every `stride`-th row.
struct SampledMoments {
    stride: usize,
    /// Rows that were shown so far.
    shown: usize,
    rows: f64,
    /// The first row, which keeps the sums small where the mean is far from 0.
    origin: Vec<f64>,
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl SampledMoments {
    fn new(stride: usize) -> Self {
        let none = Vec::new();
        Self { stride, shown: 0, rows: 0.0, origin: none.clone(), sums: none.clone(), squares: none }
    }

    fn add<F: Real>(&mut self, x: ArrayView2<'_, F>) {
        for row in x.rows() {
            let is_sampled = self.shown.is_multiple_of(self.stride);
            self.shown += 1;
            if !is_sampled {
                continue;
            }
            if self.origin.is_empty() {
                self.origin = row.iter().map(|&value| Real::to_f64(value)).collect();
                (self.sums, self.squares) = (vec![0.0; row.len()], vec![0.0; row.len()]);
            }
            self.rows += 1.0;
            let row = row.as_slice().expect("activations are in row-major layout");
            with_simd(
                #[inline(always)]
                || {
                    let sums = self.sums.iter_mut().zip(&mut self.squares);
                    for ((&value, origin), (sum, square)) in row.iter().zip(&self.origin).zip(sums) {
                        let distance = Real::to_f64(value) - origin;
                        *sum += distance;
                        *square += distance * distance;
                    }
                },
            );
        }
    }

    fn means(&self) -> impl Iterator<Item = f64> {
        self.origin.iter().zip(&self.sums).map(|(origin, sum)| origin + sum / self.rows)
    }

    fn deviations(&self) -> impl Iterator<Item = f64> {
        let variance = |(sum, square): (&f64, &f64)| (square - sum * sum / self.rows) / self.rows;
        self.sums.iter().zip(&self.squares).map(variance).map(|variance| variance.max(0.0).sqrt())
    }
}

/// How far running statistics are from those of the training rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RunningGap {
    /// `|running mean - mean| / deviation`, median over the units that vary; none if there is no running mean.
    pub(crate) mean: Option<f64>,
    /// `|ln(running deviation / deviation)|`, likewise.
    pub(crate) std: f64,
}

impl<F: Real> SeenRows<F> {
    /// Nothing seen yet of `network`, which has these blocks, on `rows` rows.
    pub(crate) fn new(network: &Network<F>, blocks: &[LayerBlock], rows: usize) -> Self {
        let stride = rows.div_ceil(SAMPLED_ROWS).max(1);
        let has_running =
            |norm: usize| network.layers()[norm].params().iter().any(|param| !param.is_trained());
        let block = |block: &LayerBlock| {
            let norm = block.norm.filter(|&norm| has_running(norm));
            SeenBlock {
                output: block.output(),
                first_row: Vec::new(),
                dead: Vec::new(),
                norm: norm.map(|norm| (norm, SampledMoments::new(stride))),
            }
        };
        Self { blocks: blocks.iter().map(block).collect() }
    }

    /// Adds the rows of an evaluation pass.
    pub(crate) fn add(&mut self, workspace: &Workspace<F>) {
        for block in &mut self.blocks {
            if let Some(outputs) = workspace.activation(block.output) {
                block.add_outputs(outputs);
            }
            if let Some((norm, stats)) = &mut block.norm
                && let Some(input) = norm.checked_sub(1).and_then(|before| workspace.activation(before))
            {
                stats.add(input);
            }
        }
    }

    /// The share of dead units of each block.
    pub(crate) fn dead_shares(&self) -> impl Iterator<Item = f64> {
        self.blocks.iter().map(|block| block.dead.len() as f64 / block.first_row.len().max(1) as f64)
    }

    /// The gap of each block's running statistics, if it has any, in `network`.
    pub(crate) fn gaps(&self, network: &Network<F>) -> Vec<Option<RunningGap>> {
        let gap = |block: &SeenBlock<F>| {
            let (norm, stats) = block.norm.as_ref()?;
            let running: Vec<_> =
                network.layers()[*norm].params().iter().filter(|param| !param.is_trained()).collect();
            let deviation: Vec<f64> = stats.deviations().collect();
            let numbers = |index: usize| running[index].value.iter().map(|&value| Real::to_f64(value));
            let mean = (running.len() > 1).then(|| {
                let gaps = numbers(0).zip(stats.means()).zip(&deviation);
                let varies = gaps.filter(|(_, deviation)| **deviation > 0.0);
                median(varies.map(|((running, mean), deviation)| (running - mean).abs() / deviation))
            });
            let varies =
                numbers(running.len() - 1).zip(&deviation).filter(|(_, deviation)| **deviation > 0.0);
            let std = median(varies.map(|(running, deviation)| (running.sqrt() / deviation).ln().abs()));
            Some(RunningGap { mean, std })
        };
        self.blocks.iter().map(gap).collect()
    }
}

/// The median; 0 of nothing.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    if values.is_empty() { 0.0 } else { percentiles(values, &[0.5])[0] }
}

impl<F: Real> SeenBlock<F> {
    fn add_outputs(&mut self, outputs: ArrayView2<'_, F>) {
        let mut rows = outputs.rows().into_iter();
        if self.first_row.is_empty() {
            let Some(first) = rows.next() else { return };
            self.first_row = first.to_vec();
            self.dead = (0..self.first_row.len()).collect();
        }
        // Nearly all units differ within a few rows, so this is short.
        for row in rows {
            if self.dead.is_empty() {
                return;
            }
            self.dead.retain(|&unit| row[unit] == self.first_row[unit]);
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn moments_are_those_of_every_second_row_over_all_passes() {
        let mut moments = SampledMoments::new(2);
        moments.add(array![[1e9_f64, 0.0], [5.0, 5.0], [1e9 + 2.0, 3.0]].view());
        moments.add(array![[7.0_f64, 7.0], [1e9 + 4.0, 6.0]].view());
        assert_eq!(moments.means().collect::<Vec<_>>(), [1e9 + 2.0, 3.0]);
        let deviations: Vec<f64> = moments.deviations().collect();
        assert!((deviations[0] - (8.0_f64 / 3.0).sqrt()).abs() < 1e-12, "{deviations:?}");
        assert!((deviations[1] - 6.0_f64.sqrt()).abs() < 1e-12, "{deviations:?}");
    }

    #[test]
    fn units_are_dead_if_no_row_of_any_pass_differs() {
        let mut block = SeenBlock { output: 0, first_row: Vec::new(), dead: Vec::new(), norm: None };
        block.add_outputs(array![[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]].view());
        assert_eq!(block.dead, [0, 1, 2]);
        block.add_outputs(array![[0.0, 0.5, 1.0]].view());
        assert_eq!(block.dead, [0, 2]);
    }
}
