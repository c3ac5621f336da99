//! Results do not depend on the number of threads.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use bntrain::config::load;
use bntrain::experiment::{DataSets, RunError, all_jobs, run_all};
use bntrain::kernel::ThreadPool;
use bntrain::kernel::real::Real;
use bntrain::model::result_hash;
use bntrain::nn::{
    AffineSpec, Backward, BatchNormSpec, LayerSpec, Network, PassContext, WeightForm, affine, batch_norm,
    batch_renorm, dropout, ghost_batch_norm, group_norm, layer_norm, leaky_relu, mean_only, noise_only,
    output_affine, relu, rms_norm, softmax_loss, tanh, variance_only,
};
use bntrain::optim::{Adam, Optimizer, OptimizerSpec};
use bntrain::targets::TargetsView;
use ndarray::Array2;
use serde::Deserialize;

use crate::support::{bits, labels, uniform};

/// Wide enough that every kind of loop is shared out, with widths that do not divide evenly.
fn specs() -> Vec<LayerSpec> {
    let norm = |backward| LayerSpec::BatchNorm(BatchNormSpec { backward, ..BatchNormSpec::default() });
    let mut specs = vec![affine(260), batch_norm(), relu(), dropout(0.2)];
    specs.extend([affine(201), norm(Backward::ClosedForm), leaky_relu(0.1)]);
    specs.extend([affine(180), norm(Backward::Graph), tanh()]);
    specs.extend([affine(170), mean_only(), relu(), affine(150), layer_norm(), relu()]);
    specs.extend([affine(140), rms_norm(), tanh(), affine(160), group_norm(), relu()]);
    specs.extend([affine(150), ghost_batch_norm(), relu(), affine(130), variance_only(), tanh()]);
    specs.extend([affine(140), batch_renorm(), relu(), normalized(150), relu(), noise_only()]);
    specs.extend([output_affine(), softmax_loss()]);
    specs
}

fn normalized(units: usize) -> LayerSpec {
    let weights = WeightForm::CenteredWeightNorm;
    AffineSpec { units: Some(units), weights, ..AffineSpec::default() }.into()
}

/// Everything that three steps and an evaluation leave behind, as bits.
fn train<F: Real>(members: usize) -> Vec<u64> {
    let pool = ThreadPool::new(NonZeroUsize::new(members).expect("at least one"));
    let mut network = Network::<F>::build(&specs(), 40, 19, 3);
    let mut optimizer = Optimizer::new(&OptimizerSpec::Adam(Adam::default()), &network);
    let x = uniform((200, 40), 1).mapv(F::from_f64);
    let labels = labels(200, 19);
    let mut workspace = network.allocate(200);
    let mut dx = Array2::zeros(x.dim());
    for step in 1..=3 {
        let pass = PassContext { step, ..PassContext::new(&pool, TargetsView::Classes(&labels)) };
        network.forward(&pass, x.view(), &mut workspace);
        network.backward(&pass, x.view(), &mut workspace, Some(dx.view_mut()));
        optimizer.step(&pool, &mut network, step, 1e-3);
        network.update_running_stats(step);
    }
    let (scores, losses) = network.infer(&pool, x.view(), TargetsView::Classes(&labels), &mut workspace);
    let tensors = network.params().flat_map(|param| param.value.iter().chain(&param.grad));
    bits(tensors.chain(&dx).chain(scores).chain(losses))
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (narrow, wide) = (train::<f32>(1), train::<f64>(1));
    for members in [2, 3, 4] {
        assert!(train::<f32>(members) == narrow, "f32 with {members} threads");
        assert!(train::<f64>(members) == wide, "f64 with {members} threads");
    }
}

/// The networks of the benchmark.
#[derive(Deserialize)]
struct Workloads {
    workload: Vec<Workload>,
}

#[derive(Deserialize)]
struct Workload {
    name: String,
    widths: Vec<usize>,
    batch_size: usize,
}

impl Workload {
    /// The hash of the network after two steps of `rule`.
    fn result_hash(&self, rule: &OptimizerSpec, members: usize) -> String {
        let pool = ThreadPool::new(NonZeroUsize::new(members).expect("at least one"));
        let (inputs, classes) = (self.widths[0], self.widths[self.widths.len() - 1]);
        let hidden = &self.widths[1..self.widths.len() - 1];
        let mut specs: Vec<_> =
            hidden.iter().flat_map(|&units| [affine(units), batch_norm(), relu()]).collect();
        specs.extend([output_affine(), softmax_loss()]);
        let mut network = Network::<f32>::build(&specs, inputs, classes, 5);
        let mut optimizer = Optimizer::new(rule, &network);
        let mut workspace = network.allocate(self.batch_size);
        let labels = labels(self.batch_size, classes as u32);
        for step in 1..=2 {
            let x = uniform((self.batch_size, inputs), step).mapv(|x| x as f32);
            let pass = PassContext { step, ..PassContext::new(&pool, TargetsView::Classes(&labels)) };
            network.forward(&pass, x.view(), &mut workspace);
            network.backward(&pass, x.view(), &mut workspace, None);
            optimizer.step(&pool, &mut network, step, rule.learning_rate());
            network.update_running_stats(step);
        }
        result_hash(&network)
    }
}

/// The smaller networks with every optimiser, the three largest with one each.
#[test]
fn every_benchmark_and_optimizer_gives_the_same_hash_with_any_number_of_threads() {
    let mut rules = OptimizerSpec::every_kind();
    for rule in &mut rules {
        if let OptimizerSpec::Sgd(sgd) = rule {
            sgd.momentum = 0.9;
        }
    }
    let Workloads { workload } =
        toml::from_str(include_str!("../../benches/workloads.toml")).expect("the file is valid");
    assert_eq!(workload.len(), 7);
    for (place, workload) in workload.iter().enumerate() {
        let rules = if place < 4 { &rules[..] } else { &rules[place % rules.len()..][..1] };
        for rule in rules {
            let alone = workload.result_hash(rule, 1);
            for members in [2, 3, 4] {
                let shared = workload.result_hash(rule, members);
                assert_eq!(shared, alone, "{}, {}, {members} threads", workload.name, rule.kind());
            }
        }
    }
}

/// More threads than runs, as many, and fewer.
#[test]
fn runs_beside_each_other_give_the_same_hashes_as_one_after_the_other() {
    let overrides =
        [("training.epochs", "2"), ("compare.seeds", "2"), ("compare.norms", "[\"batch_norm\", \"none\"]")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()));
    let plan = load(Path::new("configs/iris.toml"), &overrides).unwrap_or_else(|error| panic!("{error}"));
    let jobs = all_jobs(&plan);
    let data = DataSets::load([&plan], NonZeroUsize::MIN).unwrap_or_else(|error| panic!("{error}"));
    let hashes = |threads: usize| {
        let mut hashes = Vec::new();
        let threads = NonZeroUsize::new(threads).expect("at least one");
        run_all::<RunError>(
            &jobs,
            &data,
            threads,
            &AtomicBool::new(false),
            &|_| Ok(Box::new(())),
            &mut |run| {
                hashes.push(run.result_hash);
                Ok(())
            },
        )
        .unwrap_or_else(|error| panic!("{error}"));
        hashes
    };
    let alone = hashes(1);
    assert_eq!(alone.len(), 4);
    assert_ne!(alone[0], alone[1]);
    for threads in [2, 3, 4, 7] {
        assert_eq!(hashes(threads), alone, "{threads} threads");
    }
}
