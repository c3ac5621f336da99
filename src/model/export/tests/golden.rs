//! The same files in onnxruntime and PyTorch, see `tests/golden/README.md`.

use std::fs;
use std::path::PathBuf;

use prost::Message;
use serde_json::{Value, json};

use crate::model::export::onnx::proto::ModelProto;
use crate::model::export::tests::*;

/// Rows that were run.
const ROWS: usize = 12;

/// Whether the files are to be written again.
fn is_update() -> bool {
    std::env::var_os("BNTRAIN_UPDATE_EXPORT").is_some()
}

fn path(name: &str) -> PathBuf {
    PathBuf::from("tests/golden/export").join(name)
}

fn read(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn write(name: &str, bytes: &[u8]) {
    fs::create_dir_all(path("")).expect("a folder");
    fs::write(path(name), bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
}

fn rows(values: &Array2<f64>) -> Value {
    // JSON has no NaN.
    let number = |value: &f64| if value.is_nan() { Value::Null } else { json!(value) };
    values.rows().into_iter().map(|row| row.iter().map(number).collect::<Value>()).collect()
}

fn matrix(value: &Value) -> Array2<f64> {
    let rows = value.as_array().expect("rows");
    let numbers =
        rows.iter().flat_map(|row| row.as_array().expect("a row")).map(|x| x.as_f64().expect("a number"));
    let numbers: Vec<f64> = numbers.collect();
    Array2::from_shape_vec((rows.len(), numbers.len() / rows.len()), numbers).expect("rows of one length")
}

/// A graph without its numbers.
fn structure(file: &[u8]) -> ModelProto {
    let mut model = ModelProto::decode(file).expect("an ONNX file");
    model.producer_version.clear();
    for tensor in model.graph.iter_mut().flat_map(|graph| &mut graph.initializer) {
        tensor.raw_data = None;
    }
    model
}

#[test]
fn onnxruntime_and_pytorch_compute_the_same() {
    for (name, model) in cases() {
        let sample = head(&Sample::made_up(&model), ROWS);
        let formats = [("folded.onnx", FOLDED), ("kept.onnx", KEPT), ("safetensors", Format::Safetensors)];
        if is_update() {
            for (ending, format) in formats {
                write(&format!("{name}.{ending}"), &export(&model, format));
            }
            let texts: Vec<Vec<&String>> =
                sample.texts.rows().into_iter().map(|row| row.into_iter().collect()).collect();
            let inputs =
                json!({ "numbers": rows(&sample.numbers), "texts": texts, "encoded": rows(&sample.encoded) });
            write(&format!("{name}.inputs.json"), inputs.to_string().as_bytes());
            continue;
        }
        let golden: Value = serde_json::from_slice(&read(&format!("{name}.answers.json"))).expect("JSON");
        let limit = crate::model::export::tolerance(model.plan.training.dtype) / 10.0;
        for (ending, format) in formats {
            let expected = matrix(&golden[ending]);
            let then = read(&format!("{name}.{ending}"));
            let now = export(&model, format);
            for file in [&then, &now] {
                let found = answers(&model, format, file, &sample);
                let distance = distance(&found, &expected);
                assert!(distance <= limit, "{name}.{ending}: {distance:e}");
            }
            // What was run then is what would be written now.
            if let Format::Onnx { .. } = format {
                assert!(structure(&then) == structure(&now), "{name}.{ending}; see tests/golden/README.md");
            }
        }
    }
}
