//! Models and formats that the tests of this folder share.

use std::fs;

use crate::model::Model;
use crate::model::export::ExportFormat;
use crate::train::Dtype;

/// Every format; ONNX with and without folding.
pub(crate) const FORMATS: [ExportFormat; 4] = [
    ExportFormat::Onnx { fold: true, raw: Dtype::F64 },
    ExportFormat::Onnx { fold: false, raw: Dtype::F64 },
    ExportFormat::Safetensors,
    ExportFormat::Json,
];

/// A model of `tests/golden/export` with every layer and every kind of column: `single` (softmax,
/// f32), `double` (logistic, f64) or `values` (squared loss, f32).
pub(crate) fn golden_model(name: &str) -> Model {
    let path = format!("tests/golden/export/{name}.model.safetensors");
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    Model::from_bytes(&bytes).unwrap_or_else(|error| panic!("{path}: {error}"))
}
