//! Batches in blocks: the same bits wherever the blocks are.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::Arc;

use bntrain::data::{ClassWeights, Dataset, LastBatch, PreparedData};
use bntrain::gradcheck::{GradcheckSettings, check_network, table};
use bntrain::kernel::ThreadPool;
use bntrain::kernel::real::Real;
use bntrain::model::result_hash;
use bntrain::nn::{
    AffineSpec, Alone, Backward, BatchBlocks, BatchNormSpec, Gather, GhostBatchNormSpec, LayerSpec, Network,
    NonFinite, PassContext, WeightForm, affine, alpha_dropout, batch_norm, batch_renorm, dropout,
    ghost_batch_norm, group_norm, layer_norm, mean_only, noise_only, output_affine, relu, rms_norm,
    softmax_loss, squared_loss, tanh, variance_only,
};
use bntrain::optim::{Adagrad, Adam, AdamW, OptimizerSpec, RmsProp, Sgd};
use bntrain::targets::Targets;
use bntrain::train::{
    BatchPlan, Event, Observer, Outcome, RunState, StepTeam, TrainingSpec, Workers, resume_prepared,
    train_prepared,
};
use ndarray::{Array2, s};

use crate::support::peers::together;
use crate::support::stacks::stack;
use crate::support::work::{Ended, Work};
use crate::support::{assert_close, bits, labels, pass, uniform};

fn norm(backward: Backward) -> LayerSpec {
    BatchNormSpec { backward, ..BatchNormSpec::default() }.into()
}

fn ghosts(rows: usize) -> LayerSpec {
    GhostBatchNormSpec { rows, ..GhostBatchNormSpec::default() }.into()
}

/// What comes between two affine layers, with everything that is summed over rows or drawn for each row.
fn kinds() -> Vec<Vec<LayerSpec>> {
    vec![
        vec![batch_norm(), relu()],
        vec![norm(Backward::ClosedForm), tanh()],
        vec![norm(Backward::Graph), tanh()],
        vec![ghosts(2), relu()],
        vec![ghosts(5), tanh()],
        vec![mean_only(), tanh()],
        vec![variance_only(), tanh()],
        vec![batch_renorm(), tanh()],
        vec![noise_only(), tanh()],
        vec![layer_norm(), relu()],
        vec![rms_norm(), tanh()],
        vec![group_norm(), tanh()],
        vec![dropout(0.3), tanh()],
        vec![alpha_dropout(0.3), tanh()],
    ]
}

/// A network with all of them.
fn everything(widths: &[usize]) -> Vec<LayerSpec> {
    let mut layers = Vec::new();
    for (block, &units) in kinds().into_iter().zip(widths.iter().cycle()) {
        layers.push(affine(units));
        layers.extend(block);
    }
    let weights = WeightForm::CenteredWeightNorm;
    layers.push(AffineSpec { units: Some(9), weights, ..AffineSpec::default() }.into());
    layers.extend([batch_norm(), relu()]);
    layers
}

/// Keeps the state of a run after some steps, and ends it there.
#[derive(Default)]
struct KeepState {
    after: Option<u64>,
    state: Option<RunState>,
}

impl Observer for KeepState {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        if let Event::Resumable(point) = event {
            let state = point.state();
            if Some(state.place.step) == self.after && self.state.is_none() {
                self.state = Some(state);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
}

struct Case {
    layers: Vec<LayerSpec>,
    optimizer: OptimizerSpec,
    training: TrainingSpec,
}

impl Case {
    fn workers(pool: &ThreadPool, processes: Arc<dyn Gather>) -> Workers<'_> {
        Workers { pool, processes, team: StepTeam::Fastest }
    }

    /// Everything that a run gives, in each process: the hash of the network and all losses.
    fn run<F: Real>(
        &self,
        data: &PreparedData<F>,
        processes: usize,
        threads: usize,
        from: Option<&RunState>,
    ) -> Vec<(String, Vec<u64>)> {
        let Self { layers, optimizer, training } = self;
        together(processes, |peers| {
            let pool = ThreadPool::new(NonZeroUsize::new(threads).expect("at least one"));
            let workers = Self::workers(&pool, peers);
            let trained = match from {
                None => train_prepared(layers, optimizer, training, data, workers, &mut ()),
                Some(state) => {
                    resume_prepared(state.clone(), layers, optimizer, training, data, workers, &mut ())
                        .expect("a state of this run")
                }
            };
            let losses = trained.epochs.iter().flat_map(|epoch| {
                [
                    epoch.train_loss.unwrap_or(0.0),
                    epoch.train.loss,
                    epoch.valid.map_or(0.0, |valid| valid.loss),
                ]
            });
            (result_hash(&trained.network), losses.map(f64::to_bits).collect())
        })
    }

