//! The training loop: epochs of steps, evaluation between them, and an end.

use std::ops::ControlFlow;
use std::time::Instant;

use ndarray::Array2;

use crate::data::{BatchSampler, PreparedData};
use crate::kernel;
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{LayerSpec, Network, NonFinite};
use crate::optim::OptimizerSpec;
use crate::train::early_stopping::EarlyStopper;
use crate::train::step::TrainStep;
use crate::train::{EpochRecord, Evaluator, Event, Observer, Outcome, Score, StepRecord, TrainingSpec};

/// Multiplications in one product of a batch with all weights from which a second thread makes a
/// step faster: with 0.3 million it does not (64-64-64-10, batches of 32), with 6 it does
/// (784-100x3-10, batches of 60).
const MIN_PARALLEL_FLOPS: usize = 1 << 20;

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
    /// Every `log_every_steps`-th step.
    pub steps: Vec<StepRecord>,
    /// The score on the test rows; none without any.
    pub test: Option<Score>,
}

/// Trains a new network of `layers` on `data` with the threads of `pool`.
///
/// With early stopping the weights of the best epoch are restored at the end, otherwise those of the
/// last epoch that was finished; running statistics go with the weights.
pub fn train_prepared<F: Real>(
    layers: &[LayerSpec],
    optimizer: &OptimizerSpec,
    training: &TrainingSpec,
    data: &PreparedData<F>,
    pool: &ThreadPool,
    observer: &mut dyn Observer,
) -> Trained<F> {
    let &TrainingSpec { batch_size, last_batch, sampling, seed, .. } = training;
    let batches = BatchSampler::new(data.train.len(), batch_size, last_batch, sampling, seed);
    let network = Network::build(layers, data.encoding.inputs.len(), data.encoding.outputs(), seed);
    let largest_batch = batches.sizes().1;
    let single = ThreadPool::single();
    let is_parallel = network.num_trainable().saturating_mul(largest_batch) >= MIN_PARALLEL_FLOPS;
    let mut run = Run {
        learning_rate: optimizer.learning_rate(),
        training,
        data,
        pool,
        step_pool: if is_parallel { pool } else { &single },
        evaluator: Evaluator::new(&network, &data.train),
        early_stopping: EarlyStopper::new(training.early_stopping.as_ref()),
        checkpoint: (0, copy_tensors(&network)),
        step: TrainStep::new(network, optimizer, training.clip_norm, &data.train, largest_batch),
        batches,
        observer,
        is_stopped: false,
        steps_done: 0,
        epochs: Vec::new(),
        steps: Vec::new(),
    };
    let outcome = run.epochs();
    run.emit(&Event::RunEnded(&outcome));
    let Run { step, checkpoint: (best_epoch, tensors), mut evaluator, epochs, steps, .. } = run;
    let mut network = step.network;
    for (param, tensor) in network.params_mut().zip(tensors) {
        param.value = tensor;
    }
    let test = data.test.as_ref().map(|rows| evaluator.score(pool, &network, rows));
    Trained { network, best_epoch, outcome, epochs, steps, test }
}

/// A run in progress.
struct Run<'a, F> {
    /// Before the schedule.
    learning_rate: f64,
    training: &'a TrainingSpec,
    data: &'a PreparedData<F>,
    /// For evaluation.
    pool: &'a ThreadPool,
    /// For training steps.
    step_pool: &'a ThreadPool,
    batches: BatchSampler,
    step: TrainStep<F>,
    evaluator: Evaluator<F>,
    early_stopping: EarlyStopper<'a>,
    /// The best epoch so far, and a copy of all tensors after it.
    checkpoint: (u64, Vec<Array2<F>>),
    observer: &'a mut dyn Observer,
    /// Whether the observer has ended the run.
    is_stopped: bool,
    steps_done: u64,
    epochs: Vec<EpochRecord>,
    steps: Vec<StepRecord>,
}

