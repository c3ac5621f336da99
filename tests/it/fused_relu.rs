//! ReLUs that are fused with the layer before or after them.

use std::num::NonZeroUsize;

use bntrain::kernel::ThreadPool;
use bntrain::nn::{
    AffineSpec, Backward, BatchNormSpec, Bias, LayerSpec, Network, PassContext, Workspace, affine,
    batch_norm, dropout, group_norm, layer_norm, mean_only, output_affine, relu, rms_norm, softmax_loss,
};
use bntrain::targets::TargetsView;
use ndarray::Array2;

use crate::support::{bits, labels, one_by_one, unfused, uniform};

/// ReLUs after and before each kind of layer, and where there is no such layer.
fn stacks() -> [Vec<LayerSpec>; 5] {
    let norm = |backward| LayerSpec::BatchNorm(BatchNormSpec { backward, ..BatchNormSpec::default() });
    let plain = LayerSpec::Affine(AffineSpec { units: Some(40), bias: Bias::Off, ..AffineSpec::default() });
    [
        vec![affine(100), relu(), affine(70), batch_norm(), relu(), affine(33), relu()],
        vec![relu(), affine(40), relu(), relu(), affine(30), batch_norm(), relu(), dropout(0.3)],
        vec![plain, relu(), affine(30), norm(Backward::ClosedForm), relu(), affine(20), mean_only(), relu()],
        vec![batch_norm(), relu(), affine(30), norm(Backward::Graph), relu()],
        vec![affine(40), layer_norm(), relu(), affine(30), rms_norm(), relu(), group_norm(), relu()],
    ]
}

/// A network for 7 classes with biases, gammas and betas in general position.
fn network(specs: &[LayerSpec], inputs: usize) -> Network<f32> {
    let mut network = Network::build(specs, inputs, 7, 3);
    for (key, param) in (0..).zip(network.params_mut()).filter(|(_, param)| param.is_trained()) {
        param.value += &uniform(param.value.dim(), key).mapv(|u| 0.5 * u as f32);
    }
    network
}

#[test]
fn a_fused_relu_gives_the_same_bits_as_one_by_itself() {
    // Many inputs, so that threads share those of the first matmul too.
    for (rows, inputs) in [(60, 600), (201, 67)] {
        let x = uniform((rows, inputs), 5).mapv(|x| x as f32);
        let labels = labels(rows, 7);
        for mut specs in stacks() {
            specs.extend([output_affine(), softmax_loss()]);
            for members in [1, 2, 3] {
                let pool = ThreadPool::new(NonZeroUsize::new(members).expect("at least one"));
                let pass = PassContext::new(&pool, TargetsView::Classes(&labels));
                let mut together = network(&specs, inputs);
                let mut workspace = together.allocate(rows);
                let losses = together.forward(&pass, x.view(), &mut workspace).to_owned();
                let mut dx = Array2::zeros(x.dim());
                together.backward(&pass, x.view(), &mut workspace, Some(dx.view_mut()));

                let mut layers = unfused(&specs, &together, 7);
                let (acts, d_acts) = one_by_one(&mut layers, &pass, &x);
                let what = format!("{rows} x {inputs}, {members} members: {specs:?}");
                assert_eq!(bits(&losses), bits(&acts[layers.len()]), "losses, {what}");
                assert_eq!(bits(&dx), bits(&d_acts[0]), "dx, {what}");
                let gradients = |params: &[bntrain::nn::Param<f32>]| {
                    params.iter().flat_map(|param| bits(&param.grad)).collect::<Vec<_>>()
                };
                for (ours, alone) in together.layers().iter().zip(&layers) {
                    assert_eq!(gradients(ours.params()), gradients(alone.params()), "{what}");
                }
            }
        }
    }
}

#[test]
fn a_relu_between_two_layers_has_no_pass() {
    let specs = [affine(5), relu(), affine(4), batch_norm(), relu(), output_affine(), softmax_loss()];
    let mut network = network(&specs, 3);
    let (x, labels) = (uniform((6, 3), 1).mapv(|x| x as f32), labels(6, 7));
    let mut workspace = network.allocate(6);
    let pool = ThreadPool::single();
    let targets = TargetsView::Classes(&labels);
    let written = |workspace: &Workspace<f32>| {
        (0..specs.len()).map(|layer| workspace.activation(layer).is_some()).collect::<Vec<_>>()
    };
    assert_eq!(written(&workspace), [false; 7], "before the first pass");
    network.forward(&PassContext::new(&pool, targets), x.view(), &mut workspace);
    // The layers before the ReLUs write the outputs of these in place of theirs.
    assert_eq!(written(&workspace), [false, true, true, false, true, true, true]);
    network.infer(&pool, x.view(), targets, &mut workspace);
    assert_eq!(written(&workspace), [true; 7]);
    network.outputs(&pool, x.view(), &mut workspace);
    assert_eq!(written(&workspace), [true, true, true, true, true, true, false]);
    assert_eq!(workspace.activation(7), None, "no such layer");
}
