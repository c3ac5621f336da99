//! The numbers of Stanford's CS231n, assignment 2, to full precision.
//!
//! The numbers of the file are correct to 2e-14; another order of summation adds the rounding errors here.
//! See `tests/golden/README.md`.

use bntrain::kernel::ThreadPool;
use bntrain::nn::{
    Affine, BatchNorm, BatchNormSpec, Layer, LayerSpec, MeanOnly, MeanOnlySpec, Network, Param, ParamKind,
    RunningStart, RunningVariance, SoftmaxLoss, StatsSource, affine, batch_norm, build_layers, output_affine,
    relu, softmax_loss,
};
use bntrain::optim::{Adam, Optimizer, OptimizerSpec, RmsProp, Sgd, add_l2_gradient};
use ndarray::{Array2, Axis, s};
use serde_json::Value;

use crate::support::json::{entries, golden, labels, matrix, number, set};
use crate::support::stacks::stack;
use crate::support::{assert_close, forward, forward_and_backward, infer, pass};

/// Sums of up to some hundred products of numbers near 1: a few hundred roundings of 1e-16.
const TOLERANCE: f64 = 1e-13;

/// Mean and standard deviation (over n) of each column.
fn column_statistics(x: &Array2<f64>) -> [Array2<f64>; 2] {
    let row = |a: ndarray::Array1<f64>| a.insert_axis(Axis(0));
    [row(x.mean_axis(Axis(0)).expect("there are rows")), row(x.std_axis(Axis(0), 0.0))]
}

#[test]
fn affine_layers() {
    let file = golden("course.json");
    for key in ["affine_forward", "affine_backward"] {
        let case = &file[key];
        let mut layer = Affine::new("affine", matrix(&case["w"]), true);
        set(layer.params_mut(), "bias", &case["b"]);
        let x = matrix(&case["x"]);
        if key == "affine_forward" {
            assert_close("y", &forward(&mut layer, &pass(1, &[]), &x), &matrix(&case["y"]), TOLERANCE);
            continue;
        }
        let (_, dx) = forward_and_backward(&mut layer, &pass(1, &[]), &x, &matrix(&case["dy"]));
        assert_close("dx", &dx, &matrix(&case["dx"]), TOLERANCE);
        assert_close("dw", &layer.params()[0].grad, &matrix(&case["dw"]), TOLERANCE);
        assert_close("db", &layer.params()[1].grad, &matrix(&case["db"]), TOLERANCE);
    }
}

#[test]
fn relu_layers() {
    let file = golden("course.json");
    let relu = |width| build_layers::<f64>(&[relu()], width, width, 0).remove(0);
    let case = &file["relu_forward"];
    // Nothing is computed: exact.
    assert_close("y", &forward(&mut *relu(4), &pass(1, &[]), &matrix(&case["x"])), &matrix(&case["y"]), 0.0);
    let case = &file["relu_backward"];
    let (_, dx) =
        forward_and_backward(&mut *relu(10), &pass(1, &[]), &matrix(&case["x"]), &matrix(&case["dy"]));
    assert_close("dx", &dx, &matrix(&case["dx"]), 0.0);
}

#[test]
fn the_softmax_loss() {
    let case = &golden("course.json")["softmax_loss"];
    let x = matrix(&case["x"]);
    let labels = labels(&case["labels"]);
    let pass = crate::support::pass(1, &labels);
    let mean = Array2::from_elem((labels.len(), 1), 1.0 / labels.len() as f64);
    let (losses, dx) = forward_and_backward(&mut SoftmaxLoss::new(x.ncols()), &pass, &x, &mean);
    assert_number("loss", losses.mean().expect("rows"), &case["loss"]);
    assert_close("dx", &dx, &matrix(&case["dx"]), TOLERANCE);
}

#[test]
fn batch_norm_forward_in_training() {
    let case = &golden("course.json")["batch_norm_forward_training"];
    let x = matrix(&case["x"]);
    let [mean, std] = column_statistics(&x);
    assert_close("mean of x", &mean, &matrix(&case["x_mean"]), TOLERANCE);
    assert_close("std of x", &std, &matrix(&case["x_std"]), TOLERANCE);
    for case in case["cases"].as_array().expect("a list") {
        let mut layer = BatchNorm::new("bn", BatchNormSpec::default(), 3);
        set(layer.params_mut(), "gamma", &case["gamma"]);
        set(layer.params_mut(), "beta", &case["beta"]);
        let [mean, std] = column_statistics(&forward(&mut layer, &pass(1, &[]), &x));
        assert_close("mean of y", &mean, &matrix(&case["y_mean"]), TOLERANCE);
        assert_close("std of y", &std, &matrix(&case["y_std"]), TOLERANCE);
    }
}

