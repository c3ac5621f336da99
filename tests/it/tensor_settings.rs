//! Settings of single tensors, and initial weights from a file, through the program.

use bntrain::AnyNetwork;
use bntrain::model::Model;

use crate::support::work::Work;

/// The bits of the tensors of a model of the program, by name.
fn tensors(work: &Work, model: &str) -> Vec<(String, Vec<u32>)> {
    let AnyNetwork::F32(network) = Model::load(&work.path(model)).expect("a model").network else {
        panic!("in single precision")
    };
    let bits = |values: &ndarray::Array2<f32>| values.iter().map(|value| value.to_bits()).collect();
    network.params().map(|param| (param.name.clone(), bits(&param.value))).collect()
}

#[test]
fn a_model_goes_on_from_another_one_and_frozen_tensors_keep_their_bits() {
    let work = Work::new();
    work.ok(&["single.toml", "--out", "first"]);
    let first = "first/batch_norm/seed-0/model.safetensors";
    let init = format!("training.init_from={first}");
    let freeze = "training.freeze=[\"affine_1\", \"batch_norm_*\"]";
    let ended = work.ok(&[
        "config.toml",
        "--set",
        &init,
        "--set",
        freeze,
        "--set",
        "compare.seeds=1",
        "--out",
        "next",
    ]);
    for note in [
        "note: batch_norm: 12 of 12 tensors come from training.init_from\n",
        "note: none: 4 of 6 tensors come from training.init_from; not in the file: affine_1.bias, affine_2.bias; not in \
         the network: batch_norm_1.beta",
    ] {
        assert!(ended.stderr.contains(note), "{}", ended.stderr);
    }

    let (before, after) = (tensors(&work, first), tensors(&work, "next/batch_norm/seed-0/model.safetensors"));
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        let is_frozen = name.starts_with("affine_1") || name.starts_with("batch_norm");
        assert_eq!(before == after, is_frozen, "{name}");
    }
    // The weights that are trained, and not those that are frozen.
    let summary = work.json("next/summary.json");
    assert_eq!(summary["runs"][0]["parameters"], 20 * 17 + 17 * 2 + 2);
}

/// A name need be that of a tensor of one network of a comparison only.
#[test]
fn the_models_of_all_networks_can_be_read_where_a_name_is_for_one_of_them() {
    let work = Work::new();
    let rules = [
        "training.freeze=[\"*.gamma\"]",
        "training.learning_rate_factors={ \"*.gamma\" = 0.5 }",
        "training.decay_factors={ \"*.gamma\" = 1 }",
    ];
    for (rule, out) in rules.iter().zip(["freeze", "rates", "decay"]) {
        work.ok(&["config.toml", "--set", rule, "--set", "compare.seeds=1", "--epochs", "1", "--out", out]);
        for (norm, has_rule) in [("none", false), ("batch_norm", true)] {
            let name = format!("{out}/{norm}/seed-0/model.safetensors");
            let model = Model::load(&work.path(&name)).unwrap_or_else(|error| panic!("{rule}: {error}"));
            let training = model.plan.training;
            let n_rules =
                training.freeze.len() + training.learning_rate_factors.len() + training.decay_factors.len();
            assert_eq!(n_rules, usize::from(has_rule), "{rule}: {norm}");
            work.ok(&["inspect", &name]);
        }
    }
}

#[test]
fn a_file_of_initial_weights_that_does_not_fit_is_refused() {
    let work = Work::new();
    work.ok(&["single.toml", "--out", "first"]);
    let init = "training.init_from=first/batch_norm/seed-0/model.safetensors";
    let (code, message) = work.fails(&["single.toml", "--set", init, "--set", "model.hidden=[20, 16]"]);
    assert_eq!(code, Some(4));
    assert!(
        message.ends_with(
            "model.safetensors: tensor \"affine_2.weight\" has shape 20 x 17, but that of the network is 20 x 16; affine \
             weights are inputs x units"
        ),
        "{message}"
    );
    let (code, message) = work.fails(&["single.toml", "--set", "training.init_from=none.safetensors"]);
    assert_eq!(code, Some(6));
    assert!(
        message.starts_with("error: training.init_from: ")
            && message.ends_with("none.safetensors: not found")
    );
}

/// A start that is fitted to the first batch is not only that of the library.
#[test]
fn a_fitted_start_reaches_the_runs_of_the_program() {
    let work = Work::new();
    let still = "optimizer.learning_rate=1e-30";
    let args = [
        "single.toml",
        "--set",
        "model.init=lsuv",
        "--set",
        still,
        "--set",
        "training.epochs=1",
        "--out",
        "run",
    ];
    work.ok(&args);
    let (name, bits) = &tensors(&work, "run/batch_norm/seed-0/model.safetensors")[0];
    assert_eq!(name, "affine_1.weight");
    // Rows that are orthonormal before they are scaled.
    let square: f64 = bits[..20].iter().map(|&bits| f64::from(f32::from_bits(bits)).powi(2)).sum();
    assert!((square - 1.0).abs() > 0.01, "{square}");
}
