//! Steps of optimisers.

use bntrain::kernel::ThreadPool;
use bntrain::optim::{Optimizer, OptimizerSpec, add_l2_gradient, clip_by_global_norm};
use serde_json::Value;

use crate::golden::{Golden, assert_number, pytorch, spec};
use crate::support::json::{entries, golden, numbers};

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
