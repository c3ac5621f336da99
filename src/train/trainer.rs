//! The training loop: epochs of steps, evaluation between them, and an end.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use ndarray::Array2;

use crate::data::{BatchSampler, PreparedData, Rows};
use crate::kernel;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{LayerSpec, Network, NonFinite, has_fitted_start};
use crate::optim::OptimizerSpec;
use crate::train::early_stopping::EarlyStopper;
use crate::train::state::{set_tensors, tensors_of};
use crate::train::step::TrainStep;
use crate::train::step::threads::StepThreads;
use crate::train::tensor_rules;
use crate::train::{
    EpochRecord, EvaluatedRows, Evaluator, Event, NetworkAt, Observer, Outcome, RunPlace, RunState, SavePart,
    SavePoint, Score, StateFault, StepRecord, TrainingSpec, Workers,
};

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

/// A run in progress.
struct Run<'a, F> {
    /// Before the schedule.
    learning_rate: f64,
    training: &'a TrainingSpec,
    data: &'a PreparedData<F>,
    /// The training rows that are evaluated after each epoch; none for all of them.
    eval_rows: Option<Rows<F>>,
    /// All of it for evaluation, and `step_threads` of it for training steps.
    pool: &'a ThreadPool,
    step_threads: StepThreads,
    steps_per_epoch: u64,
    step: TrainStep<F>,
    evaluator: Evaluator<F>,
    early_stopping: EarlyStopper<'a>,
    best_epoch: u64,
    /// A copy of all tensors after the best epoch.
    best: Vec<Array2<F>>,
    observer: &'a mut dyn Observer,
    /// Whether the observer has ended the run.
    is_stopped: bool,
    /// Whether there are other processes.
    is_shared: bool,
    /// How the run ended before it was resumed.
    outcome: Option<Outcome>,
    place: RunPlace,
    epochs: Vec<EpochRecord>,
    begin: Instant,
    /// Time before the run was resumed.
    seconds_before: f64,
    epoch_begin: Instant,
}

impl<'a, F: Real> Run<'a, F> {
    fn new(
        mut network: Network<F>,
        optimizer: &OptimizerSpec,
        training: &'a TrainingSpec,
        data: &'a PreparedData<F>,
        workers: &Workers<'a>,
        observer: &'a mut dyn Observer,
    ) -> Self {
        let pool = workers.pool;
        let batches = batches(training, data);
        let largest_batch = batches.sizes().1;
        tensor_rules::apply(training, &mut network);
        let flops = network.num_trainable().saturating_mul(largest_batch);
        let (evaluator, best) = (Evaluator::new(&network, &data.train), copy_tensors(&network));
        let step = TrainStep::new(network, optimizer, training.clip_norm, &data.train, largest_batch);
        let step = match training.blocks {
            1 => step,
            blocks => step.in_blocks(blocks, Arc::clone(&workers.processes), &data.train, largest_batch),
        };
        Self {
            learning_rate: optimizer.learning_rate(),
            training,
            data,
            eval_rows: (data.train.len() > training.eval_rows).then(|| data.train.spread(training.eval_rows)),
            pool,
            step_threads: StepThreads::new(pool.max_threads(), flops),
            steps_per_epoch: batches.per_epoch() as u64,
            evaluator,
            early_stopping: EarlyStopper::new(training.early_stopping.as_ref()),
            best_epoch: 0,
            best,
            step,
            observer,
            is_stopped: false,
            is_shared: workers.processes.processes() > 1,
            outcome: None,
            place: RunPlace::default(),
            epochs: Vec::new(),
            begin: Instant::now(),
            seconds_before: 0.0,
            epoch_begin: Instant::now(),
        }
    }

    /// Takes the place of a run that was saved.
    fn resume(&mut self, state: RunState) -> Result<(), StateFault> {
        let batch_rows = batches(self.training, self.data).sizes().1 as u64;
        state.check_place(self.steps_per_epoch, batch_rows)?;
        self.early_stopping.resume(state.improvement);
        self.outcome = if state.has_ended(self.training.epochs) { state.outcome } else { None };
        self.best_epoch = state.best_epoch;
        self.place = state.place;
        self.epochs = state.epochs;
        set_tensors(state.tensors, &mut self.step, &mut self.best)?;
        self.seconds_before = state.seconds;
        Ok(())
    }

