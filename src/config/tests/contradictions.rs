//! Pairs of values that do not go together and the exact message about them.

use crate::config::tests::{SHORT, check, plan, problems};
use crate::nn::{LayerSpec, Task};

#[test]
fn a_target_goes_with_losses_for_values() {
    let values = SHORT.replace("label", "target");
    assert_eq!(plan(&values, &[]).layers.last().map(LayerSpec::kind), Some("squared_loss"));
    assert_eq!(plan(&values, &["model.loss=huber_loss"]).data.task(), Task::Regression);
    assert_eq!(
        problems(&values, &["model.loss=softmax_loss"]),
        ["--set model.loss=softmax_loss: softmax_loss is for classes, but the target gives values; use \
             squared_loss or huber_loss"]
    );
    let told = SHORT.replace("label = 'y'", "columns = { a = 'target', b = 'target' }");
    assert_eq!(plan(&told, &[]).layers.last().map(LayerSpec::kind), Some("squared_loss"));
    let nothing = SHORT.replace("label = 'y'\n", "");
    assert_eq!(
        problems(&nothing, &[]),
        [
            "data (line 1): missing key `label`, a column name, or an index from 0 (-1 is the last): the column \
             with the class (or `target`, for values)"
        ]
    );
}

#[test]
fn values_that_contradict_each_other() {
    check(&[
        (
            "optimizer.nesterov=true",
            &["@optimizer.nesterov: it needs a momentum greater than 0, such as momentum = 0.9"],
        ),
        (
            "optimizer.momentun=0.9 && optimizer.nesterov=true",
            &["@optimizer.momentun: unknown key `momentun`; did you mean `momentum`?"],
        ),
        (
            "training.early_stopping={}",
            &[
                "training.early_stopping.metric (@training.early_stopping): it is measured on validation rows; set data.valid or data.valid_path",
            ],
        ),
        (
            "training.early_stopping.metric=valid_accuracy && data.valid=2",
            &["@data.valid: 2 is not allowed; it must be at least 0 and less than 1"],
        ),
        (
            "training.early_stopping.metric=valid_r2 && data.valid=0.2",
            &[
                "@training.early_stopping.metric: it is measured for values only; use the loss or the accuracy",
            ],
        ),
        (
            "model.loss=huber_loss && training.class_weights=balanced",
            &["@model.loss: huber_loss is for values, but the label gives classes; use softmax_loss or \
                 logistic_loss"],
        ),
        (
            "data.valid=0.6 && data.test=0.4",
            &["@data.test: valid + test is 1; it must be less than 1, the rest is trained on"],
        ),
        (
            "data.valid=0.6 && data.test=1.4",
            &["@data.test: 1.4 is not allowed; it must be at least 0 and less than 1"],
        ),
        (
            "data.valid=0.2 && data.valid_path=v.csv",
            &["@data.valid: valid_path is given as well; keep one of the two"],
        ),
        (
            "data.test=0.2 && data.test_path=v.csv",
            &["@data.test: test_path is given as well; keep one of the two"],
        ),
        (r#"data.ignore=["a", "y"]"#, &[r#"@data.ignore: it contains the label, "y""#]),
        (
            "data.header=false",
            &[
                r#"data.label (line 3): there is no column "y": without a header they are c0, c1, ..., unless data.column_names says otherwise"#,
            ],
        ),
        (
            r#"data.header=false && data.label=c3 && data.ignore=["a", "c1"]"#,
            &[
                r#"data.ignore[0] (@data.ignore): there is no column "a": without a header they are c0, c1, ..., unless data.column_names says otherwise"#,
            ],
        ),
        (
            "model.loss=squared_loss",
            &["@model.loss: squared_loss is for values, but the label gives classes; use softmax_loss or \
                 logistic_loss"],
        ),
        ("data.target=z", &["@data.target: data.label is given as well; learn classes or values, not both"]),
        (
            r#"data.header=false && data.column_names=["a", "y"] && data.ignore=["b"]"#,
            &[r#"data.ignore[0] (@data.ignore): there is no column "b": see data.column_names"#],
        ),
        (
            r#"data.column_names=["a", "y"]"#,
            &["@data.column_names: it is for files without header; set data.header to false"],
        ),
        (
            r#"data.quote=";" && data.delimiter=";""#,
            &["@data.quote: data.delimiter is the same character; they must differ"],
        ),
        (r#"data.comment="\"""#, &["@data.comment: data.quote is the same character; they must differ"]),
        (
            r#"data.path="-" && data.valid_path="-""#,
            &["@data.valid_path: standard input can be only one of the files"],
        ),
        (
            "training.batch_size=1",
            &["@training.batch_size: 1 is not allowed; batch norm needs at least 2 rows per batch"],
        ),
        (
            r#"training.batch_size=1 && compare.norms=["none", "mean_only"]"#,
            &["@training.batch_size: 1 is not allowed; batch norm needs at least 2 rows per batch"],
        ),
        (
            "model.init={ normal = 1e-50 }",
            &["model.init.normal (@model.init): 1e-50 is 0 in f32; set training.dtype to f64"],
        ),
        (
            "optimizer.learning_rate=1e39",
            &["@optimizer.learning_rate: 1e39 is infinite in f32; set training.dtype to f64"],
        ),
        (
            r#"compare.norms=["batch_norm", "batch_norm"]"#,
            &[r#"compare.norms[1] (@compare.norms): "batch_norm" is listed twice"#],
        ),
        (
            r#"compare.norms=["batch_norm", "none"] && model.norm=none"#,
            &[
                r#"@compare.norms: no batch_norm or mean_only layer is there for the norms to stand in for; add one, or set norms = ["none"]"#,
            ],
        ),
        (
            "model.hidden=[] && compare.seeds=2",
            &[
                r#"compare.norms (@compare.seeds): no batch_norm or mean_only layer is there for the norms to stand in for; add one, or set norms = ["none"]"#,
            ],
        ),
        ("compare.seeds=[1, 2, 1]", &["compare.seeds[2] (@compare.seeds): 1 is listed twice"]),
        (
            "compare.seeds=2 && training.seed=9223372036854775807",
            &["@compare.seeds: 2 seeds from 9223372036854775807 on go beyond the last one, 2^63 - 1"],
        ),
    ]);
}

#[test]
fn sets_that_have_no_place() {
    check(&[
        ("layers.0.units=3", &["@layers.0.units: the network is written as [model]; change its keys"]),
        ("=3", &["@: the key is missing; write it as in `optimizer.learning_rate=0.1`"]),
        (
            "data..path=3",
            &[
                "--set data..path: this is not a key; write it as in `optimizer.learning_rate` or `layers.0.units`",
            ],
        ),
        (
            "data.pa th=3",
            &[
                "--set data.pa th: this is not a key; write it as in `optimizer.learning_rate` or `layers.0.units`",
            ],
        ),
        (
            "a.a.a.a.a.a.a.a.a.a.a.a.a.a=3",
            &[
                "--set a.a.a.a.a.a.a.a.a.a.a.a.a.a: this is not a key; write it as in `optimizer.learning_rate` or `layers.0.units`",
            ],
        ),
        ("data.label=", &[r#"@data.label: there is no value; an empty text is """#]),
        (r#"data.path="x"#, &[r#"@data.path: not a TOML value: invalid basic string, expected `"`"#]),
    ]);
}

#[test]
fn a_network_is_described_once() {
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

/// Layer types, `affine 3` being one with units, and what is said about the stack.
#[test]
fn layers_have_an_order() {
    for (layers, expected) in [
        (
            "relu",
            vec![
                "layers[0] (relu, line 5): the last layer must be a loss: softmax_loss or logistic_loss for classes, squared_loss or huber_loss for values",
            ],
        ),
        (
            "affine 3, relu",
            vec![
                "layers[1] (relu, line 8): the last layer must be a loss: softmax_loss or logistic_loss for classes, squared_loss or huber_loss for values",
            ],
        ),
        (
            "softmax_loss",
            vec![
                "layers[0] (softmax_loss, line 5): softmax_loss must directly follow an affine layer without \
                 units: the scores, one for each class",
            ],
        ),
        (
            "affine 3, relu, softmax_loss",
            vec![
                "layers[2] (softmax_loss, line 10): softmax_loss must directly follow an affine layer without \
                 units: the scores, one for each class",
            ],
        ),
        (
            "affine 3, batch_norm, softmax_loss",
            vec![
                "layers[2] (softmax_loss, line 10): softmax_loss must directly follow an affine layer without \
                 units: the scores, one for each class",
            ],
        ),
        (
            "affine, softmax_loss, affine, softmax_loss",
            vec![
                "layers[0] (affine, line 5): missing key `units`; only the affine layer before the loss goes \
                 without",
                "layers[1] (softmax_loss, line 7): softmax_loss must be the last layer, and the only loss",
            ],
        ),
        (
            "affine 3, logistic_loss",
            vec![
                "layers[0].units (affine, line 7): the affine layer before the loss takes its width from the \
                 data; remove the key",
            ],
        ),
        (
            "relu, huber_loss",
            vec![
                "layers[1] (huber_loss, line 7): huber_loss is for values, but the label gives classes; use \
                 softmax_loss or logistic_loss",
                "layers[1] (huber_loss, line 7): huber_loss must directly follow an affine layer without \
                 units: the scores, one for each target",
            ],
        ),
        (
            "affine, huber_loss",
            vec![
                "layers[1] (huber_loss, line 7): huber_loss is for values, but the label gives classes; use \
                 softmax_loss or logistic_loss",
            ],
        ),
        (
            "affine, relu, affine, softmax_loss",
            vec![
                "layers[0] (affine, line 5): missing key `units`; only the affine layer before the loss goes \
                 without",
            ],
        ),
        (
            "affine 3, relu, affine 2, softmax_loss",
            vec![
                "layers[2].units (affine, line 12): the affine layer before the loss takes its width from the \
                 data; remove the key",
            ],
        ),
        (
            "affine 3, relu, affine, softmax_loss, relu",
            vec![
                "layers[3] (softmax_loss, line 12): softmax_loss must be the last layer, and the only loss",
                "layers[4] (relu, line 14): the last layer must be a loss: softmax_loss or logistic_loss for classes, squared_loss or huber_loss for values",
            ],
        ),
    ] {
        let tables: String = layers
            .split(", ")
            .map(|layer| match layer.split_once(' ') {
                Some((kind, units)) => format!("[[layers]]\ntype = '{kind}'\nunits = {units}\n"),
                None => format!("[[layers]]\ntype = '{layer}'\n"),
            })
            .collect();
        let text = SHORT.replace("[model]\nhidden = [4]\n", &tables);
        assert_eq!(problems(&text, &[]), expected, "{layers}");
    }
    // A misspelt key is not missing as well.
    let misspelt = "[[layers]]\ntype = 'affine'\nunit = 3\n[[layers]]\ntype = 'affine'\n[[layers]]\ntype = 'softmax_loss'\n";
    assert_eq!(
        problems(&SHORT.replace("[model]\nhidden = [4]\n", misspelt), &[]),
        ["layers[0] (affine, line 7): unknown key `unit`; did you mean `units`?"]
    );
}