#[test]
fn batch_norm_forward_in_evaluation() {
    let case = &golden("course.json")["batch_norm_forward_evaluation"];
    // The course stores the biased variance and starts both at 0.
    let spec = BatchNormSpec {
        running_start: RunningStart::Standard,
        running_variance: RunningVariance::Biased,
        ..BatchNormSpec::default()
    };
    let mut layer = BatchNorm::new("bn", spec, 3);
    for name in ["running_mean", "running_var"] {
        set(layer.params_mut(), name, &case[format!("initial_{name}")]);
    }
    let (means, vars) = (matrix(&case["batch_means"]), matrix(&case["batch_vars_biased"]));
    for (step, (mean, var)) in (1..).zip(means.rows().into_iter().zip(vars.rows())) {
        // Two rows with just these statistics stand for the batch.
        let mut x = Array2::zeros((2, 3));
        x.slice_mut(s![0, ..]).assign(&(&mean - &var.sqrt()));
        x.slice_mut(s![1, ..]).assign(&(&mean + &var.sqrt()));
        forward(&mut layer, &pass(1, &[]), &x);
        layer.update_running_stats(StatsSource::LastBatch { step });
    }
    for (param, name) in layer.params()[2..].iter().zip(["running_mean", "running_var"]) {
        assert_close(name, &param.value, &matrix(&case[name]), TOLERANCE);
    }
    let y = infer(&layer, &pass(1, &[]), &matrix(&case["x"]).view());
    let [mean, std] = column_statistics(&y);
    assert_close("mean of y", &mean, &matrix(&case["y_mean"]), TOLERANCE);
    assert_close("std of y", &std, &matrix(&case["y_std"]), TOLERANCE);
}

#[test]
fn norms_backward() {
    let file = golden("course.json");
    let case = &file["batch_norm_backward"];
    for backward in ["fused", "closed_form", "graph"] {
        let backward = serde_json::from_value(backward.into()).expect("a way back");
        let mut layer = BatchNorm::new("bn", BatchNormSpec { backward, ..BatchNormSpec::default() }, 5);
        set(layer.params_mut(), "gamma", &case["gamma"]);
        set(layer.params_mut(), "beta", &case["beta"]);
        let (y, dx) =
            forward_and_backward(&mut layer, &pass(1, &[]), &matrix(&case["x"]), &matrix(&case["dy"]));
        let x_hat = (y - &layer.params()[1].value) / &layer.params()[0].value;
        // Undoing gamma, the smallest of which is 0.035, costs a digit or two.
        assert_close("x_hat", &x_hat, &matrix(&case["x_hat"]), 100.0 * TOLERANCE);
        assert_close("dx", &dx, &matrix(&case["dx"]), TOLERANCE);
        assert_close("dgamma", &layer.params()[0].grad, &matrix(&case["dgamma"]), TOLERANCE);
        assert_close("dbeta", &layer.params()[1].grad, &matrix(&case["dbeta"]), TOLERANCE);
    }
    let case = &file["mean_only_backward"];
    let mut layer = MeanOnly::new("centre", MeanOnlySpec::default(), 5);
    let (_, dx) = forward_and_backward(&mut layer, &pass(1, &[]), &matrix(&case["x"]), &matrix(&case["dy"]));
    assert_close("dx", &dx, &matrix(&case["dx"]), TOLERANCE);
}

/// One step of a rule on a single tensor.
struct Step {
    network: Network<f64>,
    optimizer: Optimizer<f64>,
}

impl Step {
    /// A tensor `w` with the gradient `dw`, to be updated by the rule of `spec`.
    fn new(spec: &OptimizerSpec, case: &Value) -> Self {
        let mut network = Network::new(4, vec![Box::new(Affine::new("affine", matrix(&case["w"]), false))]);
        network.params_mut().for_each(|param| param.grad = matrix(&case["dw"]));
        let optimizer = Optimizer::new(spec, &network);
        Self { network, optimizer }
    }

    /// The tensor of the state whose name starts with `prefix`.
    fn state(&mut self, prefix: &str) -> &mut Param<f64> {
        self.optimizer
            .state_mut()
            .find(|tensor| tensor.name.starts_with(prefix))
            .expect("a tensor of the rule")
    }

    /// `w` after the step.
    fn take(&mut self, step: u64, learning_rate: f64) -> Array2<f64> {
        self.optimizer.step(&ThreadPool::single(), &mut self.network, step, learning_rate);
        self.network.params().next().expect("one tensor").value.clone()
    }
}

#[test]
fn sgd_with_momentum() {
    let case = &golden("course.json")["sgd_momentum"];
    let [learning_rate, momentum] = ["learning_rate", "momentum"].map(|key| number(&case["config"][key]));
    let spec = OptimizerSpec::Sgd(Sgd { learning_rate, momentum, ..Sgd::default() });
    let mut step = Step::new(&spec, case);
    // The course has -learning_rate inside its velocity.
    step.state("sgd_velocity").value = matrix(&case["velocity"]) / -learning_rate;
    assert_close("w", &step.take(1, learning_rate), &matrix(&case["next_w"]), TOLERANCE);
    let velocity = -learning_rate * &step.state("sgd_velocity").value;
    assert_close("velocity", &velocity, &matrix(&case["next_velocity"]), TOLERANCE);
}