    /// Trains from where the run is to its end, and scores it.
    fn finish(mut self) -> Trained<F> {
        let outcome = self.train();
        if !matches!(outcome, Outcome::Interrupted { .. }) {
            self.outcome = Some(outcome.clone());
        }
        self.offer(SavePart::Run);
        self.emit(&Event::RunEnded(&outcome));
        let mut network = self.step.network;
        for (param, tensor) in network.params_mut().zip(self.best) {
            param.value = tensor;
        }
        // The record of an epoch is of all rows, or of some.
        let recorded =
            self.epochs.iter().find(|epoch| epoch.epoch == self.best_epoch && self.eval_rows.is_none());
        let train = match recorded {
            Some(epoch) => epoch.train,
            None => self.evaluator.score(self.pool, &network, &self.data.train),
        };
        let test = self.data.test.as_ref().map(|rows| self.evaluator.score(self.pool, &network, rows));
        let seconds = self.seconds_before + self.begin.elapsed().as_secs_f64();
        Trained { network, best_epoch: self.best_epoch, outcome, epochs: self.epochs, train, test, seconds }
    }

    fn train(&mut self) -> Outcome {
        let (training, steps_per_epoch) = (self.training, self.steps_per_epoch);
        self.emit(&Event::RunStarted { epochs: training.epochs, steps_per_epoch });
        if let Some(outcome) = &self.outcome {
            return outcome.clone();
        }
        self.show_network(!self.epochs.is_empty());
        if self.epochs.is_empty()
            && let ControlFlow::Break(outcome) = self.end_epoch(0)
        {
            return outcome;
        }
        let mut batches = batches(training, self.data);
        let total = steps_per_epoch * training.epochs;
        for epoch in self.place.epoch + 1..=training.epochs {
            self.epoch_begin = Instant::now();
            for batch in batches.epoch(epoch).skip(self.place.batch as usize) {
                if self.must_stop() {
                    return Outcome::Interrupted { step: self.place.step };
                }
                let step = self.place.step + 1;
                let planned = self.place.in_schedule(step);
                let rate = self.learning_rate * training.schedule.factor(planned, steps_per_epoch, total);
                let progress = (planned - 1) as f64 / total as f64;
                let loss = match self.train_batch(batch, step, progress, rate) {
                    Ok(loss) => loss,
                    Err(cause) => return Outcome::Diverged { epoch, step, cause },
                };
                self.place.add(loss, batch.len(), rate);
                self.emit(&Event::StepEnded(StepRecord { step, loss, learning_rate: rate }));
                self.show_network(false);
                self.offer(SavePart::Step);
            }
            if let ControlFlow::Break(outcome) = self.end_epoch(epoch) {
                return outcome;
            }
            self.offer(SavePart::Epoch);
        }
        Outcome::Finished
    }

    /// Whether the run ends here: in all processes at the same step.
    fn must_stop(&self) -> bool {
        if self.is_shared { self.step.all_stop } else { self.is_stopped }
    }

    /// One step, by as many threads as are fastest now.
    fn train_batch(
        &mut self,
        batch: &[usize],
        step: u64,
        progress: f64,
        rate: f64,
    ) -> Result<f64, NonFinite> {
        self.pool.limit(self.step_threads.count());
        let begin = Instant::now();
        self.step.asks_to_stop = self.is_stopped;
        let loss = self.step.step(self.pool, &self.data.train, batch, step, progress, rate);
        self.step_threads.record(batch.len(), begin.elapsed().as_secs_f64());
        self.pool.limit(self.pool.max_threads());
        loss
    }

    fn emit(&mut self, event: &Event<'_>) {
        self.is_stopped |= self.observer.on(event).is_break();
    }

    /// Shows the network to the observer.
    fn show_network(&mut self, is_resumed: bool) {
        let step = self.place.step;
        let event = Event::Network(NetworkAt { step, is_resumed, network: &self.step.network });
        self.is_stopped |= self.observer.on(&event).is_break();
    }

