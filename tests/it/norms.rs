//! What sets norms apart.

use bntrain::gradcheck::{GradcheckSettings, check_layer, check_network, table};
use bntrain::nn::{
    AffineSpec, BatchRenormSpec, Bias, LayerSpec, Network, Norm, RunningStart, affine, batch_norm,
    build_layers, output_affine, softmax_loss, tanh, twin,
};

use crate::support::work::Work;
use crate::support::{bits, forward, labels, pass, uniform};

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

/// With `running_start = "first_batch"` there is nothing to correct towards at first.
#[test]
fn batch_renorm_corrects_from_the_first_batch_that_has_statistics() {
    let x = 2.0 * uniform((6, 4), 3) + 1.0;
    let y = |spec: LayerSpec, step| {
        let mut layer = build_layers::<f64>(&[spec], 4, 3, 1).pop().expect("one layer");
        bits(&forward(&mut *layer, &pass(step, &[]), &x))
    };
    for (running_start, step, is_corrected) in [
        (RunningStart::FirstBatch, 1, false),
        (RunningStart::FirstBatch, 2, true),
        (RunningStart::Standard, 1, true),
        (RunningStart::Standard, 2, true),
    ] {
        let renorm =
            BatchRenormSpec { warmup: 0.0, ratio_at: 0.0, running_start, ..BatchRenormSpec::default() };
        let is_other = y(renorm.into(), step) != y(batch_norm(), step);
        assert_eq!(is_other, is_corrected, "{running_start:?} {step}");
    }
}

#[test]
fn a_norm_has_the_running_statistics_that_it_uses() {
    for norm in Norm::ALL {
        let layers = twin(&[affine(6), batch_norm(), tanh(), output_affine(), softmax_loss()], norm);
        let network = Network::<f32>::build(&layers, 5, 3, 1);
        let running = network.params().filter_map(|param| param.name.split_once(".running_"));
        let running: Vec<&str> = running.map(|(_, name)| name).collect();
        let expected = match norm {
            Norm::BatchNorm | Norm::GhostBatchNorm | Norm::BatchRenorm => &["mean", "var"][..],
            Norm::MeanOnly | Norm::WeightNormMeanOnly => &["mean"],
            Norm::VarianceOnly => &["var"],
            _ => &[],
        };
        assert_eq!(running, expected, "{}", norm.name());
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

#[test]
fn a_group_norm_of_one_group_gets_a_note() {
    let work = Work::new();
    let notes = |hidden: &str| {
        let sets = ["--set", "compare.norms=[\"group_norm\"]", "--set", hidden];
        work.ok(&[&["config.toml", "--dry-run"][..], &sets].concat()).stderr
    };
    let note = "note: group_norm of 7 units has one group, so it is layer norm";
    assert!(notes("model.hidden=[8, 7]").contains(note));
    assert!(!notes("model.hidden=[8, 6]").contains("one group"));
}

#[test]
fn statistics_of_few_rows_get_a_note() {
    let work = Work::new();
    let notes = |rows: &str, norms: &str| {
        let rows = format!("training.batch_size={rows}");
        let norms = format!("compare.norms={norms}");
        work.ok(&["check", "config.toml", "--set", &rows, "--set", &norms]).stderr
    };
    let note = "note: batch_norm normalizes by the statistics of 7 rows, which are mostly noise";
    let both = "[\"batch_norm\", \"none\"]";
    assert_eq!(notes("7", both).matches(note).count(), 1);
    assert!(!notes("8", both).contains("mostly noise"));
    assert!(!notes("7", "[\"layer_norm\", \"none\"]").contains("mostly noise"));
}