#[test]
fn rmsprop() {
    let case = &golden("course.json")["rmsprop"];
    let [learning_rate, decay, eps] =
        ["learning_rate", "decay_rate", "epsilon"].map(|key| number(&case["config"][key]));
    let mut step = Step::new(&OptimizerSpec::RmsProp(RmsProp { learning_rate, decay, eps, l2: 0.0 }), case);
    step.state("rmsprop_square").value = matrix(&case["cache"]);
    assert_close("w", &step.take(1, learning_rate), &matrix(&case["next_w"]), TOLERANCE);
    assert_close("cache", &step.state("rmsprop_square").value, &matrix(&case["next_cache"]), TOLERANCE);
}

#[test]
fn adam() {
    let case = &golden("course.json")["adam"];
    let [learning_rate, beta1, beta2, eps] =
        ["learning_rate", "beta1", "beta2", "epsilon"].map(|key| number(&case["config"][key]));
    let mut step = Step::new(&OptimizerSpec::Adam(Adam { learning_rate, beta1, beta2, eps, l2: 0.0 }), case);
    step.state("adam_m").value = matrix(&case["m"]);
    step.state("adam_v").value = matrix(&case["v"]);
    // The course counts the step before it uses it.
    let t = 1 + case["steps_before"].as_u64().expect("a count");
    assert_close("w", &step.take(t, learning_rate), &matrix(&case["next_w"]), TOLERANCE);
    assert_close("m", &step.state("adam_m").value, &matrix(&case["next_m"]), TOLERANCE);
    assert_close("v", &step.state("adam_v").value, &matrix(&case["next_v"]), TOLERANCE);
}

/// The network's name for the course's `W1`, `b1`, `gamma1`, `beta1`.
fn ours(name: &str) -> String {
    let (tensor, ordinal) = name.split_at(name.len() - 1);
    match tensor {
        "W" => format!("affine_{ordinal}.weight"),
        "b" => format!("affine_{ordinal}.bias"),
        _ => format!("batch_norm_{ordinal}.{tensor}"),
    }
}

/// The mean loss over `case`'s rows with `l2`, and the gradients, left in the network.
fn loss(network: &mut Network<f64>, case: &Value, l2: f64) -> f64 {
    let (x, labels) = (matrix(&case["X"]), labels(&case["labels"]));
    let pass = crate::support::pass(1, &labels);
    let mut workspace = network.allocate(x.nrows());
    let loss = network.forward(&pass, x.view(), &mut workspace).mean().expect("rows");
    network.backward(&pass, x.view(), &mut workspace, None);
    add_l2_gradient(network, l2);
    let weights = network.params().filter(|param| param.kind == ParamKind::Weight);
    let squares: f64 = weights.map(|param| param.value.iter().map(|w| w * w).sum::<f64>()).sum();
    loss + 0.5 * l2 * squares
}

#[track_caller]
fn assert_number(what: &str, actual: f64, expected: &Value) {
    let one = |value| Array2::from_elem((1, 1), value);
    assert_close(what, &one(actual), &one(number(expected)), TOLERANCE);
}

#[track_caller]
fn assert_gradients(network: &mut Network<f64>, what: &str, expected: &Value) {
    for (name, value) in entries(expected) {
        let ours = ours(name);
        let param = network.params().find(|param| param.name == ours);
        match param {
            Some(param) => {
                assert_close(&format!("{what}: {name}"), &param.grad, &matrix(value), TOLERANCE);
            }
            // The course keeps biases before batch norm; they have no gradient.
            None => assert!(matrix(value).iter().all(|&db| db == 0.0), "{what}: there is no {name}"),
        }
    }
}

#[test]
fn the_two_layer_net() {
    let case = &golden("course.json")["two_layer_net"];
    let mut network = Network::build(&[affine(50), relu(), output_affine(), softmax_loss()], 5, 7, 0);
    for (name, value) in entries(&case["parameters"]) {
        set(network.params_mut(), &ours(name), value);
    }
    let mut workspace = network.inference_workspace(3);
    let scores = network.outputs(&ThreadPool::single(), matrix(&case["X"]).view(), &mut workspace);
    assert_close("scores", scores, &matrix(&case["scores"]), TOLERANCE);
    assert_number("loss with decay", loss(&mut network, case, 1.0), &case["loss_reg_1"]);
    assert_number("loss", loss(&mut network, case, 0.0), &case["loss_reg_0"]);
    assert_gradients(&mut network, "two layers", &case["gradients_reg_0"]);
}

#[test]
fn the_fully_connected_net() {
    let file = &golden("course.json")["fully_connected_net"];
    for case in file["cases"].as_array().expect("a list") {
        let reg = number(&case["reg"]);
        for norm in ["none", "batch_norm"] {
            let block: &[LayerSpec] = if norm == "none" { &[relu()] } else { &[batch_norm(), relu()] };
            let specs = stack(&[20, 30], block);
            let mut network = Network::build(&specs, 15, 10, 0);
            for (name, value) in entries(&case["parameters"]) {
                set(network.params_mut(), &ours(name), value);
            }
            let what = format!("{norm}, reg = {reg}");
            assert_number(&what, loss(&mut network, file, reg), &case[norm]["loss"]);
            assert_gradients(&mut network, &what, &case[norm]["gradients"]);
        }
    }
}