impl<F: Real> Run<'_, F> {
    fn epochs(&mut self) -> Outcome {
        let training = self.training;
        let steps_per_epoch = self.batches.per_epoch() as u64;
        self.emit(&Event::RunStarted { epochs: training.epochs, steps_per_epoch });
        if let ControlFlow::Break(outcome) = self.end_epoch(0, None, None, 0.0) {
            return outcome;
        }
        for epoch in 1..=training.epochs {
            let begin = Instant::now();
            let mut loss_sum = 0.0;
            let mut rows = 0;
            let mut rate = 0.0;
            for batch in self.batches.epoch(epoch) {
                if self.is_stopped {
                    return Outcome::Interrupted { step: self.steps_done };
                }
                self.steps_done += 1;
                let total = steps_per_epoch * training.epochs;
                rate = self.learning_rate * training.schedule.factor(self.steps_done, steps_per_epoch, total);
                let (rows_of, step) = (&self.data.train, self.steps_done);
                let progress = (step - 1) as f64 / total as f64;
                let loss = match self.step.step(self.step_pool, rows_of, batch, step, progress, rate) {
                    Ok(loss) => loss,
                    Err(cause) => return Outcome::Diverged { epoch, step: self.steps_done, cause },
                };
                loss_sum += loss * batch.len() as f64;
                rows += batch.len();
                let record = StepRecord { step: self.steps_done, loss, learning_rate: rate };
                if self.steps_done.is_multiple_of(training.log_every_steps) {
                    self.steps.push(record);
                }
                // Not `emit`, which would borrow the batches as well.
                self.is_stopped |= self.observer.on(&Event::StepEnded(record)).is_break();
            }
            let seconds = begin.elapsed().as_secs_f64();
            let ended = self.end_epoch(epoch, Some(rate), Some(loss_sum / rows as f64), seconds);
            if let ControlFlow::Break(outcome) = ended {
                return outcome;
            }
        }
        Outcome::Finished
    }

    fn emit(&mut self, event: &Event<'_>) {
        self.is_stopped |= self.observer.on(event).is_break();
    }

    /// Evaluates, reports, takes a checkpoint if the epoch is the best, and decides whether to go on.
    fn end_epoch(
        &mut self,
        epoch: u64,
        learning_rate: Option<f64>,
        train_loss: Option<f64>,
        train_seconds: f64,
    ) -> ControlFlow<Outcome> {
        let network = &self.step.network;
        let begin = Instant::now();
        let train = self.evaluator.score(self.pool, network, &self.data.train);
        let valid = self.data.valid.as_ref().map(|rows| self.evaluator.score(self.pool, network, rows));
        let before = self.epochs.last();
        let record = EpochRecord {
            epoch,
            step: self.steps_done,
            learning_rate,
            train_loss,
            train,
            valid,
            train_seconds: before.map_or(0.0, |before| before.train_seconds) + train_seconds,
            eval_seconds: before.map_or(0.0, |before| before.eval_seconds) + begin.elapsed().as_secs_f64(),
        };
        let non_finite = non_finite(network, &record);
        let decision = self.early_stopping.update(&record);
        self.is_stopped |= self.observer.on(&Event::EpochEnded(&record)).is_break();
        self.epochs.push(record);
        if let Some(cause) = non_finite {
            return ControlFlow::Break(Outcome::Diverged { epoch, step: self.steps_done, cause });
        }
        if decision.is_best {
            self.checkpoint = (epoch, copy_tensors(&self.step.network));
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

fn copy_tensors<F: Real>(network: &Network<F>) -> Vec<Array2<F>> {
    network.params().map(|param| param.value.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use ndarray::array;

    use super::*;
    use crate::data::{ArraySpec, ClassWeights, Dataset, LastBatch, ScalingMethod};
    use crate::nn::{affine, batch_norm, output_affine, softmax_loss, squared_loss, tanh};
    use crate::optim::Sgd;
    use crate::targets::Targets;
    use crate::train::{EarlyStopping, Metric};

    fn run<F: Real>(layers: &[LayerSpec], rate: f64, training: &TrainingSpec, data: &Dataset) -> Trained<F> {
        let optimizer = OptimizerSpec::from(Sgd { learning_rate: rate, ..Sgd::default() });
        let data = data.prepare::<F>(1, training.class_weights.as_ref()).expect("the values fit").data;
        train_prepared(layers, &optimizer, training, &data, &ThreadPool::single(), &mut ())
    }

    fn five_rows() -> Dataset {
        let x = array![[1.0], [2.0], [4.0], [5.0], [7.0]];
        Dataset::from_arrays(x, Targets::classes(vec![0, 1, 1, 0, 1])).expect("a dataset")
    }

    /// A run over five rows of the network with `layer` between two affine layers.
    fn trained(rate: f64, training: &TrainingSpec, layer: LayerSpec) -> Trained<f64> {
        run(&[affine(3), layer, output_affine(), softmax_loss()], rate, training, &five_rows())
    }

    fn spec(epochs: u64, batch_size: usize) -> TrainingSpec {
        TrainingSpec { epochs, batch_size, ..TrainingSpec::default() }
    }

    #[test]
    fn the_test_score_is_that_of_the_test_rows() {
        let held_out = || (array![[5.0], [7.0]], Targets::classes(vec![0, 1]));
        let data = Dataset::from_arrays(array![[1.0], [2.0], [4.0]], Targets::classes(vec![0, 1, 1]));
        let data = data.and_then(|data| data.with_validation(held_out().0, held_out().1));
        let data = data.and_then(|data| data.with_test(held_out().0, held_out().1)).expect("a dataset");
        let layers = [output_affine(), softmax_loss()];
        let Trained { epochs, test, .. } = run::<f64>(&layers, 0.01, &spec(2, 64), &data);
        // The same rows as for validation.
        assert_eq!(test, epochs[2].valid);
        assert_ne!(test, Some(epochs[2].train));
    }

    #[test]
    fn a_validation_loss_that_is_not_finite_ends_the_run() {
        let x = array![[1.0], [2.0], [4.0]];
        let spec_of_data = ArraySpec { scale: ScalingMethod::None, ..ArraySpec::default() };
        let data = Dataset::from_arrays_with(x, Targets::values(array![[5.0], [6.0], [9.0]]), &spec_of_data);
        let data = data.and_then(|data| data.with_validation(array![[3e38]], Targets::values(array![[6.0]])));
        let layers = [output_affine(), squared_loss()];
        let outcome = run::<f32>(&layers, 0.01, &spec(2, 64), &data.expect("a dataset")).outcome;
        assert_eq!(outcome, Outcome::Diverged { epoch: 0, step: 0, cause: NonFinite::EvaluationLoss });
    }

    /// Before the first update, over a batch of all rows, training and evaluation see the same.
    #[test]
    fn the_training_loss_is_weighted_like_the_evaluation_loss() {
        let weights = ClassWeights::ByName([("0".to_owned(), 5.0)].into());
        let training = TrainingSpec { class_weights: Some(weights), ..spec(1, 5) };
        let epochs = trained(0.1, &training, tanh()).epochs;
        let found = epochs[1].train_loss.expect("an epoch of training");
        let expected = epochs[0].train.loss;
        // The rows come in another order, so their sums are rounded in another way.
        assert!((found - expected).abs() < 1e-14, "{found} {expected}");
    }

    /// With a learning rate that moves nothing, whatever the sizes of the batches.
    #[test]
    fn the_loss_of_an_epoch_is_the_mean_over_its_rows() {
        let training = TrainingSpec { last_batch: LastBatch::Keep, ..spec(1, 2) };
        let epochs = trained(1e-30, &training, tanh()).epochs;
        let found = epochs[1].train_loss.expect("an epoch of training");
        let expected = epochs[0].train.loss;
        // Sums over the batches and over all rows are rounded in another way.
        assert!((found - expected).abs() < 1e-14, "{found} {expected}");
    }

    #[test]
    fn best_weights_and_running_statistics_are_of_the_same_epoch() {
        // No improvement is so large, so the first epoch stays the best.
        let rule = EarlyStopping { metric: Metric::TrainLoss, patience: 3, min_delta: 100.0 };
        let stopping = TrainingSpec { early_stopping: Some(rule), ..spec(9, 5) };
        let stopped = trained(0.1, &stopping, batch_norm());
        assert_eq!((stopped.best_epoch, stopped.outcome), (1, Outcome::StoppedEarly { epoch: 4 }));
        assert_eq!(
            copy_tensors(&stopped.network),
            copy_tensors(&trained(0.1, &spec(1, 5), batch_norm()).network)
        );
        // Running statistics follow every step, so none is what it was at first.
        let mut running = stopped.network.params().filter(|param| !param.is_trained());
        assert!(running.all(|param| param.value.iter().all(|&value| value != 0.0 && value != 1.0)));
        assert_ne!(
            copy_tensors(&stopped.network),
            copy_tensors(&trained(0.1, &spec(4, 5), batch_norm()).network)
        );
    }

    /// Ends the run at a step, and counts the events that follow.
    struct StopAt {
        step: u64,
        later: u64,
    }

    impl Observer for StopAt {
        fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
            match event {
                Event::StepEnded(step) if step.step == self.step => return ControlFlow::Break(()),
                Event::StepEnded(step) if step.step > self.step => self.later += 1,
                _ => {}
            }
            ControlFlow::Continue(())
        }
    }

    #[test]
    fn break_ends_the_run_before_the_next_step() {
        let data = five_rows().prepare::<f64>(1, None).expect("the values fit").data;
        let layers = [output_affine(), softmax_loss()];
        let optimizer = OptimizerSpec::from(Sgd::default());
        let run = |observer: &mut dyn Observer| {
            let training = TrainingSpec { last_batch: LastBatch::Keep, ..spec(3, 2) };
            train_prepared(&layers, &optimizer, &training, &data, &ThreadPool::single(), observer)
        };
        let mut stop_at = StopAt { step: 4, later: 0 };
        let ended = run(&mut stop_at);
        assert_eq!((ended.outcome, stop_at.later), (Outcome::Interrupted { step: 4 }, 0));
        // The second epoch was not finished, so the weights are those of the first.
        assert_eq!((ended.best_epoch, ended.epochs.len()), (1, 2));
        let stop = AtomicBool::new(true);
        assert_eq!(run(&mut &stop).outcome, Outcome::Interrupted { step: 0 });
        // After the last step of the last epoch there is nothing to end.
        assert_eq!(run(&mut StopAt { step: 9, later: 0 }).outcome, Outcome::Finished);
    }
}
