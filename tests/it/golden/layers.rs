//! Single layers.

use bntrain::nn::{AffineSpec, Layer, LayerSpec, StatsSource, WeightForm, build_layers, mean_only};
use ndarray::Array2;
use serde_json::Value;

use crate::golden::{TOLERANCE, spec};
use crate::support::json::{column, entries, find, golden, labels, matrix, set};
use crate::support::{assert_close, forward, forward_and_backward, infer, values_pass};

fn layer_spec(name: &str, case: &Value) -> LayerSpec {
    let config = case["config"].as_object().expect("a table");
    let kinds = LayerSpec::every_kind();
    spec(kinds.iter().map(LayerSpec::kind), name, config)
}

/// The layer of a case, which is as wide as its rows; an affine layer has 3 outputs.
fn layer(name: &str, case: &Value) -> Box<dyn Layer<f64>> {
    let width = matrix(&case["x"]).ncols();
    let mut layer = build_layers(&[layer_spec(name, case)], width, 3, 0).pop().expect("one layer");
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

/// After one batch, in the conventions of four tools; then the same rows in evaluation mode.
#[test]
fn running_statistics_agree_in_every_convention() {
    let file = golden("running.json");
    let x = matrix(&file["x"]);
    for (name, case) in entries(&file["conventions"]) {
        let spec = layer_spec("batch_norm", case);
        let mut layer = build_layers(&[spec], x.ncols(), 3, 0).pop().expect("one layer");
        for tensor in ["gamma", "beta"] {
            set(layer.params_mut(), tensor, &file[tensor]);
        }
        let pass = crate::support::pass(1, &[]);
        forward(&mut *layer, &pass, &x);
        layer.update_running_stats(StatsSource::LastBatch { step: 1 });
        for tensor in ["running_mean", "running_var"] {
            let found = &find(layer.params_mut(), tensor).value;
            assert_close(&format!("{name}: {tensor}"), found, &matrix(&case[tensor]), TOLERANCE);
        }
        assert_close(name, &infer(&*layer, &pass, &x.view()), &matrix(&case["y"]), TOLERANCE);
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