    /// Checks that any number of processes and threads gives the same bits, from the beginning and from a state.
    fn check<F: Real>(&self, data: &PreparedData<F>) {
        let alone = self.run(data, 1, 1, None).remove(0);
        let uncut = Self {
            layers: self.layers.clone(),
            optimizer: self.optimizer.clone(),
            training: TrainingSpec { blocks: 1, ..self.training.clone() },
        };
        assert_ne!(uncut.run(data, 1, 1, None)[0].0, alone.0, "blocks matter");
        for (processes, threads) in [(1, 2), (2, 1), (3, 2), (4, 1), (5, 1), (7, 1), (8, 1)] {
            if processes <= self.training.blocks {
                for seen in self.run(data, processes, threads, None) {
                    assert_eq!(seen, alone, "{processes} processes, {threads} threads");
                }
            }
        }
        let Self { layers, optimizer, training } = self;
        let states = together(2, |peers| {
            let (pool, mut keep) = (ThreadPool::single(), KeepState { after: Some(5), state: None });
            train_prepared(layers, optimizer, training, data, Self::workers(&pool, peers), &mut keep);
            keep.state.expect("a state after some steps")
        });
        for processes in [1, 3] {
            for seen in self.run(data, processes, 1, Some(&states[0])) {
                assert_eq!(seen, alone, "resumed by {processes} processes");
            }
        }
    }
}

fn prepared<F: Real>(rows: usize, targets: Targets<F>, weights: Option<&ClassWeights>) -> PreparedData<F> {
    let x = uniform((rows, 6), 5).mapv(F::from_f64);
    let data = Dataset::from_arrays(x, targets).expect("a dataset");
    data.prepare(0, weights).expect("it can be prepared").data
}

#[test]
fn any_number_of_processes_and_threads_gives_the_same_bits() {
    let optimizers: [OptimizerSpec; 5] = [
        Adam { l2: 1e-3, ..Adam::default() }.into(),
        Sgd { momentum: 0.9, nesterov: true, ..Sgd::default() }.into(),
        AdamW::default().into(),
        RmsProp::default().into(),
        Adagrad::default().into(),
    ];
    let plain = TrainingSpec { epochs: 2, batch_size: 32, ..TrainingSpec::default() };
    for (number, optimizer) in optimizers.into_iter().enumerate() {
        // Even and uneven blocks, a last batch that is merged or kept.
        let (blocks, last_batch) =
            [(8, LastBatch::Merge), (7, LastBatch::Keep), (4, LastBatch::Keep)][number % 3];
        let training =
            TrainingSpec { blocks, last_batch, clip_norm: (number == 0).then_some(1.0), ..plain.clone() };
        let mut layers = everything(&[11, 16]);
        if number % 2 == 0 {
            layers.extend([output_affine(), softmax_loss()]);
            let case = Case { layers, optimizer, training };
            case.check(&prepared::<f32>(
                111,
                Targets::classes(labels(111, 3)),
                Some(&ClassWeights::Balanced),
            ));
        } else {
            layers.extend([output_affine(), squared_loss()]);
            let case = Case { layers, optimizer, training };
            case.check(&prepared::<f64>(111, Targets::values(uniform((111, 2), 8)), None));
        }
    }
}

#[test]
fn one_process_that_asks_ends_all_after_the_same_step() {
    let layers = stack(&[8], &[batch_norm(), relu()]);
    let training = TrainingSpec { epochs: 9, batch_size: 32, blocks: 4, ..TrainingSpec::default() };
    let (optimizer, data) =
        (Adam::default().into(), prepared::<f32>(111, Targets::classes(labels(111, 3)), None));
    let ended = together(3, |peers| {
        let after = (peers.process() == 1).then_some(5);
        let (pool, mut keep) = (ThreadPool::single(), KeepState { after, state: None });
        let workers = Case::workers(&pool, peers);
        train_prepared::<f32>(&layers, &optimizer, &training, &data, workers, &mut keep).outcome
    });
    // The next step is the one in which the others hear of it.
    assert_eq!(ended, [(); 3].map(|()| Outcome::Interrupted { step: 6 }));
}

/// The variance of a ghost batch in the last block is too large for an `f32`: a process that has other blocks has to find
/// that, too, or it would go on alone.
#[test]
fn all_processes_find_the_variance_of_one_of_them() {
    let layers = [ghosts(2), output_affine(), softmax_loss()];
    let x = Array2::from_shape_fn((8, 2), |(row, _)| match row {
        6 => 1e25_f32,
        7 => -1e25,
        _ => row as f32,
    });
    let labels = labels(8, 3);
    let found = together(2, |peers| {
        let mut network = Network::<f32>::build(&layers, 2, 3, 1);
        let mut cut = BatchBlocks::new(4, 8, &network, peers);
        let here = cut.begin(8);
        let pass = PassContext { blocks: Some(&cut), ..pass(1, &labels[here.clone()]) };
        let mut workspace = network.allocate(here.len());
        let x = x.slice(s![here, ..]);
        network.forward(&pass, x, &mut workspace);
        network.backward(&pass, x, &mut workspace, None);
        network.non_finite(&ThreadPool::single())
    });
    assert_eq!(found[0], found[1]);
    assert!(matches!(&found[0], Some(NonFinite::Tensor(name)) if name.ends_with("running_var")), "{found:?}");
}

#[test]
fn a_wide_network_gives_the_same_bits_on_several_threads() {
    let layers = stack(&[150, 40], &[batch_norm(), relu()]);
    let training = TrainingSpec { epochs: 1, batch_size: 150, blocks: 3, ..TrainingSpec::default() };
    let case = Case { layers, optimizer: Adam::default().into(), training };
    let data = prepared::<f32>(600, Targets::classes(labels(600, 5)), None);
    let alone = case.run(&data, 1, 1, None).remove(0);
    for (processes, threads) in [(1, 3), (2, 2), (3, 4)] {
        assert!(case.run(&data, processes, threads, None).iter().all(|seen| *seen == alone));
    }
}

/// The gradients and losses of a batch of 24 rows, in this number of blocks.
fn gradients(layers: &[LayerSpec], blocks: usize) -> Vec<Array2<f64>> {
    let mut network = Network::<f64>::build(layers, 6, 3, 1);
    let (x, labels) = (uniform((24, 6), 3), labels(24, 3));
    let cut = BatchBlocks::new(blocks, 24, &network, Arc::new(Alone));
    let pass = PassContext { blocks: (blocks > 1).then_some(&cut), ..pass(2, &labels) };
    let (mut workspace, mut dx) = (network.allocate(24), Array2::zeros(x.dim()));
    let losses = network.forward(&pass, x.view(), &mut workspace).to_owned();
    network.backward(&pass, x.view(), &mut workspace, Some(dx.view_mut()));
    network.update_running_stats(2);
    let tensors = network.params().map(|param| if param.is_trained() { &param.grad } else { &param.value });
    tensors.cloned().chain([losses, dx]).collect()
}

/// Unless they divide ghost batches: with 24 rows and 2 or 3 blocks those of two rows are the same, with 2 blocks those of
/// five.
#[test]
fn blocks_change_rounding_alone() {
    for kind in kinds() {
        let layers = stack(&[7, 5], &kind);
        let whole = gradients(&layers, 1);
        for blocks in [2, 3, 8, 24] {
            let cut = gradients(&layers, blocks);
            if let LayerSpec::GhostBatchNorm(norm) = &kind[0]
                && !matches!((norm.rows, blocks), (2, 2 | 3) | (5, 2))
            {
                assert!(whole != cut, "{kind:?} in {blocks} blocks: other ghost batches");
                continue;
            }
            for (whole, cut) in whole.iter().zip(&cut) {
                assert_close(&format!("{kind:?} in {blocks} blocks"), cut, whole, 1e-12);
            }
        }
    }
}

#[test]
fn gradients_in_blocks_are_those_of_differences() {
    for kind in kinds() {
        // By definition not the derivative of its forward pass.
        if kind[0] == batch_renorm() {
            continue;
        }
        let layers = stack(&[7, 5], &kind);
        let mut network = Network::<f64>::build(&layers, 6, 3, 1);
        let (x, labels) = (uniform((13, 6), 3), labels(13, 3));
        let cut = BatchBlocks::new(4, 13, &network, Arc::new(Alone));
        let pass = PassContext { blocks: Some(&cut), ..pass(2, &labels) };
        let report = check_network(&mut network, &pass, &x, 1e-3, &GradcheckSettings::for_network());
        assert!(report.passed(), "{kind:?}\n{}", table(&report));
    }
}

#[test]
fn a_constant_column_has_no_variance_in_any_number_of_blocks() {
    let layers = [batch_norm(), output_affine(), softmax_loss()];
    for blocks in [1, 2, 7] {
        let mut network = Network::<f64>::build(&layers, 2, 3, 1);
        let x =
            Array2::from_shape_fn((21, 2), |(row, column)| if column == 0 { 0.1 } else { 1e9 + row as f64 });
        let (labels, mut workspace) = (labels(21, 3), network.allocate(21));
        let cut = BatchBlocks::new(blocks, 21, &network, Arc::new(Alone));
        let pass = PassContext { blocks: (blocks > 1).then_some(&cut), ..pass(1, &labels) };
        network.forward(&pass, x.view(), &mut workspace);
        network.update_running_stats(1);
        let running: Vec<_> = network.params().filter(|param| !param.is_trained()).collect();
        assert_eq!(bits(&running[0].value), bits(&[0.1, 1e9 + 10.0]), "{blocks} blocks");
        assert_eq!(running[1].value[[0, 0]], 0.0, "{blocks} blocks");
        // (n^2 - 1) / 12, unbiased.
        assert!((running[1].value[[0, 1]] - 38.5).abs() < 1e-9, "{blocks} blocks");
    }
}

#[test]
fn processes_that_cannot_know_of_each_other_are_refused() {
    let work = Work::new();
    let run = |size| {
        let mut command = work.command(&["single.toml", "-q", "-o", "run"]);
        Ended::from(command.env("OMPI_COMM_WORLD_SIZE", size).output().expect("the program starts"))
    };
    let ended = run("2");
    assert_eq!(ended.code, Some(2));
    assert_eq!(
        ended.stderr,
        "error: started 2 times (OMPI_COMM_WORLD_SIZE), but this bntrain is built without the feature mpi, so each \
         would train everything: build it with `cargo install --path . --features mpi`, or give each a --share\n"
    );
    assert!(!work.path("run").exists());
    assert_eq!(run("1").code, Some(0));
}

#[test]
fn blocks_that_batches_are_too_small_for_are_refused() {
    let error = |layers: &[LayerSpec], blocks, batch_size, last_batch, rows| {
        let training = TrainingSpec { blocks, batch_size, last_batch, ..TrainingSpec::default() };
        BatchPlan::new(layers, &training, rows, 3).map(|_| ()).map_err(|error| error.to_string())
    };
    let (plain, norm) = (stack(&[4], &[batch_norm()]), stack(&[4], &[ghost_batch_norm()]));
    assert_eq!(error(&plain, 8, 32, LastBatch::Merge, 100), Ok(()));
    assert_eq!(error(&plain, 4, 32, LastBatch::Keep, 100), Ok(()));
    let message = |result: Result<(), String>| result.expect_err("it is refused");
    assert_eq!(
        message(error(&plain, 8, 32, LastBatch::Keep, 100)),
        "training.blocks = 8, but a batch has only 4 rows; set training.blocks to at most 4, or \
         training.last_batch to \"drop\""
    );
    assert_eq!(
        message(error(&plain, 64, 32, LastBatch::Merge, 128)),
        "training.blocks = 64, but a batch has only 32 rows; set training.blocks to at most 32, or \
         training.batch_size to at least as many"
    );
    assert_eq!(
        message(error(&plain, 8, 32, LastBatch::Merge, 5)),
        "training.blocks = 8, but a batch has only 5 rows; set training.blocks to at most 5, or use more training rows"
    );
    assert_eq!(
        message(error(&norm, 32, 32, LastBatch::Merge, 128)),
        "training.blocks = 32 cuts a batch of 32 rows into blocks of 1 row, but ghost_batch_norm normalizes each block \
         by itself and needs at least 2 rows; set training.blocks to at most 16"
    );
    assert_eq!(
        message(error(&norm, 4, 32, LastBatch::Merge, 128)),
        "a batch, or a block of it, has at most 8 rows, fewer than the 16 of a ghost batch; set `rows` of \
         ghost_batch_norm to at most 8"
    );
}
