//! A network trained on prepared data, from its start or from where a run was interrupted.

pub(crate) mod run_loop;

use crate::data::{BatchSampler, PreparedData};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{LayerSpec, Network, has_fitted_start};
use crate::optim::OptimizerSpec;
use crate::train::trainer::run_loop::Run;
use crate::train::{EpochRecord, Observer, Outcome, RunState, Score, StateFault, TrainingSpec, Workers};

/// A trained network and the records of its training.
pub struct Trained<F> {
    /// The network with the weights and running statistics of `best_epoch`.
    pub network: Network<F>,
    /// With early stopping the best epoch, otherwise the last one that was finished.
    pub best_epoch: u64,
    /// How the run ended.
    pub outcome: Outcome,
    /// Epoch 0 and every epoch that was finished.
    pub epochs: Vec<EpochRecord>,
    /// The score of this network on all training rows, in evaluation mode.
    pub train: Score,
    /// The score on the test rows; none without any.
    pub test: Option<Score>,
    /// Time of the whole run, that before it was resumed included.
    pub seconds: f64,
}

/// Trains a new network of `layers` on `data`.
///
/// With early stopping the weights of the best epoch are restored at the end, otherwise those of the
/// last epoch that was finished; running statistics go with the weights.
///
/// # Panics
///
/// If a batch has fewer rows than `training.blocks`, which [`BatchPlan`](crate::train::BatchPlan) refuses, or there are
/// more processes than blocks.
pub fn train_prepared<'a, F: Real>(
    layers: &[LayerSpec],
    optimizer: &OptimizerSpec,
    training: &TrainingSpec,
    data: &PreparedData<F>,
    workers: impl Into<Workers<'a>>,
    observer: &mut dyn Observer,
) -> Trained<F> {
    let workers = workers.into();
    let network = build_network(layers, training, data, workers.pool);
    train_network(network, optimizer, training, data, workers, observer)
}

/// Like [`train_prepared`], from a network that may have other weights, or layers of one's own.
///
/// # Panics
///
/// As [`train_prepared`].
pub fn train_network<'a, F: Real>(
    network: Network<F>,
    optimizer: &OptimizerSpec,
    training: &TrainingSpec,
    data: &PreparedData<F>,
    workers: impl Into<Workers<'a>>,
    observer: &mut dyn Observer,
) -> Trained<F> {
    Run::new(network, optimizer, training, data, &workers.into(), observer).finish()
}

/// The network that a run of these layers begins with.
pub(crate) fn build_network<F: Real>(
    layers: &[LayerSpec],
    training: &TrainingSpec,
    data: &PreparedData<F>,
    pool: &ThreadPool,
) -> Network<F> {
    let (inputs, outputs) = (data.encoding.inputs.len(), data.encoding.outputs());
    let (weights, order) = (training.seed_of_weights(), training.seed_of_order());
    let mut network = Network::build_seeded(layers, inputs, outputs, weights, order);
    if has_fitted_start(layers) {
        let mut batches = batches(training, data);
        let first = batches.epoch(1).next().unwrap_or_default();
        let mut batch = data.train.batch(first.len());
        data.train.gather(pool, first.iter().copied(), &mut batch);
        network.fit_start(layers, pool, batch.x());
    }
    network
}

/// Goes on from `state`, of a run of the same layers, settings and data: the result has the bits of a run
/// without the interruption. A run that has ended is not trained any further, but for one that finished
/// fewer epochs than `training.epochs`.
///
/// # Errors
///
/// If the state is not one of such a run.
///
/// # Panics
///
/// As [`train_prepared`].
pub fn resume_prepared<'a, F: Real>(
    state: RunState,
    layers: &[LayerSpec],
    optimizer: &OptimizerSpec,
    training: &TrainingSpec,
    data: &PreparedData<F>,
    workers: impl Into<Workers<'a>>,
    observer: &mut dyn Observer,
) -> Result<Trained<F>, StateFault> {
    let workers = workers.into();
    let network = build_network(layers, training, data, workers.pool);
    let mut run = Run::new(network, optimizer, training, data, &workers, observer);
    run.resume(state)?;
    Ok(run.finish())
}

/// The batches of a run.
pub(crate) fn batches<F: Real>(training: &TrainingSpec, data: &PreparedData<F>) -> BatchSampler {
    let &TrainingSpec { batch_size, last_batch, sampling, .. } = training;
    BatchSampler::new(data.train.len(), batch_size, last_batch, sampling, training.seed_of_order())
}
