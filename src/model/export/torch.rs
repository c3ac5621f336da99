//! Models for PyTorch: a safetensors file with the tensors of an `nn.Sequential`, under its names and
//! in its orientation, and with the modules as JSON in the metadata.
//!
//! | layer | module | tensors |
//! |---|---|---|
//! | `affine` | `Linear` | `weight`, `(units, inputs)`; `bias` |
//! | `batch_norm` | `BatchNorm1d` | `weight` (gamma), `bias` (beta), `running_mean`, `running_var` |
//! | `ghost_batch_norm`, `batch_renorm` | `BatchNorm1d`, the same in evaluation | the same |
//! | `variance_only` | `BatchNorm1d`, the same in evaluation | the same, with `running_mean` 0 |
//! | `mean_only` | `BatchNorm1d` with `eps` 0 | the same, with `weight` 1 and `running_var` 1 |
//! | `noise_only` | `Identity`, the same in evaluation | none |
//! | `layer_norm`, `rms_norm`, `group_norm` | `LayerNorm`, `RMSNorm`, `GroupNorm` | `weight` (gamma), `bias` (beta) but for `RMSNorm` |
//!
//! Activations and dropout are modules without tensors. The loss is left out.

use std::collections::HashMap;

use ndarray::Array1;
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype as TensorType, TensorView};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::model::export::ir::{ExportLayer, ExportOp};
use crate::model::tensors::member_prefix;
use crate::nn::{LayerSpec, RunningUpdate};
use crate::train::Dtype;

/// The key in the metadata.
const METADATA_KEY: &str = "bntrain_export";

/// The metadata, written as JSON.
#[derive(Serialize)]
struct Document {
    modules: Vec<Module>,
    /// The number of networks, each of these modules.
    members: usize,
    /// Columns, scaling, classes.
    model: Value,
}

/// A module of `torch.nn`.
#[derive(Serialize)]
struct Module {
    #[serde(rename = "type")]
    kind: String,
    /// The arguments of its constructor.
    options: Map<String, Value>,
}

/// A tensor of a module.
struct Tensor {
    name: &'static str,
    shape: Vec<usize>,
    values: Vec<f64>,
}

