//! Ghost batch norm: batch norm of parts of a batch.
//!
//! A batch of `n` rows is divided into `max(1, n / rows)` ghost batches of neighbors, rounded down, whose sizes
//! differ by at most one: each has `rows` rows or more, if the batch does. Each is normalized by its own mean and
//! variance, so that the noise of the statistics is that of a small batch while the batch is large. Formulas and
//! shapes are those of [batch norm](super); the gradients of gamma and beta are the sums over all ghost batches.
//!
//! A batch in [blocks](crate::nn::PassContext::blocks) is divided block by block: a ghost batch is always within one.
//!
//! Running statistics follow the ghost batches one after the other; evaluation uses them like batch norm.
//!
//! Source: Hoffer, Hubara and Soudry, "Train longer, generalize better", 2017, algorithm 1.

use ndarray::{ArrayView2, ArrayViewMut2, s};

use crate::kernel;
use crate::kernel::real::Real;
use crate::kernel::{BatchNormGrads, BatchNormState, RowBlocks, even_part};
use crate::nn::build::{Build, BuildContext};
use crate::nn::layers::batch_norm::backward::{Scratch, add_to_first};
use crate::nn::layers::batch_norm::form::BatchForm;
use crate::nn::{
    BatchBlocks, BatchNorm, BatchNormSpec, Layer, LayerSpec, PassContext, RunningStart, RunningUpdate,
    RunningVariance,
};
use crate::settings::settings;

settings! {
    /// Batch normalization of parts of a batch.
    pub struct GhostBatchNormSpec {
        /// Rows of a part; a part has more if the batch does not divide evenly.
        rows: usize = 16, range(2..);
        /// Added to the variance inside the square root.
        eps: f64 = 1e-5, range(> 0.0);
        /// Weight of a new part in the running statistics; `"cumulative"` is their plain mean.
        running_update: RunningUpdate = RunningUpdate::Constant(0.1);
        /// Running statistics before the first part: `"first_batch"` takes those of that part, `"standard"` starts
        /// from mean 0 and variance 1, `"zero"` from 0 and 0.
        running_start: RunningStart = RunningStart::FirstBatch;
        /// Whether the running variance divides by n - 1 (`"unbiased"`) or n (`"biased"`).
        running_variance: RunningVariance = RunningVariance::Unbiased;
        /// Whether to train gamma; it stays 1 otherwise.
        scale: bool = true;
        /// Whether to train beta; it stays 0 otherwise.
        shift: bool = true;
    }
}

/// Ghost batch normalization with its defaults; see [`GhostBatchNormSpec`] for others.
pub fn ghost_batch_norm() -> LayerSpec {
    GhostBatchNormSpec::default().into()
}

impl Build for GhostBatchNormSpec {
    const IS_NORM: bool = true;
    const FUSES_RELU_AFTER: bool = true;
    const CANCELS_BIAS: bool = true;
    const NEEDS_BATCH: bool = true;

    fn build<F: Real>(&self, context: &BuildContext<'_>) -> Box<dyn Layer<F>> {
        let &Self { rows, eps, running_update, running_start, running_variance, scale, shift } = self;
        let shared = BatchNormSpec {
            eps,
            running_update,
            running_start,
            running_variance,
            scale,
            shift,
            ..BatchNormSpec::default()
        };
        BatchNorm::build(shared, BatchForm::Ghost { rows }, context, self.fused(context))
    }
}

/// The ghost batches of the last pass.
#[derive(Default)]
pub(crate) struct GhostBatches {
    /// How many there are in the rows of the pass.
    here: usize,
    /// All blocks of the batch, if it is in blocks.
    blocks: Option<RowBlocks>,
    /// Mean and variance of each ghost batch of each block, as many for each: the means of all columns, then the
    /// variances.
    moments: Vec<f64>,
}

impl GhostBatches {
    /// Begins a pass with `here` ghost batches, not in blocks.
    pub(crate) fn clear(&mut self, here: usize) {
        (self.here, self.blocks) = (here, None);
    }

    pub(crate) fn here(&self) -> usize {
        self.here
    }

    pub(crate) fn are_in_blocks(&self) -> bool {
        self.blocks.is_some()
    }

    /// Whether all means and variances of a batch in blocks can be running statistics of type `F`, those of other processes
    /// included: all processes have to find the same.
    pub(crate) fn are_finite<F: Real>(&self) -> bool {
        self.moments.iter().all(|&moment| F::from_f64(moment).is_finite())
    }
}

