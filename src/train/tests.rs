//! Runs from their start to their end.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use ndarray::{Axis, array};

use crate::data::{ArraySpec, BatchSampler, ClassWeights, Dataset, LastBatch, Rows, ScalingMethod};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::nn::{
    AffineSpec, BatchRenormSpec, Init, LayerSpec, Network, NonFinite, affine, batch_norm, output_affine,
    softmax_loss, squared_loss, tanh,
};
use crate::optim::{CosineDecay, OptimizerSpec, Schedule, Sgd};
use crate::targets::Targets;
use crate::train::trainer::run_loop::copy_tensors;
use crate::train::{
    EarlyStopping, Evaluator, Event, Metric, Observer, Outcome, RunState, StateTensor, StepLog, Trained,
    TrainingSpec, forked, resume_prepared, train_prepared,
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

fn kind(event: &Event<'_>) -> &'static str {
    match event {
        Event::StepEnded(_) => "step",
        Event::Network(_) => "network",
        Event::Evaluated(_) => "evaluated",
        Event::EpochEnded(_) => "epoch",
        Event::Resumable(_) => "resumable",
        _ => "other",
    }
}

/// Breaks at events of these kinds after the third step, which is the last one of an epoch.
struct BreakAt(&'static [&'static str], u64);

impl Observer for BreakAt {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        if let Event::StepEnded(record) = event {
            self.1 = record.step;
        }
        if self.1 == 3 && self.0.contains(&kind(event)) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

#[test]
fn one_or_two_breaks_at_any_events_end_the_run() {
    let data = five_rows().prepare::<f64>(1, None).expect("the values fit").data;
    let optimizer = OptimizerSpec::from(Sgd::default());
    let training = TrainingSpec { last_batch: LastBatch::Keep, ..spec(2, 2) };
    let layers = [output_affine(), softmax_loss()];
    let kinds: [&[&str]; 9] = [
        &["step"],
        &["network"],
        &["evaluated"],
        &["epoch"],
        &["resumable"],
        &["step", "network"],
        &["step", "evaluated"],
        &["step", "epoch"],
        &["step", "resumable"],
    ];
    for kinds in kinds {
        let (pool, mut observer) = (ThreadPool::single(), BreakAt(kinds, 0));
        let trained = train_prepared(&layers, &optimizer, &training, &data, &pool, &mut observer);
        assert_eq!(trained.outcome, Outcome::Interrupted { step: 3 }, "{kinds:?}");
    }
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
    let trained = train_prepared(&layers, &optimizer, &training, &data, &ThreadPool::single(), &mut log);
    let rates: Vec<f64> = log.steps.iter().map(|step| step.learning_rate).collect();
    assert_eq!(rates, [1, 2, 3, 4, 5, 6].map(|step| 0.5 * schedule.factor(step, 3, 6)));
    assert!(rates.is_sorted_by(|before, after| before > after));
    // The last one of each epoch.
    let of_epochs: Vec<Option<f64>> = trained.epochs.iter().map(|epoch| epoch.learning_rate).collect();
    assert_eq!(of_epochs, [None, Some(rates[2]), Some(rates[5])]);
}

/// After a half of the training, batch renorm corrects towards running statistics.
#[test]
fn layers_know_what_share_of_the_training_is_done() {
    let losses = |max_ratio| {
        let spec_of_layer =
            BatchRenormSpec { max_ratio, max_offset: 0.0, warmup: 0.5, ..BatchRenormSpec::default() };
        let epochs = trained(0.1, &spec(4, 5), spec_of_layer.into()).epochs;
        epochs[1..].iter().map(|epoch| epoch.train_loss).collect::<Vec<_>>()
    };
    let (batch_norm, renorm) = (losses(1.0), losses(3.0));
    // A step in each epoch; the third begins when half of them are done.
    assert_eq!(renorm[..2], batch_norm[..2]);
    assert_ne!(renorm[2], batch_norm[2]);
}

/// Keeps the state after a step, at which it ends the run.
struct StateAt {
    step: u64,
    state: Option<RunState>,
}

impl Observer for StateAt {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        if let Event::Resumable(point) = event
            && self.state.is_none()
        {
            self.state = Some(point.state()).filter(|state| state.place.step == self.step);
        }
        if self.state.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The state of a run over five rows, one after the other, after `step`.
fn state_at(step: u64, optimizer: &OptimizerSpec) -> RunState {
    let data = five_rows().prepare::<f64>(1, None).expect("the values fit").data;
    let layers = [output_affine(), softmax_loss()];
    let mut keep = StateAt { step, state: None };
    train_prepared(&layers, optimizer, &spec(2, 1), &data, &ThreadPool::single(), &mut keep);
    keep.state.expect("the run has this step")
}

#[test]
fn the_time_before_a_run_was_resumed_counts() {
    let data = five_rows().prepare::<f64>(1, None).expect("the values fit").data;
    let optimizer = OptimizerSpec::from(Sgd::default());
    let mut state = state_at(7, &optimizer);
    state.seconds = 1000.0;
    state.place.train_seconds = 50.0;
    let before = state.epochs.last_mut().expect("epoch 1");
    (before.train_seconds, before.eval_seconds) = (400.0, 300.0);
    let layers = [output_affine(), softmax_loss()];
    let pool = ThreadPool::single();
    let trained = resume_prepared(state, &layers, &optimizer, &spec(2, 1), &data, &pool, &mut ());
    let trained = trained.expect("its own state");
    let last = trained.epochs.last().expect("epoch 2");
    assert_eq!(last.epoch, 2);
    let at_least = |seconds: f64, before: f64| (before..before + 40.0).contains(&seconds);
    assert!(at_least(trained.seconds, 1000.0), "{}", trained.seconds);
    assert!(at_least(last.train_seconds, 450.0), "{}", last.train_seconds);
    assert!(at_least(last.eval_seconds, 300.0), "{}", last.eval_seconds);
}

#[test]
fn a_fork_has_the_state_that_the_optimizer_needs() {
    let data = five_rows().prepare::<f64>(1, None).expect("the values fit").data;
    let sgd = |momentum| OptimizerSpec::from(Sgd { momentum, ..Sgd::default() });
    let fork = |state: RunState, momentum| {
        let network = Network::<f64>::build(&[output_affine(), softmax_loss()], 1, 2, 0);
        let pool = ThreadPool::single();
        forked(state, network, &sgd(momentum), &spec(2, 1), &data, &pool, false).expect("the same tensors")
    };
    let is_velocity = |tensor: &&StateTensor| tensor.name.starts_with("sgd_velocity/");
    let (without, with) = (state_at(7, &sgd(0.0)), state_at(7, &sgd(0.9)));
    assert_eq!(fork(with.clone(), 0.9).tensors, with.tensors);
    let more = fork(without.clone(), 0.9).tensors;
    assert!(more.iter().map(|tensor| &tensor.name).eq(with.tensors.iter().map(|tensor| &tensor.name)));
    assert!(more.iter().filter(is_velocity).all(|tensor| tensor.bytes.iter().all(|&byte| byte == 0)));
    assert!(more.iter().filter(|tensor| !is_velocity(tensor)).eq(&without.tensors));
    assert!(fork(with.clone(), 0.0).tensors.iter().eq(with.tensors.iter().filter(|one| !is_velocity(one))));
}
