//! Whole networks: passes, running statistics, row weights.

use bntrain::kernel::ThreadPool;
use bntrain::nn::{BatchNormSpec, PassContext, RunningStart, RunningUpdate, RunningVariance};
use bntrain::targets::TargetsView;

use crate::golden::{Golden, TOLERANCE, assert_number, pytorch};
use crate::support::json::{column, entries, find, golden, labels, matrix, number, numbers};
use crate::support::{assert_close, one_by_one, unfused};

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
