//! Runs that are interrupted and go on from the bytes of a checkpoint have the bits of those that are not.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use ndarray::{Array2, array};

use crate::data::{Bytes, ColumnRef, DataSpec, Dataset, LastBatch, PreparedData, Sampling};
use crate::kernel::ThreadPool;
use crate::kernel::real::Real;
use crate::model::{Checkpoint, CheckpointOrigin, result_hash};
use crate::nn::{
    BatchNormSpec, LayerSpec, RunningUpdate, affine, batch_norm, dropout, mean_only, output_affine, relu,
    softmax_loss, squared_loss,
};
use crate::optim::{Adagrad, Adam, AdamW, CosineDecay, OptimizerSpec, RmsProp, Sgd, StepDecay};
use crate::targets::Targets;
use crate::train::{
    EarlyStopping, EpochRecord, Event, Metric, Observer, Outcome, RunState, SavePart, Score, StateFault,
    StepRecord, Trained, TrainingSpec, resume_prepared, train_prepared,
};

/// What is trained, and how.
struct Case {
    layers: Vec<LayerSpec>,
    optimizer: OptimizerSpec,
    training: TrainingSpec,
}

/// Everything that a run gives, but times.
#[derive(Debug, PartialEq)]
struct Seen {
    result_hash: String,
    best_epoch: u64,
    outcome: Outcome,
    /// The scores as bits: R2 of targets that are all the same is not a number.
    epochs: Vec<(u64, u64, Vec<Option<u64>>)>,
    steps: Vec<(u64, u64, u64)>,
    test: Option<(u64, u64)>,
}

/// Keeps each state that is offered, and the steps before it; ends the run at one of them.
#[derive(Default)]
struct Recorder {
    stop_at: Option<usize>,
    steps: Vec<StepRecord>,
    points: Vec<(SavePart, Vec<u8>, usize)>,
}

