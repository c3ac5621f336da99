//! One training step.

pub(crate) mod threads;
pub(crate) mod workers;

use ndarray::s;

use crate::data::{Batch, Rows};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{BatchBlocks, Network, NonFinite, PassContext, Workspace};
use crate::optim::{Optimizer, OptimizerSpec, add_l2_gradient, clip_by_global_norm};
use crate::train::evaluate::weighted_sum;

/// A network in training with its optimiser and the buffers of a step, allocated once.
pub(crate) struct TrainStep<F> {
    pub(crate) network: Network<F>,
    pub(crate) optimizer: Optimizer<F>,
    l2: f64,
    clip_norm: Option<f64>,
    /// The blocks of a batch, if it is cut.
    blocks: Option<BatchBlocks<F>>,
    workspace: Workspace<F>,
    batch: Batch<F>,
    /// Whether this process asks all to end the run after the next step.
    pub(crate) asks_to_stop: bool,
    /// Whether one of them had asked when the last step began.
    pub(crate) all_stop: bool,
}

impl<F: Real> TrainStep<F> {
    /// For batches of up to `max_rows` of `rows`.
    pub(crate) fn new(
        network: Network<F>,
        optimizer: &OptimizerSpec,
        clip_norm: Option<f64>,
        rows: &Rows<F>,
        max_rows: usize,
    ) -> Self {
        Self::in_blocks(network, optimizer, clip_norm, rows, max_rows, None)
    }

    /// For batches that are cut into `blocks`, some of which are here.
    pub(crate) fn in_blocks(
        mut network: Network<F>,
        optimizer: &OptimizerSpec,
        clip_norm: Option<f64>,
        rows: &Rows<F>,
        max_rows: usize,
        blocks: Option<BatchBlocks<F>>,
    ) -> Self {
        let max_rows = blocks.as_ref().map_or(max_rows, BatchBlocks::max_rows);
        Self {
            optimizer: Optimizer::new(optimizer, &network),
            l2: optimizer.l2(),
            clip_norm,
            blocks,
            workspace: network.allocate(max_rows),
            batch: rows.batch(max_rows),
            network,
            asks_to_stop: false,
            all_stop: false,
        }
    }

    /// Trains on `batch`, row numbers of `rows`, after the share `progress` of the training; returns the mean loss before the update, in nats.
    ///
    /// Nothing moves, neither weight nor running statistic, before every number of the step is
    /// known to be finite.
    pub(crate) fn step(
        &mut self,
        pool: &ThreadPool,
        rows: &Rows<F>,
        batch: &[usize],
        step: u64,
        progress: f64,
        learning_rate: f64,
    ) -> Result<f64, NonFinite> {
        let here = self.blocks.as_mut().map_or(0..batch.len(), |blocks| blocks.begin(batch.len()));
        rows.gather(pool, batch[here].iter().copied(), &mut self.batch);
        let Self { network, blocks, workspace, batch, .. } = self;
        let pass = PassContext {
            step,
            progress,
            weights: batch.weights(),
            blocks: blocks.as_ref(),
            ..PassContext::new(pool, batch.targets())
        };
        let x = batch.x();

        let losses = network.forward(&pass, x, workspace);
        let (mut sums, asks) = ([0.0; 2], f64::from(u8::from(self.asks_to_stop)));
        pass.sum(batch.rows(), &mut sums, |rows, sums| {
            let weights = pass.weights.map(|weights| &weights[rows.clone()]);
            sums.copy_from_slice(&[weighted_sum(losses.slice(s![rows, ..]), weights), asks]);
        });
        self.all_stop = sums[1] > 0.0;
        let loss = sums[0] / pass.batch_rows(batch.rows()) as f64;
        if !loss.is_finite() {
            return Err(NonFinite::Loss);
        }
        network.backward(&pass, x, workspace, None);
        add_l2_gradient(network, self.l2);
        if let Some(non_finite) = network.non_finite(pool) {
            return Err(non_finite);
        }
        if let Some(max_norm) = self.clip_norm {
            clip_by_global_norm(network, max_norm);
        }
        self.optimizer.step(pool, network, step, learning_rate);
        network.update_running_stats(step);
        Ok(loss)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::nn::{batch_norm, output_affine, softmax_loss};
    use crate::optim::Sgd;
    use crate::targets::Targets;

    #[test]
    fn nothing_moves_before_all_is_known_to_be_finite() {
        let rows = Rows::new(&array![[1.0], [2.0], [4.0]], Targets::Classes(vec![0, 1, 1]));
        let layers = [batch_norm(), output_affine(), softmax_loss()];
        let mut network = Network::<f64>::build(&layers, 1, 2, 0);
        // The loss is finite, the gradient of the weights is not.
        let trained = network.params_mut().filter(|param| param.is_trained());
        trained.for_each(|param| param.value.fill(1e3));
        let tensors = |network: &Network<f64>| {
            network.params().map(|param| param.value.clone()).collect::<Vec<Array2<_>>>()
        };
        let before = tensors(&network);
        let optimizer = OptimizerSpec::from(Sgd { l2: 1e308, ..Sgd::default() });
        let mut step = TrainStep::new(network, &optimizer, None, &rows, 3);
        let ended = step.step(&ThreadPool::single(), &rows, &[0, 1, 2], 1, 0.0, 0.1);
        assert_eq!(ended.err(), Some(NonFinite::Gradient("affine_1.weight".to_owned())));
        assert_eq!(tensors(&step.network), before);
    }
}