    /// Offers the state of the run to the observer.
    fn offer(&mut self, ended: SavePart) {
        let Self { step, early_stopping, best_epoch, best, outcome, place, epochs, observer, .. } = self;
        let (begin, epoch_begin, seconds_before) = (self.begin, self.epoch_begin, self.seconds_before);
        let state = || RunState {
            place: RunPlace {
                // Between two epochs, no time counts.
                train_seconds: match place.batch {
                    0 => 0.0,
                    _ => place.train_seconds + epoch_begin.elapsed().as_secs_f64(),
                },
                ..*place
            },
            outcome: outcome.clone(),
            improvement: early_stopping.progress(),
            best_epoch: *best_epoch,
            epochs: epochs.clone(),
            seconds: seconds_before + begin.elapsed().as_secs_f64(),
            tensors: tensors_of(step, best),
        };
        let event = Event::Resumable(SavePoint { ended, state: &state });
        self.is_stopped |= observer.on(&event).is_break();
    }

    /// Evaluates, reports, copies the tensors if the epoch is the best, and decides whether to go on.
    fn end_epoch(&mut self, epoch: u64) -> ControlFlow<Outcome> {
        let (before, place) = (self.epochs.last(), self.place);
        let train_seconds = match epoch {
            0 => 0.0,
            _ => place.train_seconds + self.epoch_begin.elapsed().as_secs_f64(),
        };
        let (train_before, eval_before) =
            before.map_or((0.0, 0.0), |before| (before.train_seconds, before.eval_seconds));
        let begin = Instant::now();
        let Self { step, observer, is_stopped, .. } = self;
        let network = &step.network;
        let train_rows = self.eval_rows.as_ref().unwrap_or(&self.data.train);
        let train = self.evaluator.score_and_show(self.pool, network, train_rows, &mut |workspace| {
            *is_stopped |= observer.on(&Event::Evaluated(EvaluatedRows { workspace })).is_break();
        });
        let valid = self.data.valid.as_ref().map(|rows| self.evaluator.score(self.pool, network, rows));
        let record = EpochRecord {
            epoch,
            step: place.step,
            learning_rate: (epoch > 0).then_some(place.learning_rate),
            train_loss: (epoch > 0).then(|| place.loss_sum / place.rows as f64),
            train,
            valid,
            train_seconds: train_before + train_seconds,
            eval_seconds: eval_before + begin.elapsed().as_secs_f64(),
        };
        let non_finite = non_finite(network, &record);
        let decision = self.early_stopping.update(&record);
        self.emit(&Event::EpochEnded(&record));
        self.epochs.push(record);
        self.place = place.after(epoch);
        if let Some(cause) = non_finite {
            return ControlFlow::Break(Outcome::Diverged { epoch, step: self.place.step, cause });
        }
        if decision.is_best {
            self.best_epoch = epoch;
            self.best = copy_tensors(&self.step.network);
        }
        if decision.stop {
            return ControlFlow::Break(Outcome::StoppedEarly { epoch });
        }
        ControlFlow::Continue(())
    }
}

/// The batches of a run.
pub(crate) fn batches<F: Real>(training: &TrainingSpec, data: &PreparedData<F>) -> BatchSampler {
    let &TrainingSpec { batch_size, last_batch, sampling, .. } = training;
    BatchSampler::new(data.train.len(), batch_size, last_batch, sampling, training.seed_of_order())
}

/// What is infinite or NaN after an epoch: a tensor, moved out of range by the last update, or a loss
/// in evaluation mode.
fn non_finite<F: Real>(network: &Network<F>, record: &EpochRecord) -> Option<NonFinite> {
    let bad = network.params().find(|param| !kernel::all_finite(param.value.as_slice().unwrap_or_default()));
    if let Some(param) = bad {
        return Some(NonFinite::Tensor(param.name.clone()));
    }
    let valid = record.valid.map_or(0.0, |valid| valid.loss);
    (!(record.train.loss.is_finite() && valid.is_finite())).then_some(NonFinite::EvaluationLoss)
}

/// A copy of all tensors of `network`.
pub(crate) fn copy_tensors<F: Real>(network: &Network<F>) -> Vec<Array2<F>> {
    network.params().map(|param| param.value.clone()).collect()
}
