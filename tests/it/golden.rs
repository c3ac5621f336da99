//! Networks, layers and optimisers against numbers from PyTorch, in f64.
//!
//! Everything is compared at 1e-9, see [`TOLERANCE`]; `tests/golden/README.md` describes the files.

use bntrain::kernel::ThreadPool;
use bntrain::nn::{
    AffineSpec, BatchNormSpec, Layer, LayerSpec, Network, PassContext, RunningStart, RunningUpdate,
    RunningVariance, StatsSource, WeightForm, Workspace, build_layers, mean_only, relu, softmax_loss,
};
use bntrain::optim::{Optimizer, OptimizerSpec, add_l2_gradient, clip_by_global_norm};
use bntrain::targets::TargetsView;
use ndarray::Array2;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::support::json::{column, entries, find, golden, labels, matrix, number, numbers, set};
use crate::support::{assert_close, forward, forward_and_backward, infer, one_by_one, unfused, values_pass};

/// A correct implementation stays below 1e-12; known mistakes exceed 1e-7, see the README of the files.
const TOLERANCE: f64 = 1e-9;

/// The network of the golden files, with its names.
///
/// The files count layers by position, `4_batch_norm`; the network counts within the kind,
/// `batch_norm_2`.
struct Golden {
    specs: Vec<LayerSpec>,
    network: Network<f64>,
    workspace: Workspace<f64>,
    names: Vec<(String, String)>, // of each layer: in the file, in the network
}

/// PyTorch's convention: the initial running statistics count.
fn pytorch() -> BatchNormSpec {
    BatchNormSpec { running_start: RunningStart::Standard, ..BatchNormSpec::default() }
}

impl Golden {
    /// Builds the network of `layers` over 6 features with four classes and sets its `parameters`.
    fn new(layers: &Value, parameters: &Value, norm: &BatchNormSpec) -> Self {
        let names: Vec<&str> = layers.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        let kinds: Vec<&str> =
            names.iter().map(|name| name.split_once('_').expect("position and kind").1).collect();
        let mut hidden_units = [8, 7].into_iter();
        let mut specs: Vec<LayerSpec> = kinds
            .iter()
            .map(|&kind| match kind {
                "affine" => {
                    LayerSpec::Affine(AffineSpec { units: hidden_units.next(), ..AffineSpec::default() })
                }
                "batch_norm" => LayerSpec::BatchNorm(norm.clone()),
                "relu" => relu(),
                _ => panic!("unknown kind {kind}"),
            })
            .collect();
        specs.push(softmax_loss());
        let ours = |index: usize| {
            let ordinal = kinds[..=index].iter().filter(|&&kind| kind == kinds[index]).count();
            format!("{}_{ordinal}", kinds[index])
        };
        let names: Vec<_> =
            names.iter().enumerate().map(|(index, &name)| (name.to_owned(), ours(index))).collect();
        let mut network = Network::build(&specs, 6, 4, 0);
        let workspace = network.allocate(10);
        let mut golden = Self { specs, network, workspace, names };
        let mut n_set = 0;
        for (name, value) in entries(parameters) {
            let ours = golden.ours(name);
            set(golden.network.params_mut(), &ours, value);
            n_set += 1;
        }
        assert_eq!(n_set, golden.network.params().filter(|param| param.is_trained()).count());
        golden
    }

    /// The network's name for the file's `4_batch_norm.gamma`.
    fn ours(&self, name: &str) -> String {
        let (layer, tensor) = name.split_once('.').expect("layer and tensor");
        let (_, ours) = self.names.iter().find(|(theirs, _)| theirs == layer).expect("a layer of the file");
        format!("{ours}.{tensor}")
    }

    /// The row losses of a training pass over `batch`.
    fn train(&mut self, batch: &Value, step: u64) -> Array2<f64> {
        let labels = labels(&batch["labels"]);
        let pass = crate::support::pass(step, &labels);
        self.network.forward(&pass, matrix(&batch["x"]).view(), &mut self.workspace).to_owned()
    }

    /// The gradients after [`train`](Self::train), and that of the input.
    fn backward(&mut self, batch: &Value, step: u64) -> Array2<f64> {
        let labels = labels(&batch["labels"]);
        let x = matrix(&batch["x"]);
        let mut dx = Array2::zeros(x.dim());
        let pass = crate::support::pass(step, &labels);
        self.network.backward(&pass, x.view(), &mut self.workspace, Some(dx.view_mut()));
        dx
    }

    #[track_caller]
    fn assert_values(&mut self, what: &str, expected: &Value) {
        for (name, value) in entries(expected) {
            let ours = self.ours(name);
            let actual = &find(self.network.params_mut(), &ours).value;
            assert_close(&format!("{what}: {name}"), actual, &matrix(value), TOLERANCE);
        }
    }
}