/// The bytes of the file; `specs` describe the layers of each of `members`, `model` goes into the metadata. The names of
/// the tensors of further members of an ensemble begin with `member_2.` and so on.
pub(crate) fn to_bytes(
    specs: &[LayerSpec],
    members: &[Vec<ExportLayer>],
    dtype: Dtype,
    model: Value,
) -> Result<Vec<u8>, SafeTensorError> {
    let mut modules = Vec::new();
    let mut tensors = Vec::new();
    for (member, layers) in members.iter().enumerate() {
        modules.clear();
        for (index, (spec, layer)) in specs.iter().zip(layers).enumerate() {
            let (module, of_module) = convert(spec, &layer.op);
            modules.push(module);
            for Tensor { name, shape, values } in of_module {
                let name = format!("{}{index}.{name}", member_prefix(member));
                tensors.push((name, shape, bytes(&values, dtype)));
            }
        }
    }
    let kind = match dtype {
        Dtype::F32 => TensorType::F32,
        Dtype::F64 => TensorType::F64,
    };
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(kind, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()?;
    // A single entry: several would be written in a random order.
    let document = serde_json::to_string(&Document { modules, members: members.len(), model })
        .map_err(std::io::Error::from)?;
    safetensors::serialize(views, Some(HashMap::from([(METADATA_KEY.to_owned(), document)])))
}

/// The module that computes `op`, and its tensors.
fn convert(spec: &LayerSpec, op: &ExportOp) -> (Module, Vec<Tensor>) {
    let (kind, options, tensors) = match op {
        ExportOp::Affine { weight, bias } => {
            let (inputs, units) = weight.dim();
            let transposed = weight.t().iter().copied().collect();
            let mut tensors = vec![Tensor { name: "weight", shape: vec![units, inputs], values: transposed }];
            tensors.extend(bias.as_ref().map(|bias| vector("bias", bias)));
            (
                "Linear",
                json!({ "in_features": inputs, "out_features": units, "bias": bias.is_some() }),
                tensors,
            )
        }
        ExportOp::BatchNorm { gamma, beta, mean, var, eps } => {
            let affine = !matches!(spec, LayerSpec::BatchNorm(norm) if !norm.scale && !norm.shift);
            let trained =
                if affine { vec![vector("weight", gamma), vector("bias", beta)] } else { Vec::new() };
            batch_norm(spec, *eps, trained, mean, var)
        }
        ExportOp::MeanOnly { mean, beta } => {
            let ones = Array1::ones(mean.len());
            batch_norm(spec, 0.0, vec![vector("weight", &ones), vector("bias", beta)], mean, &ones)
        }
        ExportOp::RowNorm { kind, gamma, beta, eps, groups, .. } => {
            let width = gamma.len();
            let (module, options) = match *kind {
                "rms_norm" => ("RMSNorm", json!({ "normalized_shape": [width], "eps": eps })),
                "group_norm" => {
                    ("GroupNorm", json!({ "num_groups": groups, "num_channels": width, "eps": eps }))
                }
                _ => ("LayerNorm", json!({ "normalized_shape": [width], "eps": eps })),
            };
            let beta = beta.as_ref().map(|beta| vector("bias", beta));
            (module, options, std::iter::once(vector("weight", gamma)).chain(beta).collect())
        }
        ExportOp::ScaleShift { centre, scale, shift } => {
            let ones = Array1::ones(centre.len());
            batch_norm(spec, 0.0, vec![vector("weight", scale), vector("bias", shift)], centre, &ones)
        }
        ExportOp::Activation { activation, .. } => {
            let options = activation.setting.map(|setting| (setting.torch.to_owned(), json!(setting.value)));
            (activation.torch, Value::Object(options.into_iter().collect()), Vec::new())
        }
        ExportOp::Identity => match spec {
            LayerSpec::Dropout(dropout) => ("Dropout", json!({ "p": dropout.rate }), Vec::new()),
            LayerSpec::AlphaDropout(dropout) => ("AlphaDropout", json!({ "p": dropout.rate }), Vec::new()),
            _ => ("Identity", json!({}), Vec::new()),
        },
    };
    let options = options.as_object().cloned().unwrap_or_default();
    (Module { kind: kind.to_owned(), options }, tensors)
}

fn batch_norm(
    spec: &LayerSpec,
    eps: f64,
    trained: Vec<Tensor>,
    mean: &Array1<f64>,
    var: &Array1<f64>,
) -> (&'static str, Value, Vec<Tensor>) {
    let update = match spec {
        LayerSpec::BatchNorm(norm) => norm.running_update,
        LayerSpec::GhostBatchNorm(norm) => norm.running_update,
        LayerSpec::BatchRenorm(norm) => norm.running_update,
        LayerSpec::VarianceOnly(norm) => norm.running_update,
        LayerSpec::MeanOnly(norm) => norm.running_update,
        _ => RunningUpdate::Constant(0.0),
    };
    let momentum = match update {
        RunningUpdate::Constant(update) => Some(update),
        RunningUpdate::Cumulative => None,
    };
    let affine = !trained.is_empty();
    let options = json!({ "num_features": mean.len(), "eps": eps, "momentum": momentum, "affine": affine });
    let mut tensors = trained;
    tensors.extend([vector("running_mean", mean), vector("running_var", var)]);
    ("BatchNorm1d", options, tensors)
}

fn vector(name: &'static str, values: &Array1<f64>) -> Tensor {
    Tensor { name, shape: vec![values.len()], values: values.to_vec() }
}

fn bytes(values: &[f64], dtype: Dtype) -> Vec<u8> {
    match dtype {
        Dtype::F32 => values.iter().flat_map(|&value| (value as f32).to_le_bytes()).collect(),
        Dtype::F64 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    }
}
