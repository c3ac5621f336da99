//! What sets norms apart.

use bntrain::gradcheck::{GradcheckSettings, check_layer, check_network, table};
use bntrain::nn::{
    AffineSpec, BatchRenormSpec, Bias, LayerSpec, Network, Norm, RunningStart, affine, batch_norm,
    build_layers, output_affine, softmax_loss, tanh, twin,
};

use crate::support::work::Work;
use crate::support::{labels, pass, uniform};

/// At their limits `r` and `d` are constant, as the backward pass takes them.
#[test]
fn batch_renorm_at_its_limits_passes() {
    let spec = BatchRenormSpec {
        max_ratio: 1.5,
        max_offset: 0.25,
        warmup: 0.0,
        ratio_at: 0.0,
        offset_at: 0.0,
        running_start: RunningStart::Standard,
        ..BatchRenormSpec::default()
    };
    for n in [3, 5, 8] {
        let mut layer = build_layers::<f64>(&[spec.clone().into()], 4, 3, 1).pop().expect("one layer");
        for param in layer.params_mut().iter_mut().filter(|param| !param.is_trained()) {
            // Far from the moments of the batch.
            param.value.fill(if param.name.ends_with("mean") { 10.0 } else { 100.0 });
        }
        let x = 2.0 * uniform((n, 4), 9);
        let report = check_layer(&mut *layer, &pass(1, &[]), &x, &GradcheckSettings::for_layer());
        assert!(report.passed(), "n = {n}\n{}", table(&report));
    }
}

/// Only a norm that subtracts the mean over the batch cancels a bias.
#[test]
fn a_bias_before_a_norm_has_a_gradient_unless_the_norm_cancels_it() {
    let labels = labels(8, 3);
    let pass = pass(1, &labels);
    let biased = LayerSpec::Affine(AffineSpec { units: Some(6), bias: Bias::On, ..AffineSpec::default() });
    for norm in Norm::ALL {
        let automatic = twin(&[affine(6), batch_norm(), tanh(), output_affine(), softmax_loss()], norm);
        let has_bias = {
            let network = Network::<f64>::build(&automatic, 5, 3, 1);
            network.params().any(|param| param.name == "affine_1.bias")
        };
        let mut specs = automatic.clone();
        specs[0] = biased.clone();
        let mut network = Network::build(&specs, 5, 3, 1);
        let settings = GradcheckSettings::for_network();
        let report = check_network(&mut network, &pass, &uniform((8, 5), 2), 0.0, &settings);
        let bias = report.tensors.iter().find(|tensor| tensor.name == "affine_1.bias").expect("a bias");
        assert!(report.passed(), "{}\n{}", norm.name(), table(&report));
        let is_flat = bias.largest_derivative <= report.resolution();
        assert_eq!(is_flat, !has_bias, "{}: {:e}", norm.name(), bias.largest_derivative);
    }
}

/// A single weight is its own mean, so that nothing is left of it.
#[test]
fn centered_weights_of_one_input_are_refused() {
    let work = Work::new();
    work.write("one.csv", "a,kind\n1,up\n2,down\n3,up\n4,down\n5,up\n6,down\n");
    let args = ["--set", "data.path=one.csv", "--set", "data.valid=0", "--set", "training.batch_size=6"];
    let norms = ["--set", "compare.norms=[\"none\", \"centered_weight_norm\"]"];
    let (code, message) = work.fails(&[&["config.toml", "-o", "run"], &args[..], &norms].concat());
    assert_eq!(code, Some(2));
    let expected = "centered_weight_norm: layer 0 has one input, but centered_weight_norm needs two or more";
    assert!(message.contains(expected), "{message}");
    assert!(!work.path("run").exists());
    work.ok(&[&["config.toml", "-q", "-o", "run"], &args[..]].concat());
}
