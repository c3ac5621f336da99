//! Models and formats that the tests of this folder share.

use std::fs;

use crate::model::export::{CheckRows, Export, ExportFormat, tolerance};
use crate::model::tests::{description, network, plan};
use crate::model::{Model, to_bytes};
use crate::nn::{Norm, noise_only, tanh};
use crate::train::{Dtype, with_dtype};

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

/// A model with `norm` after its second affine layer, of six units.
fn model_with(norm: Norm, dtype: Dtype) -> Model {
    let layer = norm.layer().unwrap_or_else(tanh);
    let layer = toml::Value::try_from(layer).expect("a table").to_string();
    let [weights, dtype] = [norm.weights().name(), dtype.name()].map(|word| format!("\"{word}\""));
    let plan = plan(&[
        ("layers.3.units", "6"),
        ("layers.3.weights", &weights),
        ("layers.4", &layer),
        ("training.dtype", &dtype),
    ]);
    let bytes = with_dtype!(plan.training.dtype, F => to_bytes(&network::<F>(&plan), &description(&plan)));
    Model::from_bytes(&bytes.expect("a file")).unwrap_or_else(|error| panic!("{error}"))
}

/// A model with `norm` between the output layer and the loss.
fn model_with_norm_before_loss(norm: Norm, dtype: Dtype) -> Model {
    let layer = norm.layer().unwrap_or_else(noise_only);
    let layer = toml::Value::try_from(layer).expect("a table").to_string();
    let [weights, dtype] = [norm.weights().name(), dtype.name()].map(|word| format!("\"{word}\""));
    let layers = format!(
        "[{{ type = \"affine\", units = 4 }}, {{ type = \"relu\" }}, {{ type = \"affine\", weights = {weights} }}, \
         {layer}, {{ type = \"softmax_loss\" }}]"
    );
    let plan = plan(&[("layers", &layers), ("training.dtype", &dtype)]);
    let bytes = with_dtype!(plan.training.dtype, F => to_bytes(&network::<F>(&plan), &description(&plan)));
    Model::from_bytes(&bytes.expect("a file")).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_norm_is_exported() {
    for norm in Norm::ALL {
        for (dtype, model) in [Dtype::F32, Dtype::F64].into_iter().flat_map(|dtype| {
            [model_with(norm, dtype), model_with_norm_before_loss(norm, dtype)].map(|model| (dtype, model))
        }) {
            for format in FORMATS {
                let agreement = Export::new(&model, format).compare(&CheckRows::made_up(&model));
                let (name, limit) = (norm.name(), tolerance(dtype));
                assert!(agreement.largest_difference <= limit, "{name} {format:?}: {agreement:?}");
            }
        }
    }
}
