//! Models exported for other tools: the command, and what the files compute.
//!
//! The files are evaluated here by a small interpreter; scripts/check_export.py runs them in
//! onnxruntime and PyTorch.

mod command;
mod ensemble;
mod far_rows;
mod golden;
mod interpreter;
mod layers;
mod numbers;
mod onnx;
/// The message types of the writer. Whether they are those of ONNX is for onnxruntime to judge.
#[path = "../../../src/model/export/onnx/proto.rs"]
mod proto;
mod threshold;

use std::fs;
use std::path::PathBuf;

use ndarray::Array2;
use serde_json::Value;

use crate::support::work::Work;

/// A file of tests/golden/export.
fn golden_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/export").join(name)
}

fn golden(name: &str) -> Vec<u8> {
    fs::read(golden_path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What `bntrain export` writes for a model of tests/golden/export.
fn export(model: &str, options: &[&str]) -> Vec<u8> {
    let work = Work::new();
    let model = golden_path(&format!("{model}.model.safetensors"));
    let model = model.to_str().expect("UTF-8");
    work.ok(&[&["export", model, "-o", "exported", "--to"], options].concat());
    fs::read(work.path("exported")).expect("a file")
}

/// Rows for the models of tests/golden/export.
struct Rows {
    /// Raw numbers, `(rows, numeric columns)`; NaN where one is missing.
    numbers: Array2<f64>,
    /// Raw strings, `(rows, categorical columns)`; empty where one is missing.
    texts: Array2<String>,
    /// The network's inputs, `(rows, inputs)`.
    inputs: Array2<f64>,
}

impl Rows {
    /// The rows of `<case>.inputs.json`.
    fn golden(case: &str) -> Self {
        let rows: Value = serde_json::from_slice(&golden(&format!("{case}.inputs.json"))).expect("JSON");
        let texts = matrix(&rows["texts"], |cell| cell.as_str().expect("a string").to_owned());
        Self { numbers: numbers(&rows["numbers"]), texts, inputs: numbers(&rows["encoded"]) }
    }
}

/// A matrix of numbers; null, as JSON has no NaN, is NaN.
fn numbers(rows: &Value) -> Array2<f64> {
    matrix(rows, |cell| cell.as_f64().unwrap_or(f64::NAN))
}

fn matrix<T>(rows: &Value, cell: impl Fn(&Value) -> T) -> Array2<T> {
    let rows = rows.as_array().expect("rows");
    let cells: Vec<T> = rows.iter().flat_map(|row| row.as_array().expect("a row")).map(cell).collect();
    Array2::from_shape_vec((rows.len(), cells.len() / rows.len()), cells).expect("rows of one length")
}

/// The largest difference of two entries.
fn largest_difference(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
    assert_eq!(a.dim(), b.dim());
    // Written so that NaN is not overlooked.
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, |most, next| if next <= most { most } else { next })
}
