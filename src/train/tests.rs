//! Runs from their start to their end.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use ndarray::{Axis, array};

use crate::data::{ArraySpec, BatchSampler, ClassWeights, Dataset, LastBatch, Rows, ScalingMethod};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{
    AffineSpec, Init, LayerSpec, Network, NonFinite, affine, batch_norm, output_affine, softmax_loss,
    squared_loss, tanh,
};
use crate::optim::{CosineDecay, OptimizerSpec, Schedule, Sgd};
use crate::targets::Targets;
use crate::train::trainer::run_loop::copy_tensors;
use crate::train::{
    EarlyStopping, Evaluator, Event, Metric, Observer, Outcome, StepLog, Trained, TrainingSpec,
    train_prepared,
};

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

/// The first batch has two of the five rows, so that which rows they are matters.
#[test]
fn a_start_is_fitted_to_the_first_batch() {
    let affine = |units| AffineSpec { units, init: Some(Init::Lsuv), ..AffineSpec::default() }.into();
    let layers = [affine(Some(3)), tanh(), affine(None), softmax_loss()];
    let training = spec(1, 2);
    let trained = run::<f64>(&layers, 0.0, &training, &five_rows());
    let data = five_rows().prepare::<f64>(1, None).expect("the values fit").data;
    let mut batches = BatchSampler::new(5, 2, training.last_batch, training.sampling, training.seed);
    let first = batches.epoch(1).next().expect("a batch").to_vec();
    let x = data.train.to_array().select(Axis(0), &first);
    let mut network = Network::build(&layers, 1, 2, training.seed);
    network.fit_start(&layers, &ThreadPool::single(), x.view());
    assert_eq!(copy_tensors(&trained.network), copy_tensors(&network));
}

/// Of five rows, the first and the third are evaluated after each epoch.
#[test]
fn epochs_are_evaluated_on_some_rows_and_saved_weights_on_all() {
    let layers = [affine(3), tanh(), output_affine(), softmax_loss()];
    let train = |eval_rows| run::<f64>(&layers, 0.1, &TrainingSpec { eval_rows, ..spec(2, 5) }, &five_rows());
    let (some, all) = (train(2), train(5));
    assert_eq!(copy_tensors(&some.network), copy_tensors(&all.network));
    assert_eq!(all.train, all.epochs[2].train);
    assert_eq!(some.train, all.train);
    let data = five_rows().prepare::<f64>(1, None).expect("the values fit").data;
    let rows = data.train.to_array().select(Axis(0), &[0, 2]);
    let two = Rows::new(&rows, Targets::classes(vec![0, 1]));
    let mut evaluator = Evaluator::new(&some.network, &two);
    assert_eq!(some.epochs[2].train, evaluator.score(&ThreadPool::single(), &some.network, &two));
    assert_ne!(some.epochs[2].train, all.epochs[2].train);
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

/// The time of an epoch and of the run in each state that is offered.
#[derive(Default)]
struct Times(Vec<(u64, f64, f64)>);

impl Observer for Times {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        if let Event::Resumable(point) = event {
            let state = point.state();
            self.0.push((state.place.batch, state.place.train_seconds, state.seconds));
        }
        ControlFlow::Continue(())
    }
}

#[test]
fn a_state_has_the_time_so_far() {
    let data = five_rows().prepare::<f64>(1, None).expect("the values fit").data;
    let optimizer = OptimizerSpec::from(Sgd::default());
    let mut times = Times::default();
    let layers = [output_affine(), softmax_loss()];
    train_prepared(&layers, &optimizer, &spec(3, 2), &data, &ThreadPool::single(), &mut times);
    assert!(times.0.iter().any(|(batch, ..)| *batch > 0) && times.0.iter().any(|(batch, ..)| *batch == 0));
    for &(batch, train_seconds, _) in &times.0 {
        assert_eq!(train_seconds > 0.0, batch > 0, "{batch}: {train_seconds}");
    }
    assert!(times.0[0].2 > 0.0 && times.0.is_sorted_by(|before, after| before.2 < after.2));
}

#[test]
fn each_step_has_the_rate_of_the_schedule() {
    let data = five_rows().prepare::<f64>(1, None).expect("the values fit").data;
    let schedule = Schedule::Cosine(CosineDecay::default());
    // Three batches in each of two epochs.
    let training = TrainingSpec { last_batch: LastBatch::Keep, schedule: schedule.clone(), ..spec(2, 2) };
    let optimizer = OptimizerSpec::from(Sgd { learning_rate: 0.5, ..Sgd::default() });
    let mut log = StepLog::new(1);
    let layers = [output_affine(), softmax_loss()];
    train_prepared(&layers, &optimizer, &training, &data, &ThreadPool::single(), &mut log);
    let rates: Vec<f64> = log.steps.iter().map(|step| step.learning_rate).collect();
    assert_eq!(rates, [1, 2, 3, 4, 5, 6].map(|step| 0.5 * schedule.factor(step, 3, 6)));
    assert!(rates.is_sorted_by(|before, after| before > after));
}