#[track_caller]
fn assert_number(what: &str, actual: f64, expected: &Value) {
    let one = |value| Array2::from_elem((1, 1), value);
    assert_close(what, &one(actual), &one(number(expected)), TOLERANCE);
}

#[test]
fn forward_and_backward_of_a_network_agree() {
    let file = golden("network.json");
    for norm in ["batch_norm", "none"] {
        let (case, batch) = (&file[norm], &file["batches"][0]);
        let mut golden = Golden::new(&case["layers"], &case["parameters"], &pytorch());
        let losses = golden.train(batch, 1);
        let dx = golden.backward(batch, 1);
        let training = &case["training"];
        assert_close("row losses", &losses, &column(&training["row_losses"]), TOLERANCE);
        assert_number("loss", losses.mean().expect("rows"), &training["loss"]);
        assert_eq!(entries(&training["gradients"]).count(), entries(&case["parameters"]).count());
        for (name, value) in entries(&training["gradients"]) {
            let ours = golden.ours(name);
            let gradient = &find(golden.network.params_mut(), &ours).grad;
            assert_close(&format!("gradient of {name}"), gradient, &matrix(value), TOLERANCE);
        }
        assert_close("dx", &dx, &matrix(&training["dx"]), TOLERANCE);

        // What is between the layers; a network does not write all of it.
        let labels = labels(&batch["labels"]);
        let mut layers = unfused(&golden.specs, &golden.network, 4);
        let pass = crate::support::pass(1, &labels);
        let (acts, d_acts) = one_by_one(&mut layers, &pass, &matrix(&batch["x"]));
        for ((name, _), (y, dy)) in golden.names.iter().zip(acts.iter().zip(&d_acts).skip(1)) {
            assert_close(name, y, &matrix(&training["activations"][name]), TOLERANCE);
            assert_close(name, dy, &matrix(&training["d_activations"][name]), TOLERANCE);
        }
    }
}

#[test]
fn evaluation_with_running_statistics_agrees() {
    let file = golden("network.json");
    for norm in ["batch_norm", "none"] {
        let case = &file[norm];
        let mut golden = Golden::new(&case["layers"], &case["parameters"], &pytorch());
        golden.train(&file["batches"][0], 1);
        golden.network.update_running_stats(1);
        let batches = file["batches"].as_array().expect("a list");
        for (batch, expected) in batches.iter().zip(case["evaluation"].as_array().expect("a list")) {
            let x = matrix(&batch["x"]);
            let labels = labels(&batch["labels"]);
            let (scores, losses) = golden.network.infer(
                &ThreadPool::single(),
                x.view(),
                TargetsView::Classes(&labels),
                &mut golden.workspace,
            );
            assert_close("logits", scores, &matrix(&expected["logits"]), TOLERANCE);
            assert_close("row losses", losses, &column(&expected["row_losses"]), TOLERANCE);
            assert_number("loss", losses.mean().expect("rows"), &expected["loss"]);
        }
    }
}

#[test]
fn running_statistics_of_each_convention_agree() {
    use RunningUpdate::{Constant, Cumulative};
    use RunningVariance::{Biased, Unbiased};
    let file = golden("network.json");
    let case = &file["batch_norm"];
    for (key, running_update, running_variance, n_batches) in [
        ("initial", Constant(0.1), Unbiased, 0),
        ("unbiased_after_1", Constant(0.1), Unbiased, 1),
        ("unbiased_after_3", Constant(0.1), Unbiased, 3),
        ("biased_after_1", Constant(0.1), Biased, 1),
        ("biased_after_3", Constant(0.1), Biased, 3),
        ("cumulative_unbiased_after_3", Cumulative, Unbiased, 3),
        ("cumulative_biased_after_3", Cumulative, Biased, 3),
    ] {
        // PyTorch's cumulative mean does not count the initial statistics.
        let running_start = match running_update {
            Cumulative => RunningStart::FirstBatch,
            Constant(_) => RunningStart::Standard,
        };
        let norm = BatchNormSpec { running_start, running_update, running_variance, ..pytorch() };
        let mut golden = Golden::new(&case["layers"], &case["parameters"], &norm);
        for (step, batch) in (1..).zip(0..n_batches) {
            golden.train(&file["batches"][batch], step);
            golden.network.update_running_stats(step);
        }
        assert_eq!(entries(&case["running"][key]).count(), 4);
        golden.assert_values(key, &case["running"][key]);
    }
    assert_eq!(entries(&case["running"]).count(), 7, "every convention of the file");
}

