//! The check of gradients: what it refuses, skips and samples.

use bntrain::gradcheck::{GradcheckSettings, Mistake, WrongBatchNorm, check_layer, check_network, table};
use bntrain::nn::{
    BatchNormSpec, Layer, Network, affine, batch_norm, leaky_relu, output_affine, relu, softmax_loss, tanh,
};
use ndarray::Array2;

use crate::gradient::{assert_passes, layer};
use crate::support::stacks::stack;
use crate::support::{labels, pass, uniform};

#[test]
fn a_layer_with_a_mistake_fails() {
    for n in [3, 5, 8] {
        let fails = |mistake| {
            let mut layer = WrongBatchNorm::new("wrong", &BatchNormSpec::default(), 3, mistake);
            for (key, param) in (0..).zip(layer.params_mut()) {
                param.value += &(0.5 * uniform((1, 3), key));
            }
            let settings = GradcheckSettings::for_layer();
            !check_layer(&mut layer, &pass(1, &[]), &uniform((n, 3), 5), &settings).passed()
        };
        assert!(!fails(None), "n = {n}");
        for mistake in Mistake::ALL {
            assert!(fails(Some(mistake)), "{mistake} passes at n = {n}");
        }
    }
}

#[test]
fn a_network_with_a_mistake_fails() {
    let specs = stack(&[6, 5], &[batch_norm(), relu()]);
    let labels = labels(8, 3);
    let check = |network: &mut Network<f64>| {
        let pass = crate::support::pass(1, &labels);
        check_network(network, &pass, &uniform((8, 5), 3), 0.0, &GradcheckSettings::for_network())
    };
    assert_passes(&check(&mut Network::build(&specs, 5, 3, 2)), "no mistake");
    for mistake in Mistake::ALL {
        let mut network = mistake.network(&specs, 5, 3, 2).expect("it has batch norm");
        let report = check(&mut network);
        assert!(!report.passed(), "{mistake} passes\n{}", table(&report));
    }
}

#[test]
fn a_mistake_in_gamma_needs_a_trained_gamma() {
    let network = |mistake: Mistake, scale| {
        let norm = BatchNormSpec { scale, ..BatchNormSpec::default() };
        mistake.network(&stack(&[8], &[norm.into()]), 5, 3, 2)
    };
    assert!(network(Mistake::DgammaFromX, true).is_some());
    assert!(network(Mistake::DgammaFromX, false).is_none());
    assert!(network(Mistake::ZeroDx, false).is_some());
    assert!(Mistake::ZeroDx.network(&stack(&[8], &[relu()]), 5, 3, 2).is_none(), "no batch norm");
}

/// The reason for moving gamma and beta.
#[test]
fn a_forgotten_gamma_is_invisible_while_gamma_is_1() {
    let fails = |jitter| {
        let specs = stack(&[8], &[batch_norm(), tanh()]);
        let mut network = Mistake::NoGamma.network(&specs, 5, 3, 2).expect("it has batch norm");
        let labels = labels(8, 3);
        let pass = crate::support::pass(1, &labels);
        let settings = GradcheckSettings { jitter, ..GradcheckSettings::for_network() };
        !check_network(&mut network, &pass, &uniform((8, 5), 3), 0.0, &settings).passed()
    };
    assert!(!fails(0.0));
    assert!(fails(GradcheckSettings::for_network().jitter));
}

#[test]
fn entries_at_the_kink_of_a_relu_are_skipped_and_counted() {
    let mut x = uniform((4, 3), 2).mapv(|x| x + x.signum() * 0.1);
    x[[1, 2]] = 0.0;
    x[[3, 0]] = 1e-15; // nearer than any step
    for spec in [relu(), leaky_relu(0.1)] {
        let mut layer = layer(&spec);
        let report = check_layer(&mut *layer, &pass(1, &[]), &x, &GradcheckSettings::for_layer());
        assert_passes(&report, &format!("{spec:?}"));
        let input = &report.tensors[0];
        assert_eq!((input.checked, input.kinks), (10, 2));
    }
}

#[test]
fn entries_of_a_large_tensor_are_sampled() {
    let mut network = Network::build(&[affine(20), tanh(), output_affine(), softmax_loss()], 30, 3, 1);
    let labels = labels(6, 3);
    let pass = crate::support::pass(1, &labels);
    let settings = GradcheckSettings { max_entries: 25, ..GradcheckSettings::for_network() };
    let x = uniform((6, 30), 4);
    let report = check_network(&mut network, &pass, &x, 0.0, &settings);
    assert_passes(&report, "sampled");
    let checked: Vec<usize> = report.tensors.iter().map(|tensor| tensor.checked).collect();
    assert_eq!(checked, [25, 20, 25, 3, 25]);
    assert_eq!(report, check_network(&mut network, &pass, &x, 0.0, &settings), "the same entries again");
}

#[test]
fn a_gradient_that_is_not_finite_fails() {
    let mut network = Network::build(&[output_affine(), softmax_loss()], 2, 3, 1);
    let labels = labels(4, 3);
    let pass = crate::support::pass(1, &labels);
    let x = Array2::from_elem((4, 2), f64::NAN);
    let report = check_network(&mut network, &pass, &x, 0.0, &GradcheckSettings::for_network());
    assert!(!report.passed());
    assert!(report.tensors.iter().all(|tensor| tensor.largest_error == f64::INFINITY));
}
