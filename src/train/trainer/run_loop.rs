//! The training loop: epochs of steps, evaluation between them, and an end.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use ndarray::Array2;

use crate::data::{PreparedData, Rows};
use crate::kernel;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{BatchBlocks, Network, NonFinite};
use crate::optim::OptimizerSpec;
use crate::train::early_stopping::EarlyStopper;
use crate::train::state::{set_tensors, tensors_of};
use crate::train::step::TrainStep;
use crate::train::step::threads::StepThreads;
use crate::train::tensor_rules;
use crate::train::trainer::{Trained, batches};
use crate::train::{
    EpochRecord, EvaluatedRows, Evaluator, Event, NetworkAt, Observer, Outcome, RunPlace, RunState, SavePart,
    SavePoint, StateFault, StepRecord, StepTeam, TrainingSpec, Workers,
};

/// A run in progress.
pub(crate) struct Run<'a, F> {
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
    pub(crate) fn new(
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
        let is_shared = workers.processes.processes() > 1;
        let blocks = (training.blocks > 1 || is_shared).then(|| {
            BatchBlocks::new(training.blocks, largest_batch, &network, Arc::clone(&workers.processes))
        });
        let rows_here = blocks.as_ref().map_or(largest_batch, BatchBlocks::max_rows);
        let flops = network.num_trainable().saturating_mul(rows_here);
        let (evaluator, best) = (Evaluator::new(&network, &data.train), copy_tensors(&network));
        let clip_norm = training.clip_norm;
        let step = TrainStep::in_blocks(network, optimizer, clip_norm, &data.train, largest_batch, blocks);
        Self {
            learning_rate: optimizer.learning_rate(),
            training,
            data,
            eval_rows: (data.train.len() > training.eval_rows).then(|| data.train.spread(training.eval_rows)),
            pool,
            step_threads: match workers.team {
                StepTeam::Fastest => StepThreads::new(pool.max_threads(), flops),
                StepTeam::All => StepThreads::fixed(pool.max_threads()),
            },
            steps_per_epoch: batches.per_epoch() as u64,
            evaluator,
            early_stopping: EarlyStopper::new(training.early_stopping.as_ref()),
            best_epoch: 0,
            best,
            step,
            observer,
            is_stopped: false,
            is_shared,
            outcome: None,
            place: RunPlace::default(),
            epochs: Vec::new(),
            begin: Instant::now(),
            seconds_before: 0.0,
            epoch_begin: Instant::now(),
        }
    }

    /// Takes the place of a run that was saved.
    pub(crate) fn resume(&mut self, state: RunState) -> Result<(), StateFault> {
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
    pub(crate) fn finish(mut self) -> Trained<F> {
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
