//! Results do not depend on the number of threads.

use std::num::NonZeroUsize;

use bntrain::kernel::Team;
use bntrain::nn::{Backward, BatchNormSpec, LayerSpec, Network, Pass, Targets};
use bntrain::optim::{AdamSpec, Optimizer, OptimizerSpec};
use bntrain::real::Real;
use ndarray::Array2;

use crate::support::stacks::{
    affine, batch_norm, dropout, leaky_relu, mean_only, relu, scores, softmax_loss, tanh,
};
use crate::support::{bits, labels, uniform};

/// Wide enough that every kind of loop is shared out, with widths that do not divide evenly.
fn specs() -> Vec<LayerSpec> {
    let norm = |backward| LayerSpec::BatchNorm(BatchNormSpec { backward, ..BatchNormSpec::default() });
    let mut specs = vec![affine(260), batch_norm(), relu(), dropout(0.2)];
    specs.extend([affine(201), norm(Backward::ClosedForm), leaky_relu()]);
    specs.extend([affine(180), norm(Backward::Graph), tanh()]);
    specs.extend([affine(170), mean_only(), relu(), scores(), softmax_loss()]);
    specs
}

/// Everything that three steps and an evaluation leave behind, as bits.
fn train<F: Real>(members: usize) -> Vec<u64> {
    let team = Team::new(NonZeroUsize::new(members).expect("at least one"));
    let mut network = Network::<F>::build(&specs(), 40, 19, 3);
    let mut optimizer = Optimizer::new(&OptimizerSpec::Adam(AdamSpec::default()), &network);
    let x = uniform((200, 40), 1).mapv(F::from_f64);
    let labels = labels(200, 19);
    let mut workspace = network.reserve(200);
    let mut dx = Array2::zeros(x.dim());
    for step in 1..=3 {
        let pass = Pass { team: &team, step, targets: Targets::Classes(&labels), weights: None };
        network.forward(&pass, x.view(), &mut workspace);
        network.backward(&pass, x.view(), &mut workspace, Some(dx.view_mut()));
        optimizer.step(&mut network, step, 1e-3);
        network.commit();
    }
    let (scores, losses) = network.infer(&team, x.view(), Targets::Classes(&labels), &mut workspace);
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
