//! Rectifiers that are computed with the layer before or behind them.

use std::num::NonZeroUsize;

use bntrain::kernel::ThreadPool;
use bntrain::nn::{AffineSpec, Backward, BatchNormSpec, Bias, Layer, LayerSpec, Network, PassContext};
use bntrain::targets::TargetsView;
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::support::stacks::{affine, batch_norm, dropout, mean_only, relu, scores, softmax_loss};
use crate::support::{bits, labels, one_by_one, uniform};

/// Rectifiers behind and before each kind of layer, and where there is no such layer.
fn stacks() -> [Vec<LayerSpec>; 4] {
    let norm = |backward| LayerSpec::BatchNorm(BatchNormSpec { backward, ..BatchNormSpec::default() });
    let plain = LayerSpec::Affine(AffineSpec { units: Some(40), bias: Bias::Off, ..AffineSpec::default() });
    [
        vec![affine(100), relu(), affine(70), batch_norm(), relu(), affine(33), relu()],
        vec![relu(), affine(40), relu(), relu(), affine(30), batch_norm(), relu(), dropout(0.3)],
        vec![plain, relu(), affine(30), norm(Backward::ClosedForm), relu(), affine(20), mean_only(), relu()],
        vec![batch_norm(), relu(), affine(30), norm(Backward::Graph), relu()],
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
fn a_rectifier_gives_the_same_bits_with_its_neighbours_as_by_itself() {
    // Many inputs, so that members share those of the first product too.
    for (rows, inputs) in [(60, 600), (201, 67)] {
        let x = uniform((rows, inputs), 5).mapv(|x| x as f32);
        let labels = labels(rows, 7);
        for mut specs in stacks() {
            specs.extend([scores(), softmax_loss()]);
            for members in [1, 2, 3] {
                let pool = ThreadPool::new(NonZeroUsize::new(members).expect("at least one"));
                let pass = PassContext {
                    pool: &pool,
                    step: 1,
                    targets: TargetsView::Classes(&labels),
                    weights: None,
                };
                let mut together = network(&specs, inputs);
                let mut workspace = together.reserve(rows);
                let losses = together.forward(&pass, x.view(), &mut workspace).to_owned();
                let mut dx = Array2::zeros(x.dim());
                together.backward(&pass, x.view(), &mut workspace, Some(dx.view_mut()));

                let mut layers = network(&specs, inputs).into_layers();
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

/// A rectifier that must be taken along.
struct Passenger;

impl Layer<f32> for Passenger {
    fn forward(&mut self, _: &PassContext<'_, f32>, _: ArrayView2<'_, f32>, _: ArrayViewMut2<'_, f32>) {
        panic!("not taken along");
    }

    fn infer(&self, _: &PassContext<'_, f32>, _: ArrayView2<'_, f32>, _: ArrayViewMut2<'_, f32>) {}

    fn backward(
        &mut self,
        _: &PassContext<'_, f32>,
        _: ArrayView2<'_, f32>,
        _: ArrayView2<'_, f32>,
        _: ArrayView2<'_, f32>,
        _: Option<ArrayViewMut2<'_, f32>>,
    ) {
        panic!("not taken along");
    }

    fn is_rectifier(&self) -> bool {
        true
    }
}

#[test]
fn a_rectifier_between_two_layers_is_no_pass_of_its_own() {
    let specs = [affine(5), relu(), affine(4), batch_norm(), relu(), scores(), softmax_loss()];
    let mut layers = network(&specs, 3).into_layers();
    layers[1] = Box::new(Passenger);
    layers[4] = Box::new(Passenger);
    let mut network = Network::new(3, layers);
    let (x, labels) = (uniform((6, 3), 1).mapv(|x| x as f32), labels(6, 7));
    let pass = PassContext {
        pool: &ThreadPool::single(),
        step: 1,
        targets: TargetsView::Classes(&labels),
        weights: None,
    };
    let mut workspace = network.reserve(6);
    network.forward(&pass, x.view(), &mut workspace);
    network.backward(&pass, x.view(), &mut workspace, None);
}
