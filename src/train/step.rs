//! One training step, as the algorithm reads.

use super::evaluate::weighted_sum;
use crate::config::Plan;
use crate::data::{Batch, Rows};
use crate::kernel::Team;
use crate::nn::{Network, Pass, Workspace};
use crate::optim::{Optimizer, add_l2_gradient, clip_by_global_norm};
use crate::real::Real;

/// A network in training with all that a step needs, sized once.
pub(super) struct Stepper<'a, F> {
    pub(super) network: Network<F>,
    plan: &'a Plan,
    optimizer: Optimizer<F>,
    workspace: Workspace<F>,
    batch: Batch<F>,
}

/// Where a number that is not finite appeared: the loss, a statistic or a gradient.
pub(super) struct NonFinite(pub(super) String);

impl<'a, F: Real> Stepper<'a, F> {
    /// For batches of up to `max_rows` of `rows`.
    pub(super) fn new(plan: &'a Plan, mut network: Network<F>, rows: &Rows<F>, max_rows: usize) -> Self {
        Self {
            plan,
            optimizer: Optimizer::new(&plan.optimizer, &network),
            workspace: network.reserve(max_rows),
            batch: rows.batch(max_rows),
            network,
        }
    }

    /// Trains on `batch`, row numbers of `rows`; returns the mean loss before the update, in nats.
    ///
    /// Nothing moves, neither weight nor running statistic, before every number of the step is
    /// known to be finite.
    pub(super) fn step(
        &mut self,
        team: &Team,
        rows: &Rows<F>,
        batch: &[usize],
        step: u64,
        learning_rate: f64,
    ) -> Result<f64, NonFinite> {
        rows.gather(team, batch.iter().copied(), &mut self.batch);
        let Self { network, workspace, batch, .. } = self;
        let pass = Pass { team, step, targets: batch.targets(), weights: batch.weights() };
        let x = batch.x();

        let losses = network.forward(&pass, x, workspace);
        let loss = weighted_sum(losses, pass.weights) / batch.rows() as f64;
        if !loss.is_finite() {
            return Err(NonFinite("loss".to_owned()));
        }
        network.backward(&pass, x, workspace, None);
        add_l2_gradient(network, self.plan.optimizer.l2());
        if let Some(tensor) = network.non_finite(team) {
            return Err(NonFinite(tensor));
        }
        if let Some(max_norm) = self.plan.training.clip_norm {
            clip_by_global_norm(network, max_norm);
        }
        self.optimizer.step(team, network, step, learning_rate);
        network.commit();
        Ok(loss)
    }
}