impl Observer for Recorder {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::StepEnded(step) => self.steps.push(*step),
            Event::Resumable(point) => {
                self.points.push((point.ended, saved(point.state()), self.steps.len()));
                if Some(self.points.len()) == self.stop_at {
                    return ControlFlow::Break(());
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn saved(state: RunState) -> Vec<u8> {
    let origin = CheckpointOrigin::here("c.toml".to_owned(), "epochs = 3".to_owned(), vec!["ab".to_owned()]);
    Checkpoint { origin, state }.to_bytes().expect("a small config")
}

fn read(bytes: &[u8]) -> RunState {
    Checkpoint::from_bytes(bytes).expect("a checkpoint").state
}

fn seen<F: Real>(trained: &Trained<F>, steps: &[StepRecord]) -> Seen {
    let score = |score: &Score| (score.loss.to_bits(), score.quality.value().to_bits());
    let numbers = |epoch: &EpochRecord| {
        let metrics = Metric::ALL.map(|metric| epoch.metric(metric).map(f64::to_bits));
        metrics.into_iter().chain([epoch.learning_rate.map(f64::to_bits)]).collect()
    };
    Seen {
        result_hash: result_hash(&trained.network),
        best_epoch: trained.best_epoch,
        outcome: trained.outcome.clone(),
        epochs: trained.epochs.iter().map(|epoch| (epoch.epoch, epoch.step, numbers(epoch))).collect(),
        steps: steps.iter().map(|s| (s.step, s.loss.to_bits(), s.learning_rate.to_bits())).collect(),
        test: trained.test.as_ref().map(score),
    }
}

fn pool(threads: usize) -> ThreadPool {
    ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"))
}

impl Case {
    fn train<F: Real>(&self, data: &PreparedData<F>, observer: &mut dyn Observer) -> Trained<F> {
        let Self { layers, optimizer, training } = self;
        train_prepared(layers, optimizer, training, data, &pool(1), observer)
    }

    fn resume<F: Real>(
        &self,
        state: RunState,
        data: &PreparedData<F>,
        threads: usize,
        observer: &mut dyn Observer,
    ) -> Result<Trained<F>, StateFault> {
        let Self { layers, optimizer, training } = self;
        resume_prepared(state, layers, optimizer, training, data, &pool(threads), observer)
    }

    /// Interrupts the run at every place, once at each and then at all of them.
    fn check<F: Real>(&self, data: &PreparedData<F>, other: &PreparedData<F>) -> Seen {
        let mut whole = Recorder::default();
        let trained = self.train(data, &mut whole);
        let expected = seen(&trained, &whole.steps);
        for (at, (ended, bytes, steps)) in whole.points.iter().enumerate() {
            let mut rest = Recorder::default();
            // Two threads now and then: many pools at once take long to start.
            let threads = if at % 8 == 3 { 2 } else { 1 };
            let resumed = self.resume(read(bytes), other, threads, &mut rest).expect("its own state");
            let steps = [&whole.steps[..*steps], &rest.steps].concat();
            assert_eq!(seen(&resumed, &steps), expected, "place {at}, after {ended:?}");
            let times = |epoch: &EpochRecord| epoch.train_seconds + epoch.eval_seconds;
            assert!(resumed.epochs.is_sorted_by_key(times), "times never go back");
        }

        let mut part = Recorder { stop_at: Some(1), ..Recorder::default() };
        let mut trained = self.train(data, &mut part);
        let mut steps = part.steps;
        while matches!(trained.outcome, Outcome::Interrupted { .. }) {
            let state = read(&part.points.last().expect("the end of the run").1);
            part = Recorder { stop_at: Some(1), ..Recorder::default() };
            trained = self.resume(state, data, 1, &mut part).expect("its own state");
            steps.append(&mut part.steps);
        }
        assert_eq!(seen(&trained, &steps), expected, "interrupted after every step and epoch");
        expected
    }
}

/// 17 rows to train on, and some to validate and test; in batches of 4 with one left over.
fn classes() -> Dataset {
    let rows = |first: usize, count: usize| {
        let x = |(row, column): (usize, usize)| ((first + row) as f64 * (0.7 + column as f64)).sin();
        let y: Vec<u32> = (first..first + count).map(|row| (row * row % 3) as u32).collect();
        (Array2::from_shape_fn((count, 3), x), Targets::classes(y))
    };
    let data = Dataset::from_arrays(rows(0, 17).0, rows(0, 17).1);
    let data = data.and_then(|data| data.with_validation(rows(17, 6).0, rows(17, 6).1));
    data.and_then(|data| data.with_test(rows(23, 5).0, rows(23, 5).1)).expect("a dataset")
}

fn case(norm: Option<LayerSpec>, optimizer: impl Into<OptimizerSpec>, training: TrainingSpec) -> Case {
    let layers = [Some(affine(5)), norm.clone(), Some(relu()), Some(dropout(0.3)), Some(affine(4)), norm];
    let layers = layers.into_iter().flatten().chain([relu(), output_affine(), softmax_loss()]).collect();
    Case { layers, optimizer: optimizer.into(), training }
}

fn training() -> TrainingSpec {
    TrainingSpec { epochs: 3, batch_size: 4, seed: 7, ..TrainingSpec::default() }
}

fn check_on_classes<F: Real>(case: &Case) -> Seen {
    let data = classes().prepare::<F>(1, None).expect("the values fit").data;
    case.check(&data, &data)
}

#[test]
fn every_optimizer_and_norm_goes_on_with_the_same_bits() {
    let cumulative = BatchNormSpec { running_update: RunningUpdate::Cumulative, ..BatchNormSpec::default() };
    let momentum = Sgd { momentum: 0.9, nesterov: true, l2: 0.01, ..Sgd::default() };
    for case in [
        case(Some(batch_norm()), Adam::default(), training()),
        case(Some(cumulative.into()), momentum, training()),
        case(Some(mean_only()), RmsProp::default(), training()),
        case(None, Adagrad::default(), training()),
    ] {
        assert_eq!(check_on_classes::<f32>(&case).outcome, Outcome::Finished);
    }
    for case in [
        case(Some(batch_norm()), AdamW::default(), training()),
        case(Some(mean_only()), Sgd::default(), training()),
    ] {
        assert_eq!(check_on_classes::<f64>(&case).outcome, Outcome::Finished);
    }
}

#[test]
fn schedules_and_ways_to_draw_rows_go_on_with_the_same_bits() {
    let cosine = CosineDecay { warmup_steps: 3, floor: 0.1 };
    let falling = StepDecay { every_epochs: 1, ..StepDecay::default() };
    for training in [
        TrainingSpec { schedule: cosine.into(), last_batch: LastBatch::Drop, ..training() },
        TrainingSpec { schedule: falling.into(), sampling: Sampling::Replacement, ..training() },
        TrainingSpec { clip_norm: Some(0.1), last_batch: LastBatch::Merge, ..training() },
    ] {
        check_on_classes::<f32>(&case(Some(batch_norm()), Adam::default(), training));
    }
}

#[test]
fn early_stopping_remembers_the_best_epoch() {
    let stopping = |patience, min_delta| {
        let rule = EarlyStopping { metric: Metric::ValidLoss, patience, min_delta };
        TrainingSpec { epochs: 9, early_stopping: Some(rule), ..training() }
    };
    let fast = Adam { learning_rate: 0.05, ..Adam::default() };
    let seen = check_on_classes::<f64>(&case(Some(batch_norm()), fast.clone(), stopping(2, 0.01)));
    assert!(matches!(seen.outcome, Outcome::StoppedEarly { epoch } if epoch > seen.best_epoch), "{seen:?}");
    let seen = check_on_classes::<f32>(&case(None, fast, stopping(3, 100.0)));
    assert_eq!((seen.outcome, seen.best_epoch), (Outcome::StoppedEarly { epoch: 3 }, 0));
}

#[test]
fn a_run_that_diverges_does_so_again() {
    let wild = Sgd { learning_rate: 1e30, ..Sgd::default() };
    let seen = check_on_classes::<f32>(&case(None, wild, training()));
    assert!(matches!(seen.outcome, Outcome::Diverged { step: 1..=5, .. }), "{:?}", seen.outcome);
}

#[test]
fn scores_that_are_not_numbers_keep_their_bits() {
    let x = array![[1.0], [2.0], [4.0], [5.0], [7.0]];
    let values =
        |values: [f64; 5]| Targets::values(Array2::from_shape_vec((5, 1), values.to_vec()).expect("5"));
    let data = Dataset::from_arrays(x.clone(), values([1.0, 2.0, 3.0, 5.0, 8.0]));
    let data = data.and_then(|data| data.with_validation(x, values([2.0; 5]))).expect("a dataset");
    let data = data.prepare::<f64>(1, None).expect("the values fit").data;
    let layers = vec![affine(3), batch_norm(), output_affine(), squared_loss()];
    let rule = EarlyStopping { metric: Metric::ValidR2, patience: 2, min_delta: 0.0 };
    let training = TrainingSpec { batch_size: 2, early_stopping: Some(rule), ..training() };
    let seen = Case { layers, optimizer: Adam::default().into(), training }.check(&data, &data);
    // R2 of equal targets has no value, so it neither selects an epoch nor ends the run.
    assert_eq!(seen.outcome, Outcome::Finished);
}

#[test]
fn data_in_memory_and_mapped_from_their_cache_give_the_same_bits() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("t.csv");
    let rows: String = (0..24).map(|row| format!("{}.5,{},{}\n", row * row % 11, row, row % 3)).collect();
    std::fs::write(&path, format!("x,y,kind\n{rows}")).expect("the folder can be written");
    let prepared = |memory: u64| {
        let label = Some(ColumnRef::Name("kind".to_owned()));
        let spec = DataSpec {
            path: path.as_path().into(),
            label,
            memory: Bytes(memory),
            valid: 0.2,
            ..DataSpec::default()
        };
        Dataset::load(&spec).expect("a dataset").prepare::<f32>(1, None).expect("the values fit").data
    };
    let (mapped, in_memory) = (prepared(1), prepared(1 << 30));
    case(Some(batch_norm()), Adam::default(), training()).check(&mapped, &in_memory);
}

#[test]
fn a_finished_run_goes_on_for_more_epochs() {
    let data = classes().prepare::<f32>(1, None).expect("the values fit").data;
    let run = |epochs| case(Some(batch_norm()), Adam::default(), TrainingSpec { epochs, ..training() });
    let (mut longer, mut shorter, mut rest) = <(Recorder, Recorder, Recorder)>::default();
    let expected = seen(&run(5).train(&data, &mut longer), &longer.steps);
    run(2).train(&data, &mut shorter);
    let (ended, bytes, _) = shorter.points.last().expect("the end of the run");
    assert_eq!(*ended, SavePart::Run);
    let resumed = run(5).resume(read(bytes), &data, 2, &mut rest).expect("its own state");
    assert_eq!(seen(&resumed, &[shorter.steps, rest.steps].concat()), expected);
}

#[test]
fn a_state_of_another_run_is_refused() {
    let data = classes().prepare::<f32>(1, None).expect("the values fit").data;
    let own = case(Some(batch_norm()), Adam::default(), training());
    let mut recorder = Recorder::default();
    own.train(&data, &mut recorder);
    let state = || read(&recorder.points[1].1);
    let refused = |case: &Case, state: RunState| {
        let resumed = case.resume(state, &data, 1, &mut ());
        resumed.err().map_or_else(String::new, |fault| fault.to_string())
    };
    let other = case(None, Adam::default(), training());
    assert_eq!(refused(&other, state()), "it has no tensor \"affine_1.bias\" of 1 x 5 numbers of type f32");
    let other = case(Some(batch_norm()), Sgd::default(), training());
    assert_eq!(
        refused(&other, state()),
        "it has a tensor \"adam_m/affine_1.weight\", which the run does not have"
    );
    let other = case(Some(batch_norm()), Adam::default(), TrainingSpec { batch_size: 8, ..training() });
    let later = read(&recorder.points[6].1);
    assert_eq!(
        refused(&other, later),
        "it is at batch 2 after 1 epochs, step 6, which is not a place in this run of 2 batches in each epoch"
    );
    let mut forged = state();
    forged.epochs.clear();
    assert!(refused(&own, forged).starts_with("it is at batch 2 after 0 epochs, step 2"));
    let mut forged = state();
    forged.place.rows = u64::MAX;
    assert_eq!(refused(&own, forged), "its rows = 18446744073709551615 cannot be at batch 2 after 0 epochs");
    let mut forged = state();
    forged.improvement.epochs_without = 1;
    assert_eq!(
        refused(&own, forged),
        "its epochs_without_improvement = 1 cannot be at batch 2 after 0 epochs"
    );
    let mut forged = state();
    let tensor = forged.tensors.iter_mut().find(|tensor| tensor.name == "affine_1.weight");
    tensor.expect("it is there").bytes.pop();
    assert!(refused(&own, forged).starts_with("it has no tensor \"affine_1.weight\""));
}
