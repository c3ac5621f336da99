//! `[compare.grid]` and its points.

use crate::config::tests::{at_home, plan};
use crate::config::{ConfigErrorKind, Plan};
use crate::nn::{LayerSpec, Norm};

/// A network layer by layer, up to the grid.
pub(crate) const LONG: &str = "\
[data]
path = 'd.csv'
label = 'y'
[optimizer]
type = 'sgd'
[[layers]]
type = 'affine'
units = 3
[[layers]]
type = 'batch_norm'
[[layers]]
type = 'relu'
[[layers]]
type = 'affine'
[[layers]]
type = 'softmax_loss'
[compare.grid]
";

fn varied(grid: &str) -> Plan {
    plan(&format!("{LONG}{grid}"), &[])
}

/// The labels of all points.
#[track_caller]
fn labels(grid: &str) -> Vec<String> {
    let plan = varied(grid);
    let points = plan.points();
    let numbers = points.iter().map(|(point, _)| point.as_ref().map(|(number, _)| *number));
    assert!(numbers.eq((1..=points.len()).map(Some)));
    assert!(points.iter().all(|(_, plan)| plan.compare.is_none()));
    // What is written is what is varied.
    assert_eq!(super::plan(&plan.to_toml(), &[]).points(), points);
    points.into_iter().filter_map(|(point, _)| point).map(|(_, label)| label).collect()
}

#[test]
fn grid_points_are_all_combinations_with_the_last_axis_varying_fastest() {
    let grid = "'training.batch_size' = [16, 64]\n'optimizer.learning_rate' = [0.1, 1e-5]\n";
    assert_eq!(
        labels(grid),
        [
            "training.batch_size=16;optimizer.learning_rate=0.1",
            "training.batch_size=16;optimizer.learning_rate=1e-5",
            "training.batch_size=64;optimizer.learning_rate=0.1",
            "training.batch_size=64;optimizer.learning_rate=1e-5",
        ]
    );
    let points = varied(grid).points();
    let settings: Vec<_> =
        points.iter().map(|(_, plan)| (plan.training.batch_size, plan.optimizer.learning_rate())).collect();
    assert_eq!(settings, [(16, 0.1), (16, 1e-5), (64, 0.1), (64, 1e-5)]);
}

#[test]
fn without_a_grid_there_is_one_plan() {
    let whole = varied("");
    let points = whole.points();
    let [(None, plan)] = points.as_slice() else { panic!("one plan") };
    assert_eq!(plan.compare, None);
    assert_eq!(plan.layers, whole.layers);
}

#[test]
fn linspace_and_logspace_are_evenly_spaced() {
    for (grid, expected) in [
        ("training.batch_size = { linspace = [16, 64, 4] }", &["16", "32", "48", "64"][..]),
        ("training.epochs = { logspace = [0, 2, 3] }", &["1", "10", "100"]),
        // Where the ends are exact, though 0.2 + (0.9 - 0.2) is not 0.9 and the power is rounded.
        ("optimizer.learning_rate = { linspace = [0.2, 0.9, 2] }", &["0.2", "0.9"]),
        ("optimizer.learning_rate = { logspace = [22.0, 23.0, 2] }", &["1e22", "1e23"]),
        ("optimizer.learning_rate = { logspace = [-3, -1, 3] }", &["0.001", "0.01", "0.1"]),
        ("optimizer.learning_rate = { logspace = [-1, -9, 2] }", &["0.1", "1e-9"]),
    ] {
        let (key, _) = grid.split_once(' ').expect("a key");
        let expected: Vec<String> = expected.iter().map(|value| format!("{key}={value}")).collect();
        assert_eq!(labels(grid), expected);
    }
}