#[test]
fn row_weights_agree() {
    let file = golden("network.json");
    let (case, batch) = (&file["weighted"], &file["batches"][1]);
    let mut golden =
        Golden::new(&file["batch_norm"]["layers"], &file["batch_norm"]["parameters"], &pytorch());
    let (labels, x, weights) = (labels(&batch["labels"]), matrix(&batch["x"]), numbers(&case["weights"]));
    let pass = PassContext { weights: Some(&weights), ..crate::support::pass(1, &labels) };
    let losses = golden.network.forward(&pass, x.view(), &mut golden.workspace);
    let loss = losses.iter().zip(&weights).map(|(loss, weight)| loss * weight).sum::<f64>() / 10.0;
    assert!((loss - number(&case["loss"])).abs() <= TOLERANCE);
    golden.network.backward(&pass, x.view(), &mut golden.workspace, None);
    for (name, value) in entries(&case["gradients"]) {
        let ours = golden.ours(name);
        let gradient = &find(golden.network.params_mut(), &ours).grad;
        assert_close(&format!("gradient of {name}"), gradient, &matrix(value), TOLERANCE);
    }
}

/// The specification of a case: the longest of `kinds` that its name begins with, with the keys of its
/// config.
fn spec<T: DeserializeOwned>(
    kinds: impl Iterator<Item = &'static str>,
    name: &str,
    config: &Map<String, Value>,
) -> T {
    let kind = kinds.filter(|kind| name.starts_with(kind)).max_by_key(|kind| kind.len());
    let mut table = config.clone();
    table.insert("type".to_owned(), kind.unwrap_or_else(|| panic!("{name} is not of a known kind")).into());
    serde_json::from_value(table.into()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn layer_spec(name: &str, case: &Value) -> LayerSpec {
    let config = case["config"].as_object().expect("a table");
    let kinds = LayerSpec::every_kind();
    spec(kinds.iter().map(LayerSpec::kind), name, config)
}

/// The layer of a case, which is 4 features wide; an affine layer has 3 outputs.
fn layer(name: &str, case: &Value) -> Box<dyn Layer<f64>> {
    let mut layer = build_layers(&[layer_spec(name, case)], 4, 3, 0).pop().expect("one layer");
    if let Value::Object(parameters) = &case["parameters"] {
        for (name, value) in parameters {
            set(layer.params_mut(), name, value);
        }
    }
    layer
}

#[test]
fn single_layers_agree() {
    let files = ["layers.json", "norms.json"].map(golden);
    for (name, case) in files.iter().flat_map(entries) {
        let mut layer = layer(name, case);
        let labels = case.get("labels").map(labels).unwrap_or_default();
        let targets = case.get("targets").map(matrix);
        let pass = match &targets {
            Some(targets) => values_pass(1, targets),
            None => crate::support::pass(1, &labels),
        };
        // A flat list means one number per row, unless the layer is as wide as that.
        let per_row = |value: &Value| if name.contains("_loss") { column(value) } else { matrix(value) };
        let x = matrix(&case["x"]);
        if name == "batch_norm_evaluation" {
            let y = infer(&*layer, &pass, &x.view());
            assert_close(name, &y, &matrix(&case["y"]), TOLERANCE);
            continue;
        }
        let (y, dx) = forward_and_backward(&mut *layer, &pass, &x, &per_row(&case["dy"]));
        assert_close(&format!("{name}: y"), &y, &per_row(&case["y"]), TOLERANCE);
        assert_close(&format!("{name}: dx"), &dx, &matrix(&case["dx"]), TOLERANCE);
        let trained = layer.params().iter().filter(|param| param.is_trained()).count();
        let gradients = case.get("gradients").map(|gradients| entries(gradients).collect::<Vec<_>>());
        assert_eq!(gradients.as_ref().map_or(0, Vec::len), trained, "{name}");
        for (tensor, value) in case.get("running").map(entries).into_iter().flatten() {
            if tensor == "running_mean" {
                layer.update_running_stats(StatsSource::LastBatch { step: 1 });
            }
            let running = &find(layer.params_mut(), tensor).value;
            assert_close(&format!("{name}: {tensor}"), running, &matrix(value), TOLERANCE);
        }
        for (tensor, value) in gradients.unwrap_or_default() {
            let gradient = &find(layer.params_mut(), tensor).grad;
            assert_close(&format!("{name}: gradient of {tensor}"), gradient, &matrix(value), TOLERANCE);
        }
    }
}

/// The weights of the affine layer are normalized, then its outputs are centered.
#[test]
fn weight_norm_with_centering_agrees() {
    let case = &golden("norm_stack.json")["weight_norm_mean_only"];
    let units = Some(3);
    let affine = AffineSpec { units, weights: WeightForm::WeightNorm, ..AffineSpec::default() };
    let mut layers = build_layers::<f64>(&[affine.into(), mean_only()], 4, 3, 0);
    for (layer, tensor) in [(0, "weight"), (0, "gain"), (1, "beta")] {
        set(layers[layer].params_mut(), tensor, &case[tensor]);
    }
    let (pass, x, dy) = (crate::support::pass(1, &[]), matrix(&case["x"]), matrix(&case["dy"]));
    let t = forward(&mut *layers[0], &pass, &x);
    let (y, dt) = forward_and_backward(&mut *layers[1], &pass, &t, &dy);
    let mut dx = Array2::zeros(x.dim());
    layers[0].backward(&pass, x.view(), t.view(), dt.view(), Some(dx.view_mut()));
    assert_close("y", &y, &matrix(&case["y"]), TOLERANCE);
    assert_close("dx", &dx, &matrix(&case["dx"]), TOLERANCE);
    for (layer, tensor) in [(0, "weight"), (0, "gain"), (1, "beta")] {
        let gradient = &find(layers[layer].params_mut(), tensor).grad;
        assert_close(tensor, gradient, &matrix(&case["gradients"][tensor]), TOLERANCE);
    }
}

/// Moments are in double precision, and so is what the rounding of a mean costs.
#[test]
fn an_offset_of_two_to_the_18_costs_no_digits_in_single_precision() {
    let single = |value: &Value| matrix(value).mapv(|x| x as f32);
    let file = golden("norms.json");
    let cases: Vec<_> = entries(&file).filter(|(name, _)| name.contains("offset")).collect();
    assert!(cases.len() > 1);
    for (name, case) in cases {
        let mut layer = build_layers::<f32>(&[layer_spec(name, case)], 4, 3, 0).pop().expect("one layer");
        for (tensor, value) in entries(&case["parameters"]) {
            let param = layer.params_mut().iter_mut().find(|param| param.name.ends_with(tensor));
            param.expect("a tensor of the layer").value = single(value);
        }
        let (x, dy) = (single(&case["x"]), single(&case["dy"]));
        let (y, dx) = forward_and_backward(&mut *layer, &crate::support::pass(1, &[]), &x, &dy);
        for (what, found, expected) in [("y", y, &case["y"]), ("dx", dx, &case["dx"])] {
            let expected = matrix(expected);
            let largest = expected.fold(0.0_f64, |largest, number| largest.max(number.abs()));
            let error =
                (found.mapv(f64::from) - expected).fold(0.0_f64, |worst, error| worst.max(error.abs()));
            assert!(error <= 1e-6 * largest, "{name}: {what} is off by {error:e}");
        }
    }
}

/// The optimiser of a case in `optimizers.json`, and its bound on the norm.
fn optimizer(name: &str, config: &Value) -> (OptimizerSpec, Option<f64>) {
    let mut config = config.as_object().expect("a table").clone();
    let clip_norm = config.remove("clip_norm").and_then(|norm| norm.as_f64());
    // PyTorch's name.
    if let Some(decay) = config.remove("alpha") {
        config.insert("decay".to_owned(), decay);
    }
    let kinds = OptimizerSpec::every_kind();
    (spec(kinds.iter().map(OptimizerSpec::kind), name, &config), clip_norm)
}

#[test]
fn ten_steps_of_each_optimizer_agree() {
    let file = golden("optimizers.json");
    for (name, case) in entries(&file["cases"]) {
        let mut golden = Golden::new(&file["layers"], &file["initial"], &pytorch());
        let (spec, clip_norm) = optimizer(name, &case["config"]);
        let mut optimizer = Optimizer::new(&spec, &golden.network);
        let steps = numbers(&case["losses"]).into_iter().zip(numbers(&case["gradient_norms"]));
        for (step, (expected_loss, expected_norm)) in (1..).zip(steps) {
            let batch = &file["batches"][if step % 2 == 1 { 0 } else { 1 }];
            let loss = golden.train(batch, step).mean().expect("rows");
            golden.backward(batch, step);
            // The norm of the file is that without decay; nothing is over an infinite bound.
            let norm = clip_by_global_norm(&mut golden.network, f64::INFINITY);
            add_l2_gradient(&mut golden.network, spec.l2());
            if let Some(max_norm) = clip_norm {
                clip_by_global_norm(&mut golden.network, max_norm);
            }
            optimizer.step(&ThreadPool::single(), &mut golden.network, step, spec.learning_rate());
            golden.network.update_running_stats(step);
            assert_number(&format!("{name}: loss of step {step}"), loss, &expected_loss.into());
            assert_number(&format!("{name}: norm of step {step}"), norm, &expected_norm.into());
        }
        golden.assert_values(name, &case["parameters"]);
        golden.assert_values(name, &case["running"]);
    }
}
