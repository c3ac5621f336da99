//! Keys that contradict each other.

use crate::config::tests::{SHORT, plan, problems};
use crate::data::{MAX_SKIP_FOOTER, MAX_SKIP_ROWS};
use crate::nn::{LayerSpec, Task};

#[test]
fn a_target_needs_a_loss_for_values() {
    let values = SHORT.replace("label", "target");
    assert_eq!(plan(&values, &[]).layers.last().map(LayerSpec::kind), Some("squared_loss"));
    assert_eq!(plan(&values, &["model.loss=huber_loss"]).data.task(), Task::Regression);
    assert_eq!(
        problems(&values, &["model.loss=softmax_loss"]),
        ["--set model.loss=softmax_loss: softmax_loss is for classes, but the target gives values; use \
             squared_loss or huber_loss"]
    );
    let in_columns = SHORT.replace("label = 'y'", "columns = { a = 'target', b = 'target' }");
    assert_eq!(plan(&in_columns, &[]).layers.last().map(LayerSpec::kind), Some("squared_loss"));
    let nothing = SHORT.replace("label = 'y'\n", "");
    assert_eq!(
        problems(&nothing, &[]),
        [
            "data (line 1): missing key `label`, a column name, or an index from 0 (-1 is the last): the column \
             with the class (or `target`, for values)"
        ]
    );
}

/// Options and models may skip as many lines as a config.
#[test]
fn skipped_lines_have_a_limit() {
    for (key, most) in [("skip_rows", MAX_SKIP_ROWS), ("skip_footer", MAX_SKIP_FOOTER)] {
        plan(SHORT, &[&format!("data.{key}={most}")]);
        let found = problems(SHORT, &[&format!("data.{key}={}", most + 1)]);
        assert!(found[0].contains("is not allowed"), "{found:?}");
    }
}

#[test]
fn a_range_of_weights_that_overflows_is_refused() {
    let found = problems(SHORT, &["training.dtype=f64", "model.init={ uniform = [-1e308, 1e308] }"]);
    assert!(found[0].ends_with("uniform = [-1e308, 1e308] is too wide; give a narrower range"), "{found:?}");
}

#[test]
fn a_config_has_either_a_model_or_layers() {
    let network = |text: &str| SHORT.replace("[model]\nhidden = [4]\n", text);
    assert_eq!(
        problems(&network("[model]\nhidden = [4]\n[[layers]]\ntype = 'affine'\n"), &[]),
        ["model (line 5): both [model] and [[layers]] describe the network; keep one of them",]
    );
    assert_eq!(
        problems(&network(""), &[]),
        ["top level: missing [model] or [[layers]], the description of the network"]
    );
}

/// A misspelt key is not reported as missing.
#[test]
fn a_misspelt_key_is_reported_once() {
    let misspelt = "[[layers]]\ntype = 'affine'\nunit = 3\n[[layers]]\ntype = 'affine'\n[[layers]]\ntype = 'softmax_loss'\n";
    assert_eq!(
        problems(&SHORT.replace("[model]\nhidden = [4]\n", misspelt), &[]),
        ["layers[0] (affine, line 7): unknown key `unit`; did you mean `units`?"]
    );
}
