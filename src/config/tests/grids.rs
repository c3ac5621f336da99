//! `[compare.grid]`: the points it has, and what is said where it has none.

use crate::config::tests::{at_home, plan};
use crate::config::{ConfigErrorKind, Plan};
use crate::nn::{LayerSpec, Norm};

/// A network layer by layer, up to the grid.
const LONG: &str = "\
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
fn points_are_the_product_of_the_axes_the_last_one_fastest() {
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
fn without_a_grid_there_is_one_plan_and_no_point() {
    let whole = varied("");
    let points = whole.points();
    let [(None, plan)] = points.as_slice() else { panic!("one plan") };
    assert_eq!(plan.compare, None);
    assert_eq!(plan.layers, whole.layers);
}

#[test]
fn ranges_are_even_in_value_or_in_exponent() {
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
fn tables_entries_and_paths_can_vary() {
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
    ] {
        assert_eq!(labels(grid), expected);
    }
}

#[test]
fn the_short_form_varies_as_a_whole() {
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
fn a_pair_of_settings_may_be_right_where_each_alone_is_not() {
    let grid = "optimizer.momentum = [0.1, 0.5]\noptimizer.nesterov = [true, false]";
    assert_eq!(labels(grid).len(), 4);
    let norms = "training.batch_size = [1, 2]\n[compare]\nnorms = ['none']";
    let points = varied(norms).points();
    assert_eq!(points.len(), 2);
    assert!(points.iter().all(|(_, plan)| plan.layers.iter().any(LayerSpec::is_norm)));
    assert_eq!(varied(norms).compare.map(|compare| compare.norms), Some(vec![Norm::None]));
}

/// A grid, from line 18 on, and what is said about it.
#[test]
fn mistakes_in_a_grid() {
    let cases: [(&str, &[&str]); 34] = [
        (
            "training.seed = [1, 2]\ntraining.epochs = [0, 5]\noptimizer.lr = [0.1]\ntraining.batch_size = ['a']",
            &[
                "compare.grid.training.seed (line 18): seeds vary in compare.seeds, so that runs can be paired by seed",
                "compare.grid.training.epochs (line 19): at training.epochs=0;training.batch_size=a;optimizer.lr=0.1: 0 is not allowed; it must be from 1 to 1000000000",
                "compare.grid.optimizer.lr (line 20): at training.epochs=0;training.batch_size=a;optimizer.lr=0.1: unknown key `lr`; did you mean `learning_rate`?",
                "compare.grid.training.batch_size (line 21): at training.epochs=0;training.batch_size=a;optimizer.lr=0.1: \"a\" is a string; it must be an integer, from 1 to 1000000000",
            ],
        ),
        (
            "training.batch_size = [16]\noptimizer.learning_rate = [0.1]\ntraining.epochs = [5]\noptimizer.momentum = [2]",
            &[
                "compare.grid.optimizer.momentum (line 21): at optimizer.momentum=2 with 3 other settings: 2 is not allowed; it must be at least 0 and less than 1",
            ],
        ),
        (
            "optimizer.learning_rate = [0.1, -1, 0]",
            &[
                "compare.grid.optimizer.learning_rate (line 18): -1 is not allowed; it must be finite and greater than 0",
                "compare.grid.optimizer.learning_rate (line 18): 0 is not allowed; it must be finite and greater than 0",
            ],
        ),
        (
            "optimizer.learning_rate = [0.1, -1]\ntraining.epochs = [1, 2]",
            &[
                "compare.grid.optimizer.learning_rate (line 18): at optimizer.learning_rate=-1;training.epochs=1: -1 is not allowed; it must be finite and greater than 0",
            ],
        ),
        (
            "optimizer.lr = [0.1, 0.01]",
            &["compare.grid.optimizer.lr (line 18): unknown key `lr`; did you mean `learning_rate`?"],
        ),
        (
            "optimizer = [{ type = 'adam', beta1 = 2 }]",
            &[
                "compare.grid.optimizer (line 18): at optimizer={ type = \"adam\", beta1 = 2 }: optimizer.beta1: 2 is not allowed; it must be at least 0 and less than 1",
            ],
        ),
        (
            "optimizer.momentum = [0, 0.5]\noptimizer.nesterov = [true, false]",
            &[
                "compare.grid.optimizer.nesterov (line 19): at optimizer.momentum=0;optimizer.nesterov=true: it needs a momentum greater than 0, such as momentum = 0.9",
            ],
        ),
        (
            "training.batch_size = [1, 2]",
            &[
                "compare.grid.training.batch_size (line 18): 1 is not allowed; batch norm needs at least 2 rows per batch",
            ],
        ),
        (
            "training.batch_size = { linspace = [16, 64.0, 2] }",
            &[
                "compare.grid.training.batch_size (line 18): 16.0 is a float; it must be an integer, from 1 to 1000000000",
                "compare.grid.training.batch_size (line 18): 64.0 is a float; it must be an integer, from 1 to 1000000000",
            ],
        ),
        (
            "optimizer.learning_rate = { logspace = [-3, nan, 5] }",
            &["compare.grid.optimizer.learning_rate.logspace (line 18): from and to must be finite numbers"],
        ),
        (
            "optimizer.learning_rate = { logspace = [-3, 5] }",
            &[
                "compare.grid.optimizer.learning_rate.logspace (line 18): it must be a list of three: from, to, n",
            ],
        ),
        (
            "optimizer.learning_rate = { logspace = 3 }",
            &[
                "compare.grid.optimizer.learning_rate.logspace (line 18): it must be a list of three: from, to, n",
            ],
        ),
        (
            "optimizer.learning_rate = { linspace = [1, 2, 1] }",
            &[
                "compare.grid.optimizer.learning_rate.linspace (line 18): n must be an integer, from 2 to 10000",
            ],
        ),
        (
            "optimizer.learning_rate = { linspace = [1, 2, 10001] }",
            &[
                "compare.grid.optimizer.learning_rate.linspace (line 18): n must be an integer, from 2 to 10000",
            ],
        ),
        (
            "optimizer.learning_rate = { linspace = [1, 1, 3] }",
            &["compare.grid.optimizer.learning_rate.linspace (line 18): 1 is listed twice"],
        ),
        (
            "optimizer.learning_rate = { logspace = [1, 400, 2] }",
            &[
                "compare.grid.optimizer.learning_rate (line 18): inf is not allowed; it must be finite and greater than 0",
            ],
        ),
        (
            "optimizer.learning_rate = {}",
            &[
                "compare.grid.optimizer.learning_rate (line 18): it is empty; it must be a list, { linspace = [from, to, n] } or { logspace = [from, to, n] }",
            ],
        ),
        (
            "optimizer.learning_rate = 3",
            &[
                "compare.grid.optimizer.learning_rate (line 18): 3 is a single value; it must be a list, { linspace = [from, to, n] } or { logspace = [from, to, n] }",
            ],
        ),
        (
            "optimizer.learning_rate = []",
            &[
                "compare.grid.optimizer.learning_rate (line 18): it is empty; there must be at least one value",
            ],
        ),
        (
            "optimizer.learning_rate = [0.1, 0.1]",
            &["compare.grid.optimizer.learning_rate (line 18): 0.1 is listed twice"],
        ),
        (
            "'optimizer.learning_rate' = [0.1]\noptimizer.learning_rate = [0.2]",
            &["compare.grid.optimizer.learning_rate (line 19): this key is varied twice"],
        ),
        (
            "'optimizer learning_rate' = [0.1]",
            &[
                "compare.grid.optimizer learning_rate (line 18): this is not a key; write it as in `optimizer.learning_rate` or `layers.0.units`",
            ],
        ),
        (
            "optimizer.type = ['adam']",
            &[
                "compare.grid.optimizer.type (line 18): other types have other keys; vary the table: optimizer = [{ type = \"sgd\" }, { type = \"adam\" }]",
            ],
        ),
        (
            "'layers.1.type' = ['relu']",
            &[
                "compare.grid.layers.1.type (line 18): other types have other keys; vary the entry: layers.1 = [{ type = \"relu\" }, { type = \"tanh\" }]",
            ],
        ),
        (
            "training.schedule.type = ['cosine']",
            &[
                "compare.grid.training.schedule.type (line 18): other types have other keys; vary the table: training.schedule = [{ type = \"cosine\" }]",
            ],
        ),
        (
            "'layers.9.eps' = [1e-3, 1e-5]",
            &["compare.grid.layers.9.eps (line 18): `layers` has no entry `9`; it has 5, counted from 0"],
        ),
        (
            "'layers.0.eps' = [1e-3, 1e-5]",
            &["compare.grid.layers.0.eps (line 18): `eps` belongs to type `batch_norm`, not to `affine`"],
        ),
        (
            "'layers.1' = [{ type = 'mean_only' }, { type = 'relu' }]",
            &[
                "compare.grid (line 17): at layers.1={ type = \"relu\" }: compare.norms: no batch_norm or mean_only layer is there for the norms to stand in for; add one, or set norms = [\"none\"]",
            ],
        ),
        (
            "model.hidden = [[3]]",
            &[
                "compare.grid.model.hidden (line 18): the network is written as [[layers]]; change their keys, such as layers.0.units",
            ],
        ),
        (
            "training.seed = [1]",
            &[
                "compare.grid.training.seed (line 18): seeds vary in compare.seeds, so that runs can be paired by seed",
            ],
        ),
        (
            "compare.seeds = [1]",
            &["compare.grid.compare.seeds (line 18): a grid cannot vary the comparison itself"],
        ),
        (
            "data = [{ path = 'x', label = 'y' }]",
            &["compare.grid.data (line 18): vary its keys one by one, such as data.path"],
        ),
        (
            "training.epochs = [1979-05-27]",
            &[
                "compare.grid.training.epochs (line 18): a date, or an integer beyond 64 bits, is no value of any key",
            ],
        ),
        (
            "training.epochs = { linspace = [1, 200, 200] }\ntraining.batch_size = { linspace = [2, 101, 100] }",
            &["compare.grid (line 17): it has 20000 points, limit 10000"],
        ),
    ];
    for (grid, expected) in cases {
        let error = at_home(&format!("{LONG}{grid}"), &[]).expect_err("there is a mistake");
        assert_eq!(error.kind(), ConfigErrorKind::Config);
        let message = error.to_string();
        assert_eq!(message.lines().skip(1).map(str::trim_start).collect::<Vec<_>>(), expected, "{grid}");
    }
}

#[test]
fn a_point_beyond_the_size_limit_is_refused_as_such() {
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