#[test]
fn a_grid_can_vary_tables_list_entries_and_paths() {
    for (grid, expected) in [
        (
            "optimizer = [{ type = 'sgd' }, { type = 'adam', beta1 = 0.5 }]",
            ["optimizer={ type = \"sgd\" }", "optimizer={ type = \"adam\", beta1 = 0.5 }"],
        ),
        (
            "'layers.1' = [{ type = 'batch_norm', eps = 0.1 }, { type = 'mean_only' }]",
            ["layers.1={ type = \"batch_norm\", eps = 0.1 }", "layers.1={ type = \"mean_only\" }"],
        ),
        ("'layers[1].eps' = [1e-3, 1e-5]", ["layers.1.eps=0.001", "layers.1.eps=1e-5"]),
        ("'layers.0.init.normal' = [1, 0.1]", ["layers.0.init.normal=1", "layers.0.init.normal=0.1"]),
        ("training.last_batch = ['keep', 'drop']", ["training.last_batch=keep", "training.last_batch=drop"]),
        ("data.path = ['a.csv', '/b c.csv']", ["data.path=/home/a.csv", "data.path=\"/b c.csv\""]),
        (
            "data.path = [['a.csv', '/b.csv'], 'p-*.csv']",
            ["data.path=[\"/home/a.csv\", \"/b.csv\"]", "data.path=\"/home/p-*.csv\""],
        ),
    ] {
        assert_eq!(labels(grid), expected);
    }
}

#[test]
fn a_grid_can_vary_the_short_form() {
    let sets = ["compare.grid.model.hidden=[[], [3], [4, 5]]", "compare.norms=[\"none\"]"];
    let points = plan(super::SHORT, &sets).points();
    let affine = |plan: &Plan| plan.layers.iter().filter(|layer| layer.kind() == "affine").count();
    assert_eq!(points.iter().map(|(_, plan)| affine(plan)).collect::<Vec<_>>(), [1, 2, 3]);
    // The initial weights follow the activation, as they would without a grid.
    let points = plan(super::SHORT, &["compare.grid.model.activation=[\"relu\", \"tanh\"]"]).points();
    for (point, varied) in points {
        let (_, label) = point.expect("there is a grid");
        let (_, activation) = label.split_once('=').expect("key=value");
        let set = format!("model.activation={activation}");
        assert_eq!(varied.layers, plan(super::SHORT, &[&set]).layers);
    }
}

#[test]
fn rules_apply_to_the_combination_of_settings() {
    let grid = "optimizer.momentum = [0.1, 0.5]\noptimizer.nesterov = [true, false]";
    assert_eq!(labels(grid).len(), 4);
    let norms = "training.batch_size = [1, 2]\n[compare]\nnorms = ['none']";
    let points = varied(norms).points();
    assert_eq!(points.len(), 2);
    assert!(points.iter().all(|(_, plan)| plan.layers.iter().any(LayerSpec::is_norm)));
    assert_eq!(varied(norms).compare.map(|compare| compare.norms), Some(vec![Norm::None]));
}

#[test]
fn positions_are_points_of_the_grid() {
    let sets = ["compare.positions=[\"before\", \"after\"]", "compare.grid={ \"training.epochs\" = [1, 2] }"];
    let positions = |sets: &[&str]| {
        let plan = plan(super::SHORT, sets);
        assert_eq!(super::plan(&plan.to_toml(), &[]).points(), plan.points());
        plan.points()
    };
    let labels: Vec<String> =
        positions(&sets).into_iter().filter_map(|(point, _)| point).map(|(_, label)| label).collect();
    assert_eq!(labels.len(), 4);
    assert_eq!(labels[1], "training.epochs=1;model.position=after");
    let kinds = |(_, plan): &(_, Plan)| plan.layers[1].kind();
    let points = positions(&sets[..1]);
    assert_eq!(points.iter().map(kinds).collect::<Vec<_>>(), ["batch_norm", "relu"]);
}

#[test]
fn a_grid_point_above_the_size_limit_is_refused() {
    let grid = "'layers.0.units' = [10, 100000000]";
    let error = at_home(&format!("{LONG}{grid}"), &[]).expect_err("the second point is too large");
    assert_eq!(error.kind(), ConfigErrorKind::Limit);
    // A value that is wrong outright outweighs the size.
    let both = at_home(&format!("{LONG}'layers.0.units' = [0, 100000000]"), &[]).expect_err("two problems");
    assert_eq!(both.kind(), ConfigErrorKind::Config);
    assert_eq!(
        error.to_string().lines().nth(1),
        Some(
            "  compare.grid (line 17): at layers.0.units=100000000: layers: the network needs 7200000044 bytes, \
             limit 4294967296; use fewer units"
        )
    );
}
