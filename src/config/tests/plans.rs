//! The plans that configs become.

use std::path::Path;

use crate::config::parse;
use crate::config::tests::{SHORT, plan};
use crate::data::{ColumnRef, DataSpec};
use crate::nn::{Bias, Init, LayerSpec, Norm};
use crate::optim::{OptimizerSpec, Sgd};
use crate::train::{Dtype, TrainingSpec};

#[test]
fn a_key_that_is_not_written_has_its_default() {
    let plan = plan(SHORT, &[]);
    let data = DataSpec {
        path: "/home/d.csv".into(),
        label: Some(ColumnRef::Name("y".to_owned())),
        ..DataSpec::default()
    };
    assert_eq!(plan.data, data);
    assert_eq!(plan.optimizer, OptimizerSpec::Sgd(Sgd::default()));
    assert_eq!(plan.training, TrainingSpec::default());
    assert_eq!(plan.compare, None);
    assert_eq!((plan.name.as_str(), plan.source.as_path()), ("c", Path::new("/home/c.toml")));
}

#[test]
fn the_short_form_expands_to_the_layer_list() {
    let long = |layers: &str| {
        let tables = layers.trim().replace("- ", "[[layers]]\ntype = ").replace("; ", "\n");
        SHORT.replace("[model]\nhidden = [4]\n", &tables)
    };
    for (sets, layers) in [
        (
            &["model.hidden=[4, 3]"][..],
            "
- 'affine'; units = 4; init = 'he_normal'
- 'batch_norm'
- 'relu'
- 'affine'; units = 3; init = 'he_normal'
- 'batch_norm'
- 'relu'
- 'affine'; init = 'xavier'
- 'softmax_loss'
",
        ),
        (
            &["model.norm=mean_only", "model.activation=leaky_relu", "model.dropout=0.25"],
            "
- 'affine'; units = 4; init = 'he_normal'
- 'mean_only'
- 'leaky_relu'
- 'dropout'; rate = 0.25
- 'affine'; init = 'xavier'
- 'softmax_loss'
",
        ),
        (
            &["model.position=after", "model.norm=layer_norm"],
            "
- 'affine'; units = 4; init = 'he_normal'
- 'relu'
- 'layer_norm'
- 'affine'; init = 'xavier'
- 'softmax_loss'
",
        ),
        (
            &["model.norm=none", "model.activation=tanh"],
            "
- 'affine'; units = 4
- 'tanh'
- 'affine'
- 'softmax_loss'
",
        ),
        (
            &["model.hidden=[]", "model.init={ normal = 0.5 }"],
            "
- 'affine'; init = { normal = 0.5 }
- 'softmax_loss'
",
        ),
    ] {
        assert_eq!(plan(SHORT, sets).layers, plan(&long(layers), &[]).layers, "{sets:?}");
    }
}

#[test]
fn initial_weights_are_decided_and_biases_are_not() {
    let plan = plan(SHORT, &["model.activation=tanh"]);
    let affine: Vec<_> = plan
        .layers
        .iter()
        .filter_map(|layer| match layer {
            LayerSpec::Affine(affine) => Some((affine.init, affine.bias)),
            _ => None,
        })
        .collect();
    // Whether there is a bias depends on the norm, which a comparison replaces.
    assert_eq!(affine, [(Some(Init::Xavier), Bias::Auto), (Some(Init::Xavier), Bias::Auto)]);
}

#[test]
fn the_command_line_beats_the_file_and_the_last_beats_the_first() {
    let sets = ["training.epochs=3", "optimizer.learning_rate=1", "training.epochs = 4", "data.label=-1"];
    let sets = sets.map(|set| set.replace(" = ", "="));
    let plan = plan(SHORT, &sets.each_ref().map(String::as_str));
    assert_eq!(plan.training.epochs, 4);
    // An integer is a number.
    assert_eq!(plan.optimizer.learning_rate(), 1.0);
    assert_eq!(plan.data.label, Some(ColumnRef::Index(-1)));
}

#[test]
fn a_set_reaches_tables_entries_and_bare_texts() {
    let sets = [
        "optimizer={ type = \"adam\", beta1 = 0.8 }",
        "training.schedule.type=cosine",
        "training.dtype=f64",
        "data.path=../other file.csv",
        "model.hidden=[7]",
    ];
    let changed = plan(SHORT, &sets);
    assert_eq!(changed.optimizer.kind(), "adam");
    assert_eq!(changed.training.dtype, Dtype::F64);
    assert_eq!(changed.data.path, "/home/../other file.csv".into());
    let long = changed.to_toml();
    for key in ["layers[0].units", "layers.0.units"] {
        assert_eq!(plan(&long, &[&format!("{key}=9")]).layers, plan(SHORT, &["model.hidden=[9]"]).layers);
    }
}

#[test]
fn paths_start_at_the_config() {
    let text = SHORT.replace("'d.csv'", "'d.csv'\nvalid_path = '/v.csv'\ntest_path = 't/t.csv'");
    let data = plan(&text, &[]).data;
    assert_eq!(data.path, "/home/d.csv".into());
    assert_eq!(data.valid_path, Some("/v.csv".into()));
    assert_eq!(data.test_path, Some("/home/t/t.csv".into()));
    // A relative path of the config is one from the working directory.
    let plan = parse(SHORT, Path::new("some/where.toml"), &[]).unwrap_or_else(|error| panic!("{error}"));
    let here = std::env::current_dir().expect("a working directory");
    assert_eq!(plan.data.path, here.join("some/d.csv").into());
}

#[test]
fn a_comparison_replaces_norms_and_seeds() {
    let compare = |sets: &[&str]| plan(SHORT, sets).compare.expect("there is a comparison");
    let default = compare(&["compare={}", "training.seed=7"]);
    assert_eq!(default.norms, [Norm::BatchNorm, Norm::None]);
    assert_eq!(default.seeds.all, [7, 8, 9, 10, 11]);
    let chosen = compare(&["compare.seeds=[3, 1]", "compare.norms=[\"mean_only\"]"]);
    assert_eq!((chosen.norms, chosen.seeds.all), (vec![Norm::MeanOnly], vec![3, 1]));
    let all = compare(&["compare.norms=all"]).norms;
    assert!(all == Norm::ALL);
    let parts = compare(&["compare.norms=anatomy"]).norms;
    let names: Vec<&str> = parts.into_iter().map(Norm::name).collect();
    let expected = ["none", "mean_only", "variance_only", "batch_norm", "ghost_batch_norm", "noise_only"];
    assert_eq!(names, expected);
    let last = compare(&["compare.seeds=1", "training.seed=9223372036854775807"]);
    assert_eq!(last.seeds.all, [i64::MAX.unsigned_abs()]);
}

#[test]
fn one_row_is_a_batch_where_nothing_is_normalised() {
    for sets in [
        &["training.batch_size=1", "model.norm=none"][..],
        &["training.batch_size=1", "compare.norms=[\"none\"]"],
    ] {
        assert_eq!(plan(SHORT, sets).training.batch_size, 1);
    }
}
