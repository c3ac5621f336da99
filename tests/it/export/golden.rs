//! Exported files against onnxruntime and PyTorch, see tests/golden/README.md.

use std::fs;

use ndarray::Array2;
use prost::Message;
use serde_json::Value;

use crate::export::interpreter::Interpreter;
use crate::export::proto::ModelProto;
use crate::export::{Rows, export, golden, golden_path, largest_difference, layers, numbers};

/// Endings of the files that onnxruntime and PyTorch ran, and how they are exported.
const FILES: [(&str, &[&str]); 3] =
    [("folded.onnx", &["onnx"]), ("kept.onnx", &["onnx", "--no-fold"]), ("safetensors", &["safetensors"])];

/// The probabilities that a file gives.
fn probabilities(ending: &str, file: &[u8], rows: &Rows) -> Array2<f64> {
    match ending {
        "safetensors" => layers::probabilities(layers::of_pytorch(file), &rows.inputs),
        "json" => layers::probabilities(layers::of_json(file), &rows.inputs),
        _ => Interpreter::new(file).run(rows),
    }
}

/// A graph without its numbers, and without what changes with every version or model file.
fn structure(file: &[u8]) -> ModelProto {
    let mut model = ModelProto::decode(file).expect("an ONNX file");
    model.producer_version.clear();
    model.metadata_props.retain(|entry| entry.key != "model_sha256");
    for tensor in model.graph.iter_mut().flat_map(|graph| &mut graph.initializer) {
        tensor.raw_data = None;
    }
    model
}

#[test]
fn exported_files_compute_what_onnxruntime_and_pytorch_did() {
    for (case, limit) in [("single", 1e-6), ("double", 1e-10)] {
        let rows = Rows::golden(case);
        let answers: Value = serde_json::from_slice(&golden(&format!("{case}.answers.json"))).expect("JSON");
        for (ending, options) in FILES {
            let name = format!("{case}.{ending}");
            let now = export(case, options);
            if std::env::var_os("BNTRAIN_UPDATE_EXPORT").is_some() {
                fs::write(golden_path(&name), &now).unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            let then = golden(&name);
            let expected = numbers(&answers[ending]);
            for file in [&then, &now] {
                let difference = largest_difference(&probabilities(ending, file, &rows), &expected);
                assert!(difference <= limit, "{name}: {difference:e}");
            }
            // What was run then is what is written now.
            if ending.ends_with("onnx") {
                assert!(structure(&then) == structure(&now), "{name}; see tests/golden/README.md");
            }
        }
        let json = probabilities("json", &export(case, &["json"]), &rows);
        let difference = largest_difference(&json, &numbers(&answers["safetensors"]));
        assert!(difference <= limit, "{case} as JSON: {difference:e}");
    }
}