impl<F: Real> BatchNorm<F> {
    pub(crate) fn forward_ghosts(
        &mut self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
    ) {
        let mut states = std::mem::take(&mut self.states);
        let (params, relu) = (self.kernel_params(pass), self.fused.relu_after);
        let Some(blocks) = pass.blocks else {
            let of_batch = &mut states[..self.ghosts.here];
            kernel::batch_norm_forward(pass.pool, &x, params, relu, of_batch, &mut y);
            self.states = states;
            return;
        };
        // Each block has one at least.
        let (here, width) = (blocks.here(), x.ncols());
        states.resize_with(states.len().max(here.len()), || BatchNormState::new(width));
        let mut next = 0;
        for rows in here.each() {
            let of_block = &mut states[next..][..self.form.ghosts(rows.len())];
            next += of_block.len();
            let mut y = y.slice_mut(s![rows.clone(), ..]);
            kernel::batch_norm_forward(pass.pool, &x.slice(s![rows, ..]), params, relu, of_block, &mut y);
        }
        self.states = states;
        self.gather_ghosts(blocks);
    }

    /// Puts together the moments of all ghost batches.
    fn gather_ghosts(&mut self, blocks: &BatchBlocks<F>) {
        let width = self.width();
        let size = self.most_ghosts(blocks.largest()) * 2 * width;
        let mut states = self.states.iter();
        let mut moments = std::mem::take(&mut self.ghosts.moments);
        moments.resize(blocks.count() * size, 0.0);
        let fill = |sums: &mut [f64]| {
            sums.fill(0.0);
            for (rows, sums) in blocks.here().each().zip(sums.chunks_exact_mut(size)) {
                let ghosts = sums.chunks_exact_mut(2 * width).take(self.form.ghosts(rows.len()));
                for (place, BatchNormState { moments, .. }) in ghosts.zip(&mut states) {
                    let (means, vars) = place.split_at_mut(width);
                    means.iter_mut().enumerate().for_each(|(column, mean)| *mean = moments.mean(column));
                    vars.copy_from_slice(&moments.var);
                }
            }
        };
        blocks.gathered(size, fill, |all| moments.copy_from_slice(all));
        let here = blocks.here().each().map(|rows| self.form.ghosts(rows.len())).sum();
        self.ghosts = GhostBatches { here, blocks: Some(blocks.all()), moments };
    }

    /// The most ghost batches of one of `blocks`.
    fn most_ghosts(&self, blocks: RowBlocks) -> usize {
        blocks.each().map(|rows| self.form.ghosts(rows.len())).max().unwrap_or(1)
    }

    /// Moves the running statistics towards those of all ghost batches of the batch, one after the other.
    pub(crate) fn follow_all_ghosts(&mut self, step: u64) {
        let Some(all) = self.ghosts.blocks else { return };
        let moments = std::mem::take(&mut self.ghosts.moments);
        let width = self.width();
        let size = moments.len() / all.len();
        let ghosts: usize = all.each().map(|rows| self.form.ghosts(rows.len())).sum();
        let mut part = (step - 1) * ghosts as u64;
        for (rows, of_block) in all.each().zip(moments.chunks_exact(size)) {
            let ghosts = self.form.ghosts(rows.len());
            for (ghost, of_ghost) in of_block.chunks_exact(2 * width).take(ghosts).enumerate() {
                part += 1;
                let (means, vars) = of_ghost.split_at(width);
                self.follow(part, even_part(rows.len(), ghosts, ghost).len(), |column| means[column], vars);
            }
        }
        self.ghosts.moments = moments;
    }

    /// The sums of all ghost batches of a batch in blocks, in the first of the sums, and `dx`.
    pub(crate) fn backward_ghosts(
        &self,
        pass: &PassContext<'_, F>,
        x: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        scratch: &mut Scratch<F>,
        mut dx: Option<ArrayViewMut2<'_, F>>,
    ) {
        let (width, mut states) = (x.ncols(), self.states());
        let Scratch { sums, columns, .. } = scratch;
        sums.resize_with(sums.len().max(states.len()), || BatchNormGrads::new(width));
        let columns = &mut columns[..2 * width];
        pass.sum(x.nrows(), columns, |rows, total| {
            let (of_block, rest) = states.split_at(self.form.ghosts(rows.len()));
            states = rest;
            let [x, dy] = [x, dy].map(|all| all.slice_move(s![rows.clone(), ..]));
            let dx = dx.as_mut().map(|dx| dx.slice_mut(s![rows.clone(), ..]));
            let sums = &mut sums[..of_block.len()];
            kernel::batch_norm_backward(pass.pool, &dy, &x, of_block, sums, dx);
            add_to_first(sums);
            total[..width].copy_from_slice(&sums[0].dbeta);
            total[width..].copy_from_slice(&sums[0].dgamma);
        });
        sums[0].set(columns);
    }
}
