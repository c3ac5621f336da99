//! One training step, as the algorithm reads.

use crate::config::Plan;
use crate::data::{Batch, Rows};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{Network, PassContext, Workspace};
use crate::optim::{Optimizer, add_l2_gradient, clip_by_global_norm};
use crate::train::evaluate::weighted_sum;

/// A network in training with all that a step needs, sized once.
pub(crate) struct Stepper<'a, F> {
    pub(crate) network: Network<F>,
    plan: &'a Plan,
    optimizer: Optimizer<F>,
    workspace: Workspace<F>,
    batch: Batch<F>,
}

/// Where a number that is not finite appeared: the loss, a statistic or a gradient.
pub(crate) struct NonFinite(pub(crate) String);

impl<'a, F: Real> Stepper<'a, F> {
    /// For batches of up to `max_rows` of `rows`.
    pub(crate) fn new(plan: &'a Plan, mut network: Network<F>, rows: &Rows<F>, max_rows: usize) -> Self {
        Self {
            plan,
            optimizer: Optimizer::new(&plan.optimizer, &network),
            workspace: network.allocate(max_rows),
            batch: rows.batch(max_rows),
            network,
        }
    }

    /// Trains on `batch`, row numbers of `rows`; returns the mean loss before the update, in nats.
    ///
    /// Nothing moves, neither weight nor running statistic, before every number of the step is
    /// known to be finite.
    pub(crate) fn step(
        &mut self,
        pool: &ThreadPool,
        rows: &Rows<F>,
        batch: &[usize],
        step: u64,
        learning_rate: f64,
    ) -> Result<f64, NonFinite> {
        rows.gather(pool, batch.iter().copied(), &mut self.batch);
        let Self { network, workspace, batch, .. } = self;
        let pass = PassContext { pool, step, targets: batch.targets(), weights: batch.weights() };
        let x = batch.x();

        let losses = network.forward(&pass, x, workspace);
        let loss = weighted_sum(losses, pass.weights) / batch.rows() as f64;
        if !loss.is_finite() {
            return Err(NonFinite("loss".to_owned()));
        }
        network.backward(&pass, x, workspace, None);
        add_l2_gradient(network, self.plan.optimizer.l2());
        if let Some(tensor) = network.non_finite(pool) {
            return Err(NonFinite(tensor));
        }
        if let Some(max_norm) = self.plan.training.clip_norm {
            clip_by_global_norm(network, max_norm);
        }
        self.optimizer.step(pool, network, step, learning_rate);
        network.update_running_stats();
        Ok(loss)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ndarray::{Array2, array};

    use super::*;
    use crate::config;
    use crate::targets::Targets;

    #[test]
    fn nothing_moves_before_all_is_known_to_be_finite() {
        let text = r#"
            data = { path = "t.csv", label = "kind" }
            optimizer = { type = "sgd", l2 = 1e308 }
            training = { dtype = "f64" }
            layers = [{ type = "batch_norm" }, { type = "affine" }, { type = "softmax_loss" }]
        "#;
        let plan = config::parse(text, Path::new("/nowhere/config.toml"), &[]).expect("a plan");
        let rows = Rows::new(&array![[1.0], [2.0], [4.0]], Targets::Classes(vec![0, 1, 1]));
        let mut network = Network::<f64>::build(&plan.layers, 1, 2, 0);
        // The loss is finite, the gradient of the weights is not.
        let trained = network.params_mut().filter(|param| param.is_trained());
        trained.for_each(|param| param.value.fill(1e3));
        let tensors = |network: &Network<f64>| {
            network.params().map(|param| param.value.clone()).collect::<Vec<Array2<_>>>()
        };
        let before = tensors(&network);
        let mut stepper = Stepper::new(&plan, network, &rows, 3);
        let ended = stepper.step(&ThreadPool::single(), &rows, &[0, 1, 2], 1, 0.1);
        assert_eq!(
            ended.err().map(|NonFinite(tensor)| tensor).as_deref(),
            Some("gradient of affine_1.weight")
        );
        assert_eq!(tensors(&stepper.network), before);
    }
}
